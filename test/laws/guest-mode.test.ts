import { describe, expect, it } from 'vitest';
import { Vm } from '../../src/vm/vm.ts';
import { MIB, METHODS } from './support/configurations.ts';
import { loadCode } from './support/entry.ts';
import { dmaPlatform } from './support/platforms.ts';

// What is refused while a vCPU is in guest mode, asked for from where only a device stands, and between QUIESCED and PREPARE.

const codeOf = (action: () => unknown): string => {
  try {
    action();
    return 'ok';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
};

describe.each(METHODS)('guest mode, %s', (tracking) => {
  it('calls that need the vCPUs stopped are EBUSY in it, and only in it', () => {
    const codes: Record<string, string> = {};
    const calls: Record<string, (vm: Vm) => unknown> = {
      prepare: (vm) => vm.mt.prepareMtCp(5n),
      rearm: (vm) => vm.mt.rearmDirtyPages(),
      abort: (vm) => vm.mt.abort(),
      quiesced: (vm) => vm.mt.mtVmQuiesced(),
      memslot: (vm) => vm.setUserMemoryRegion({ slot: 0, guestPhysAddr: 0, memorySize: 0 }),
      run: (vm) => vm.runSlice(),
      fetch: (vm) => vm.mt.fetchSublist({ count: 1 }),
      trigger: (vm) => vm.mt.mtDirtyTrigger(0),
      stats: (vm) => vm.mt.stats(),
      write: (vm) => vm.writeMemory(0x5000, Uint8Array.of(1)),
    };
    const holder: { vm: Vm | null } = { vm: null };
    const vm = new Vm({
      memory: 8 * MIB,
      tracking,
      platform: () =>
        dmaPlatform(() => {
          for (const [name, call] of Object.entries(calls)) codes[name] = codeOf(() => call(holder.vm!));
        }),
    });
    holder.vm = vm;
    // out 0x42, al; hlt
    loadCode(vm, 32, [0xe6, 0x42, 0xf4]);
    vm.mt.initMt({ op: 1, maxDirty: 1000 });
    vm.mt.enableMt(1);
    expect(vm.runSlice().exit.kind).toBe('hlt');
    expect(codes).toEqual({
      prepare: 'EBUSY',
      rearm: 'EBUSY',
      abort: 'EBUSY',
      quiesced: 'EBUSY',
      memslot: 'EBUSY',
      run: 'EBUSY',
      fetch: 'ok',
      trigger: 'ok',
      stats: 'ok',
      write: 'ok',
    });
    for (const name of ['prepare', 'rearm', 'abort', 'quiesced'])
      expect(
        codeOf(() => calls[name](vm)),
        name,
      ).toBe('ok');
    expect(codeOf(() => vm.runSlice())).toBe('EBUSY');
    vm.mt.prepareMtCp(6n);
    expect(codeOf(() => vm.runSlice())).toBe('ok');
  });

  it('host-side writes between QUIESCED and PREPARE belong to the old cycle', () => {
    const vm = new Vm({ memory: 8 * MIB, tracking });
    vm.mt.initMt({ op: 1, flags: 4, maxDirty: 1000 });
    vm.mt.enableMt(1);
    vm.mt.prepareMtCp(1n);
    vm.mt.mtVmQuiesced();
    expect(vm.mt.fetchSublist({ count: 10 }).gfns).toHaveLength(0);
    vm.writeMemory(0x5000, Uint8Array.of(1));
    expect([...vm.mt.fetchSublist({ count: 10 }).gfns]).toEqual([5]);
    // Its copy may have been made already: a further write is reported again.
    vm.writeMemory(0x5000, Uint8Array.of(2));
    expect([...vm.mt.fetchSublist({ count: 10 }).gfns]).toEqual([5]);
    vm.mt.prepareMtCp(2n);
    expect(vm.mt.stats().cycle).toMatchObject({ carried: 0, lateRearmed: 1 });
  });
});
