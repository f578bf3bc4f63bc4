import { describe, expect, it } from 'vitest';
import { KvmError } from '../../src/base/errors.ts';
import { INTERNALS } from '../../src/base/internals.ts';
import { KvmCap, ManualProtect } from '../../src/dirty-log/abi.ts';
import { Vm } from '../../src/vm/vm.ts';
import { METHODS, PAGE } from '../laws/support/configurations.ts';
import { GuestMachine } from '../laws/support/guest-machine.ts';
import { codeOf } from '../mt/synthetic-machine.ts';
import { bitsOf, longsOf } from './interfaces.ts';

// KVM_GET_DIRTY_LOG, KVM_CLEAR_DIRTY_LOG and the slots' flag, call by call.

const PAGES = 200;

describe.each(METHODS)('the bitmap, %s', (tracking) => {
  const start = (logDirty = true): { machine: GuestMachine; vm: Vm; log: boolean } => {
    const machine = new GuestMachine({ tracking, pages: PAGES });
    const { vm } = machine;
    if (logDirty) flag(vm, true);
    return { machine, vm, log: logDirty };
  };
  const flag = (vm: Vm, logDirty: boolean): void => vm.setUserMemoryRegion({ ...vm.memslots[0], logDirty });
  const first = 0x400000 / PAGE;
  /** Dirty pages among those that the tests write. */
  const get = (vm: Vm): number[] => {
    const bitmap = new BigUint64Array(longsOf(vm.pageCount));
    vm.dirtyLog.getDirtyLog(0, bitmap);
    return bitsOf(bitmap)
      .filter((gfn) => gfn >= first)
      .map((gfn) => gfn - first);
  };
  const store = (machine: GuestMachine, ...pages: number[]): void =>
    void machine.stores(pages.map((page) => ({ vcpu: 0, gfn: first + page })));

  it('GET gives what was written since the last GET, once', () => {
    const { machine, vm } = start();
    expect(get(vm)).toEqual([]);
    store(machine, 3, 199, 3, 64);
    expect(get(vm)).toEqual([3, 64, 199]);
    expect(get(vm)).toEqual([]);
    store(machine, 3);
    expect(get(vm)).toEqual([3]);
  });

  it('what was written before the flag was set is not there, and host-side writes are', () => {
    const { machine, vm } = start(false);
    store(machine, 1, 2);
    flag(vm, true);
    vm.writeMemory((first + 7) * PAGE, Uint8Array.of(1));
    store(machine, 9);
    expect(get(vm)).toEqual([7, 9]);
    store(machine, 7);
    expect(get(vm)).toEqual([7]);
  });

  it('manual protection: bits stay until CLEAR names them, and only pages whose bits it cleared are armed', () => {
    const { machine, vm } = start(false);
    vm.dirtyLog.enableCap(KvmCap.MANUAL_DIRTY_LOG_PROTECT2, ManualProtect.ENABLE);
    flag(vm, true);
    store(machine, 3, 70);
    expect([get(vm), get(vm)]).toEqual([
      [3, 70],
      [3, 70],
    ]);
    const mask = new BigUint64Array(1);
    mask[0] = 1n << 3n;
    vm.dirtyLog.clearDirtyLog(0, first, 64, mask);
    expect(get(vm)).toEqual([70]);
    const misses = machine.writeMisses();
    store(machine, 70);
    expect(machine.writeMisses() - misses, 'page 70 is not armed').toBe(0);
    store(machine, 3);
    expect(get(vm)).toEqual([3, 70]);
    // Up to the slot's end, which is no multiple of 64; bits beyond it are passed over.
    const rest = vm.pageCount - first - 64;
    vm.dirtyLog.clearDirtyLog(0, first + 64, rest, new BigUint64Array(longsOf(rest)).fill(2n ** 64n - 1n));
    expect(get(vm)).toEqual([3]);
  });

  it('initially set: every page is dirty, and none armed until it is cleared', () => {
    const { machine, vm } = start(false);
    vm.dirtyLog.enableCap(KvmCap.MANUAL_DIRTY_LOG_PROTECT2, ManualProtect.ENABLE | ManualProtect.INITIALLY_SET);
    flag(vm, true);
    expect(get(vm)).toEqual(Array.from({ length: PAGES }, (_, page) => page));
    const misses = machine.writeMisses();
    store(machine, 5);
    store(machine, 5);
    // The script's page and page 5, not yet in the TLB.
    expect(machine.writeMisses() - misses).toBeLessThanOrEqual(1);
    vm.dirtyLog.clearDirtyLog(0, 0, vm.pageCount, new BigUint64Array(longsOf(vm.pageCount)).fill(2n ** 64n - 1n));
    store(machine, 5);
    expect(get(vm)).toEqual([5]);
  });

  it('the flag taken away, or the slot: no bitmap, and nothing is noticed', () => {
    const { machine, vm } = start();
    store(machine, 1);
    flag(vm, false);
    expect(codeOf(() => get(vm))).toBe('ENOENT');
    expect(vm[INTERNALS].parts.hub.enabled).toBe(false);
    flag(vm, true);
    expect(get(vm), 'begins afresh').toEqual([]);
    const bytes = { slot: 5, guestPhysAddr: 0x100000000, memorySize: 4 * PAGE, logDirty: true };
    const other = new Vm({ memory: PAGE, spareMemory: 4 * PAGE, gpaLimit: 0x200000000, tracking });
    other.setUserMemoryRegion(bytes);
    other.writeMemory(0x100000000 + 2 * PAGE, Uint8Array.of(1));
    const bitmap = new BigUint64Array(1);
    other.dirtyLog.getDirtyLog(5, bitmap);
    expect(bitmap[0]).toBe(4n);
    other.setUserMemoryRegion({ ...bytes, memorySize: 0 });
    expect(codeOf(() => other.dirtyLog.getDirtyLog(5, bitmap))).toBe('ENOENT');
    expect(other[INTERNALS].parts.hub.enabled).toBe(false);
  });

  it('refuses as KVM does, and takes nothing then', () => {
    const { machine, vm } = start();
    store(machine, 5);
    const longs = longsOf(vm.pageCount);
    const { dirtyLog } = vm;
    const clear = (slot: number, page: number, pages: number, bitmap = new BigUint64Array(longs)): string =>
      codeOf(() => dirtyLog.clearDirtyLog(slot, page, pages, bitmap));
    expect(codeOf(() => dirtyLog.getDirtyLog(0, new BigUint64Array(longs - 1)))).toBe('EFAULT');
    expect(codeOf(() => dirtyLog.getDirtyLog(1, new BigUint64Array(longs)))).toBe('ENOENT');
    expect(codeOf(() => dirtyLog.getDirtyLog(32764, new BigUint64Array(longs)))).toBe('EINVAL');
    expect(clear(0, 63, 64)).toBe('EINVAL');
    expect(clear(0, 0, 63)).toBe('EINVAL');
    expect(clear(0, 0, vm.pageCount + 1)).toBe('EINVAL');
    expect(clear(0, vm.pageCount + 64 - (vm.pageCount % 64), 0)).toBe('EINVAL');
    expect(clear(2, 0, 64)).toBe('ENOENT');
    expect(clear(0, 0, 128, new BigUint64Array(1))).toBe('EFAULT');
    expect(clear(0, 0, 0)).toBe('ok');
    expect(codeOf(() => dirtyLog.ring(0))).toBe('EINVAL');
    expect(codeOf(() => dirtyLog.resetDirtyRings())).toBe('EINVAL');
    expect(codeOf(() => vm.setUserMemoryRegion({ ...vm.memslots[0], memorySize: PAGE, logDirty: true }))).toBe('EEXIST');
    expect(get(vm)).toEqual([5]);
  });
});

describe('a machine without a tracking method', () => {
  it('has no dirty log: ENXIO, and the slot stays as it is', () => {
    const vm = new Vm({ memory: 4 * PAGE, spareMemory: PAGE, gpaLimit: 16 * PAGE });
    const added = { slot: 3, guestPhysAddr: 8 * PAGE, memorySize: PAGE, logDirty: true };
    expect(() => vm.setUserMemoryRegion({ ...vm.memslots[0], logDirty: true })).toThrow(KvmError);
    expect(codeOf(() => vm.setUserMemoryRegion(added))).toBe('ENXIO');
    expect(vm.memslots.map(({ slot, logDirty }) => [slot, logDirty])).toEqual([[0, false]]);
    expect(vm.dirtyLog.checkExtension(KvmCap.DIRTY_LOG_RING)).toBe(0);
    expect(codeOf(() => vm.dirtyLog.enableCap(KvmCap.DIRTY_LOG_RING, 4096))).toBe('EINVAL');
  });
});
