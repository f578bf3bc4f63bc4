// A machine as one piece of bytes: the container of a checkpoint's base, so that whatever reads those reads it too.

import { requireBytes, shown } from '../base/arguments.ts';
import { InputError } from '../base/errors.ts';
import { decodeBase, encodeBase } from '../checkpoint/checkpoint-file.ts';
import { enterState, refusingMalformed, tryState } from '../checkpoint/rebuild.ts';
import { describeMachine } from '../checkpoint/store.ts';
import type { BaseCheckpoint, MachineDescription } from '../checkpoint/store.ts';
import { bytesSource } from '../snapshot/format.ts';
import { copyMemory } from '../snapshot/memory-image.ts';
import { packBlocks } from '../base/blocks.ts';
import { defaultMemslots } from '../vm/config.ts';
import type { VmState } from '../vm/save.ts';
import type { Vm } from '../vm/vm.ts';
import { Disk } from './bios/disk.ts';
import type { DiskImage } from './bios/disk.ts';

/** What messages call a snapshot. */
const SNAPSHOT = 'snapshot';

/** The bytes of `vm` with the disk that it was booted from. Errors as `Pc.snapshot`. */
export function takeSnapshot(vm: Vm, disk: DiskImage | null): Uint8Array {
  requireConfiguredMemory(vm);
  // Before memory is copied, since a device may write guest memory when it is saved.
  const state = vm.saveCore();
  const pieces = encodeBase({
    machine: describeMachine(vm),
    state,
    pages: copyMemory(vm),
    blocks: new Map([...(vm.platform?.blocks ?? [])].map(([name, store]) => [name, store.save()])),
    hash: null,
    ...(disk ? { disk: { name: disk.name, kind: disk.kind ?? new Disk(disk).kind, bytes: disk.bytes } } : {}),
  });
  return joined([...pieces]);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** The snapshot in parts. InputError, one line, for bytes that are none, or damaged. */
export function readSnapshot(snapshot: Uint8Array): BaseCheckpoint {
  requireBytes('snapshot', snapshot);
  return decodeBase(bytesSource(SNAPSHOT, snapshot));
}

/** Makes `vm` the machine of the snapshot. Errors as `Pc.restore`. */
export function loadSnapshot(vm: Vm, snapshot: Uint8Array): void {
  enterSnapshot(vm, readSnapshot(snapshot));
}

/** The same for one that was read. */
export function enterSnapshot(vm: Vm, { machine, state, pages, blocks }: BaseCheckpoint): void {
  requireSameMachine(describeMachine(vm), machine);
  requireConfiguredMemory(vm);
  const whole: VmState = { ...state, blocks: Object.fromEntries([...blocks].map(([name, image]) => [name, packBlocks(image)])) };
  refusingMalformed(SNAPSHOT, () => tryState(vm, { state: whole, pages }));
  enterState(vm, { state: whole, pages });
}

/** InputError for the first field in which the configurations differ. */
export function requireSameMachine(ours: MachineDescription, theirs: MachineDescription): void {
  for (const key of ['memory', 'vcpus', 'quantum', 'nsPerTick', 'rom'] as const) {
    const [here, there] = [ours[key] ?? 0, theirs[key] ?? 0];
    if (here !== there) throw new InputError(`the snapshot is of a machine with ${key} ${there}, and this one has ${shown(here)}`);
  }
}

/** A snapshot says of memory how much there is, not where. */
function requireConfiguredMemory(vm: Vm): void {
  const { memory, rom = 0 } = vm.config;
  const text = (slots: readonly { readonly guestPhysAddr: number; readonly memorySize: number }[]): string =>
    slots
      .map(({ guestPhysAddr, memorySize }) => `${guestPhysAddr}+${memorySize}`)
      .sort()
      .join();
  if (text(vm.memslots) === text(defaultMemslots(memory, rom))) return;
  throw new InputError("a snapshot is of the configuration's memory alone, and memslots of this machine were added or deleted");
}
