// `tidemark run`: from the options to a machine with its image loaded.

import { InputError } from '../../base/errors.ts';
import { loadImage } from '../../boot/image.ts';
import type { BootOptions, EntryState } from '../../boot/target.ts';
import { bootTarget, enter } from '../../boot/vm-target.ts';
import { createPc } from '../../machine/pc.ts';
import type { Vm } from '../../vm/vm.ts';
import { runSession } from '../guest/session.ts';
import { readInputFile } from '../input-file.ts';
import type { CliIo } from '../io.ts';
import type { RunOptions } from './run.ts';

/** Runs the guest; returns the exit status. Throws InputError, KvmError and system errors for what the user can mend. */
export async function runGuest(options: RunOptions, io: CliIo): Promise<number> {
  const path = (options.image ?? options.kernel)!;
  const bytes = readInputFile(path, options.image === null ? 'kernel' : 'image');
  const boot: BootOptions = {
    append: options.append,
    modules: options.module.map((name) => ({ name, bytes: readInputFile(name, 'module') })),
    ...(options.initrd === null ? {} : { initrd: { name: options.initrd, bytes: readInputFile(options.initrd, 'initrd') } }),
    ...(options.at === null ? {} : { at: options.at }),
  };
  return runSession(options, io, (sinks) => {
    const { memory, cpus, engine, tracking, verify } = options;
    const pc = createPc({ memory, vcpus: cpus, engine, tracking, verify, ...sinks });
    load(pc.vm, path, bytes, boot, options.enterAll);
    return pc;
  });
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
