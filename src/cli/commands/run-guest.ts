// `tidemark run`: from the options to a machine with its image loaded, its disk ready to boot, or its firmware in place.

import { basename } from 'node:path';
import { InputError } from '../../base/errors.ts';
import { loadImage, recogniseImage } from '../../boot/image.ts';
import type { BootOptions, EntryState } from '../../boot/target.ts';
import { bootTarget, enter } from '../../boot/vm-target.ts';
import { Placement } from '../../boot/placement.ts';
import type { FirmwareImage } from '../../machine/firmware-image.ts';
import { createPc } from '../../machine/pc.ts';
import type { Pc } from '../../machine/pc.ts';
import type { Vm } from '../../vm/vm.ts';
import { runSession } from '../guest/run-session.ts';
import type { GuestSinks } from '../guest/session.ts';
import { bootDisk } from '../boot-disk.ts';
import { debugExitAt } from '../debug-exit-port.ts';
import type { DiskImage } from '../../machine/bios/disk.ts';
import { readInputFile } from '../input-file.ts';
import type { CliIo } from '../io.ts';
import { recorderFor } from '../record/recorder.ts';
import type { Tape } from '../record/tape.ts';
import { SESSION_OPTIONS } from '../session-options.ts';
import type { RunOptions } from './run.ts';

/** Runs the guest; returns the exit status. Throws InputError, KvmError and system errors for what the user can mend. */
export async function runGuest(
  options: RunOptions,
  io: CliIo,
  tape: Tape | null = recorderFor(options.record, 'run', options, SESSION_OPTIONS),
): Promise<number> {
  if (options.bios !== null) return runFirmware(options, options.bios, io, tape);
  const { path, what } = mainFile(options);
  const located = tape?.locate(path) ?? path;
  const read = reader(tape);
  const bytes = read(path, what);
  const boot: BootOptions = {
    asKernel: options.kernel !== null,
    append: options.append,
    modules: options.module.map((name) => ({ name, bytes: read(name, 'module') })),
    ...(options.initrd === null ? {} : { initrd: { name: options.initrd, bytes: read(options.initrd, 'initrd') } }),
    ...(options.at === null ? {} : { at: options.at }),
  };
  const disk = diskOf(options, located, bytes);
  const build = (sinks: GuestSinks): Pc => {
    const { memory, cpus, clock, engine, tracking, verify, debugExit } = options;
    const devices = debugExitAt(debugExit, () => pc.vm);
    const pc: Pc = createPc({
      memory,
      vcpus: cpus,
      nsPerTick: clock,
      engine,
      tracking,
      verify,
      devices,
      ...(disk ? { disk } : {}),
      ...sinks,
    });
    if (!disk) load(pc.vm, path, bytes, boot, options.enterAll);
    return pc;
  };
  return runSession(options, io, { build, tape, image: disk ? null : { name: path, bytes }, name: basename(path) });
}

/** Reads input files from where the tape says that they lie. */
const reader =
  (tape: Tape | null): typeof readInputFile =>
  (path, what) =>
    readInputFile(tape?.locate(path) ?? path, what);

/** A machine that starts its firmware; IMAGE, if there is one, lies in its memory. */
async function runFirmware({ image, at, optionRom, ...options }: RunOptions, bios: string, io: CliIo, tape: Tape | null): Promise<number> {
  const read = reader(tape);
  const firmware: FirmwareImage = {
    name: bios,
    bytes: read(bios, 'firmware'),
    optionRoms: optionRom.map((name) => ({ name, bytes: read(name, 'expansion ROM') })),
  };
  const bytes = image === null ? null : read(image, 'image');
  const build = (sinks: GuestSinks): Pc => {
    const { memory, cpus, clock, engine, tracking, verify, debugExit } = options;
    const devices = debugExitAt(debugExit, () => pc.vm);
    const pc: Pc = createPc({ memory, vcpus: cpus, nsPerTick: clock, engine, tracking, verify, devices, firmware, ...sinks });
    if (bytes && image !== null) {
      const target = bootTarget(pc.vm);
      const placement = new Placement(image, target);
      placement.claim('image', at!, bytes.length);
      placement.fill(at!, bytes, bytes.length);
    }
    return pc;
  };
  return runSession(options, io, { build, tape, name: basename(bios) });
}

/** The one file that says what runs. */
function mainFile({ image, kernel, disk, floppy }: RunOptions): { readonly path: string; readonly what: string } {
  if (image !== null) return { path: image, what: 'image' };
  if (kernel !== null) return { path: kernel, what: 'kernel' };
  return { path: (disk ?? floppy)!, what: disk === null ? 'diskette' : 'disk' };
}

/** The file as a disk if it is to be booted as one, else null. InputError for options that such a guest could not be given. */
function diskOf(
  { kernel, disk, floppy, at, append, initrd, module, enterAll }: RunOptions,
  path: string,
  bytes: Uint8Array,
): DiskImage | null {
  const isAsked = disk !== null || floppy !== null;
  if (!isAsked && (kernel !== null || at !== null || recogniseImage(bytes) !== 'boot-sector')) return null;
  const options = { '--append': append !== '', '--initrd': initrd !== null, '--module': module.length > 0, '--enter-all': enterAll };
  const senseless = Object.entries(options).find(([, isGiven]) => isGiven);
  if (senseless) throw new InputError(`${path}: ${senseless[0]} means nothing to a boot sector`);
  return bootDisk(path, bytes, disk !== null ? 'fixed' : floppy !== null ? 'diskette' : null);
}

/** Loads the image; with `enterAll` every vCPU starts where vCPU 0 does, RSI telling it its index. */
function load(vm: Vm, path: string, bytes: Uint8Array, boot: BootOptions, enterAll: boolean): void {
  const target = bootTarget(vm);
  const setEntry = (state: EntryState): void => {
    if (state.gpr.rsi !== undefined) throw new InputError(`--enter-all puts an index into RSI, where '${path}' looks for boot_params`);
    vm.vcpus.forEach((_, index) => enter(vm, { ...state, gpr: { ...state.gpr, rsi: index } }, index));
  };
  loadImage(path, bytes, enterAll ? { ...target, setEntry } : target, boot);
}
