import { describe, expect, it } from 'vitest';
import { LostWriteError } from '../../src/mt/shadow.ts';
import { SyntheticMachine } from './synthetic-machine.ts';

const store = (gfn: number, value = 1, offset = 0) => ({ vcpu: 0, gfn, value, offset });

function rig(): SyntheticMachine {
  return new SyntheticMachine({ verify: true }).track();
}

/** The error of the next quiesce. */
function lost(machine: SyntheticMachine): LostWriteError | null {
  try {
    machine.mt.mtVmQuiesced();
    return null;
  } catch (error) {
    if (error instanceof LostWriteError) return error;
    throw error;
  }
}

describe('the lost-write oracle', () => {
  it('names page, cycle and first differing byte of a write behind the door', () => {
    const machine = rig();
    machine.page(5)[9] = 7;
    machine.mt.enableMt(0);
    machine.mt.enableMt(1);
    machine.mt.prepareMtCp(33n);
    machine.page(5)[200] = 1;
    machine.page(5)[100] = 0xab;
    const error = lost(machine);
    expect(error).toMatchObject({ gfn: 5, cycle: 33n, offset: 100, expected: 0, actual: 0xab });
    expect(error?.message).toMatch(/page 5 .*cycle 33.*byte 100/);
  });

  it('is silent when everything was reported: waiting, fetched, re-armed or not', () => {
    const machine = rig();
    machine.stores([store(1), store(2), store(3)]);
    machine.mt.fetchSublist({ count: 1 });
    machine.mt.fetchSublist({ count: 1, rearm: true });
    machine.hostWrite(4, 0, 1);
    machine.stores([store(1, 5), store(2, 5)]);
    expect(lost(machine)).toBeNull();
    machine.fetchAll();
    machine.mt.prepareMtCp(1n);
    expect(lost(machine)).toBeNull();
  });

  it('holds a page re-armed in the cycle to the bytes it had when it was fetched', () => {
    const machine = rig();
    machine.stores([store(2)]);
    machine.mt.fetchSublist({ count: 1, rearm: true });
    machine.page(2)[0] = 77;
    expect(lost(machine)).toMatchObject({ gfn: 2, offset: 0, expected: 1, actual: 77 });
  });

  it('counts reported pages that had not changed', () => {
    const machine = rig();
    machine.stores([store(1, 0), store(2, 9)]);
    machine.fetchAll();
    expect(lost(machine)).toBeNull();
    expect(machine.mt.stats().verify).toEqual({ compared: 1, reported: 2, unchanged: 1 });
  });

  it('knows pages without a memslot', () => {
    const machine = rig();
    machine.stores([store(1)]);
    machine.mt.slotDeleted(0, 4);
    machine.arming.backed.fill(0, 0, 4);
    expect(lost(machine)).toBeNull();
    machine.mt.prepareMtCp(1n);
    machine.page(1)[5] = 5;
    machine.arming.backed.fill(1, 0, 4);
    machine.mt.slotAdded(0, 4);
    expect(lost(machine)).toBeNull();
    expect(machine.fetchAll()).toEqual([0, 1, 2, 3]);
  });

  it('is off unless asked for', () => {
    const machine = new SyntheticMachine().track();
    machine.page(1)[0] = 1;
    machine.mt.mtVmQuiesced();
    expect(machine.mt.stats().verify).toBeNull();
  });
});
