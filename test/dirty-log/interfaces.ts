// KVM's dirty-page interfaces as their users drive them: each way gives the pages of the logged slots that are dirty, and arms them.

import { KvmCap, ManualProtect } from '../../src/dirty-log/abi.ts';
import { DirtyRingReader } from '../../src/dirty-log/ring.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { PAGE } from '../laws/support/configurations.ts';

/** get: KVM_GET_DIRTY_LOG alone; clear: with KVM_CLEAR_DIRTY_LOG, a part at a time; ring: rings, and bitmaps for the host's writes. */
export const INTERFACES = ['get', 'clear', 'ring'] as const;
export type InterfaceName = (typeof INTERFACES)[number];

export interface DirtyInterface {
  /** GFNs that are dirty; each page is armed again. Throws if an answer is not as KVM gives it. */
  collect(): number[];
  /** GFNs as they lie in the rings or bitmaps, without taking anything. */
  readonly name: InterfaceName;
}

export const bitsOf = (bitmap: BigUint64Array): number[] =>
  [...bitmap].flatMap((word, n) =>
    Array.from({ length: 64 }, (_, bit) => bit)
      .filter((bit) => (word >> BigInt(bit)) & 1n)
      .map((bit) => n * 64 + bit),
  );

export const longsOf = (pages: number): number => Math.ceil(pages / 64);

interface Slot {
  readonly slot: number;
  readonly guestPhysAddr: number;
  readonly memorySize: number;
}

/** Starts logging the memslots `slots` of `vm`, which are there, by interface `name`. `ringBytes`: of each vCPU's ring. */
export function startLogging(vm: Vm, name: InterfaceName, slots: readonly number[], ringBytes = 1 << 16): DirtyInterface {
  const { dirtyLog } = vm;
  if (name === 'clear') dirtyLog.enableCap(KvmCap.MANUAL_DIRTY_LOG_PROTECT2, ManualProtect.ENABLE);
  if (name === 'ring') {
    dirtyLog.enableCap(KvmCap.DIRTY_LOG_RING_ACQ_REL, ringBytes);
    dirtyLog.enableCap(KvmCap.DIRTY_LOG_RING_WITH_BITMAP);
  }
  const logged = vm.memslots.filter(({ slot }) => slots.includes(slot));
  for (const slot of logged) vm.setUserMemoryRegion({ ...slot, logDirty: true });
  const readers = name === 'ring' ? vm.vcpus.map(({ index }) => new DirtyRingReader(dirtyLog.ring(index))) : [];
  return {
    name,
    collect: () =>
      [...new Set([...fromRings(vm, readers, logged), ...logged.flatMap((slot) => fromBitmap(vm, slot, name))])].sort((a, b) => a - b),
  };
}

function fromRings(vm: Vm, readers: readonly DirtyRingReader[], logged: readonly Slot[]): number[] {
  if (readers.length === 0) return [];
  // What the hardware has logged for vCPUs out of guest mode is in the rings already.
  const entries = readers.flatMap((reader) => reader.harvest());
  const reset = vm.dirtyLog.resetDirtyRings();
  if (reset !== entries.length) throw new Error(`${entries.length} entries were harvested, ${reset} reset`);
  return entries.map(({ slot, offset }) => {
    const at = logged.find((each) => each.slot === slot);
    if (!at || offset >= at.memorySize / PAGE) throw new Error(`a ring names page ${offset} of slot ${slot}`);
    return at.guestPhysAddr / PAGE + offset;
  });
}

function fromBitmap(vm: Vm, { slot, guestPhysAddr, memorySize }: Slot, name: InterfaceName): number[] {
  const pages = memorySize / PAGE;
  const bitmap = new BigUint64Array(longsOf(pages));
  vm.dirtyLog.getDirtyLog(slot, bitmap);
  const dirty = bitsOf(bitmap);
  if (dirty.some((page) => page >= pages)) throw new Error(`bits beyond the end of slot ${slot}`);
  if (name === 'clear') {
    const half = 64 * Math.floor(pages / 128);
    vm.dirtyLog.clearDirtyLog(slot, 0, half, bitmap);
    vm.dirtyLog.clearDirtyLog(slot, half, pages - half, bitmap.subarray(half / 64));
  }
  return dirty.map((page) => guestPhysAddr / PAGE + page);
}
