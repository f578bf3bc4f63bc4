import { describe, expect, it } from 'vitest';
import { EPT_A, EPT_D } from '../../src/mmu/ept-entry.ts';
import { EptAccess, EptOrigin, EptOutcome, EptResult, eptAccess } from '../../src/mmu/ept-walk.ts';
import { Access } from '../../src/mmu/access.ts';
import { GIB, MIB, machine } from './support.ts';
import type { TestMachine } from './support.ts';

/** One access of the processor, without the handlers of its exits. */
function rawAccess(m: TestMachine, gpa: number, access: number) {
  return eptAccess(m.memory.u32, m.physical.views.eptp, gpa, access, EptOrigin.FINAL_PAGE, m.physical.views.pmls[0]!, new EptResult());
}

const tracking = (): TestMachine => {
  const m = machine({ method: 'pml', ram: 4 * MIB });
  m.tracking.enable();
  return m;
};
const logEntry = (m: TestMachine, index: number): bigint => m.memory.view.getBigUint64(m.plan.pml!.offset + 8 * index, true);

describe('page-modification logging', () => {
  it('writes the page to the entry of the index, and counts down', () => {
    const m = tracking();
    expect(m.states[0]!.pmlIndex[0]).toBe(511);
    rawAccess(m, 0x5678, EptAccess.WRITE);
    rawAccess(m, 0x3abc, EptAccess.WRITE);
    rawAccess(m, 0x5000, EptAccess.WRITE);
    expect(m.states[0]!.pmlIndex[0]).toBe(509);
    expect([logEntry(m, 511), logEntry(m, 510)]).toEqual([0x5000n, 0x3000n]);
  });

  it('knows how full it was at its fullest drain since it was last asked', () => {
    const m = tracking();
    const [pml] = m.physical.views.pmls;
    const sink = { guestDirty: () => {}, hostDirty: () => {}, pmlAppended: () => {} };
    const writes = (pages: readonly number[]): void => pages.forEach((page) => rawAccess(m, page * 4096, EptAccess.WRITE));
    writes([1, 2, 3]);
    pml!.drain(sink);
    writes([4]);
    pml!.drain(sink);
    writes([5, 6]);
    expect([pml!.takeFullest(), pml!.takeFullest()]).toEqual([3, 0]);
    pml!.drain(sink);
    expect(pml!.takeFullest()).toBe(2);
  });

  it('does not log reads', () => {
    const m = tracking();
    rawAccess(m, 0x5000, EptAccess.READ);
    expect(m.states[0]!.pmlIndex[0]).toBe(511);
    expect(m.physical.views.ept.leafOf(5) & EPT_D).toBe(0);
  });

  it('takes no exit when it writes entry 0, wraps to 0xFFFF, and exits at the next access that needs a flag', () => {
    const m = tracking();
    for (let page = 0; page < 512; page++) expect(rawAccess(m, page * 4096, EptAccess.WRITE)).toBe(EptOutcome.OK);
    expect(m.states[0]!.pmlIndex[0]).toBe(0xffff);
    expect(logEntry(m, 0)).toBe(511n * 4096n);
    expect(rawAccess(m, 0, EptAccess.WRITE), 'no flag to set').toBe(EptOutcome.OK);
    expect(rawAccess(m, 600 * 4096, EptAccess.READ), 'a read that needs A').toBe(EptOutcome.PML_FULL);
    expect(rawAccess(m, 600 * 4096, EptAccess.WRITE)).toBe(EptOutcome.PML_FULL);
    expect(m.physical.views.ept.leafOf(600) & (EPT_A | EPT_D), 'the flag is not set').toBe(0);
    expect(m.states[0]!.pmlIndex[0]).toBe(0xffff);
  });

  it.each([512, 513, 0x8000, 0xffff])('index %i is outside of 0 to 511: full', (index) => {
    const m = tracking();
    m.states[0]!.pmlIndex[0] = index;
    expect(rawAccess(m, 0, EptAccess.READ)).toBe(EptOutcome.PML_FULL);
  });

  it('does not log a page whose D bit software set beforehand', () => {
    const m = tracking();
    m.physical.views.ept.edit(7, EPT_D, 0);
    rawAccess(m, 7 * 4096, EptAccess.WRITE);
    expect(m.states[0]!.pmlIndex[0]).toBe(511);
  });

  it('logs addresses above 4 GiB whole', () => {
    const gfnLimit = (4 * GIB + MIB) / 4096;
    const m = machine({ method: 'pml', ram: MIB, gfnLimit, slots: false });
    m.physical.addMemslot({ slot: 0, guestPhysAddr: 4 * GIB, memorySize: MIB });
    m.tracking.enable();
    rawAccess(m, 4 * GIB + 0x5123, EptAccess.WRITE);
    expect(logEntry(m, 511)).toBe(0x100005000n);
    m.tracking.drain(0);
    expect(m.sink.take()).toEqual([[0, 0x100005]]);
  });
});

describe('the handlers of PML', () => {
  it('drain in write order and reset the index', () => {
    const m = tracking();
    for (const page of [9, 3, 700, 4, 3]) m.vcpus[0]!.translate(page * 4096, Access.WRITE, 0);
    expect(m.sink.calls).toEqual([
      ['pml', 0, 1],
      ['pml', 0, 2],
      ['pml', 0, 3],
      ['pml', 0, 4],
    ]);
    m.tracking.drain(0);
    expect(m.sink.take()).toEqual([
      [0, 9],
      [0, 3],
      [0, 700],
      [0, 4],
    ]);
    expect(m.states[0]!.pmlIndex[0]).toBe(511);
    m.tracking.drain(0);
    expect(m.sink.take()).toEqual([]);
  });

  it('drain a full buffer and try the access again, reads included', () => {
    const m = tracking();
    const mmu = m.vcpus[0]!;
    for (let page = 0; page < 512; page++) mmu.translate(page * 4096, Access.WRITE, 0);
    expect(mmu.counters.pmlFull).toBe(0);
    expect(m.sink.take()).toEqual([]);
    expect(mmu.translate(600 * 4096, Access.READ, 0)).toBe(m.physical.hostOffset(600 * 4096));
    expect(mmu.counters.pmlFull).toBe(1);
    expect(m.sink.take()).toEqual(Array.from({ length: 512 }, (_, page) => [0, page]));
  });

  it('report nothing while tracking is off, and EPT A/D bits are off then', () => {
    const m = machine({ method: 'pml' });
    const mmu = m.vcpus[0]!;
    mmu.translate(0x5000, Access.WRITE, 0);
    expect(m.physical.views.accessedDirty).toBe(false);
    m.tracking.enable();
    m.tracking.disable();
    expect(m.physical.views.accessedDirty).toBe(false);
    expect(m.physical.views.ept.leafOf(5) & EPT_D, 'disabling sets D').toBe(EPT_D);
    mmu.translate(0x6000, Access.WRITE, 0);
    m.tracking.drain(0);
    expect(m.sink.calls).toEqual([]);
  });

  it('each vCPU has a buffer of its own', () => {
    const m = machine({ method: 'pml', vcpus: 2 });
    m.tracking.enable();
    m.vcpus[0]!.translate(0x5000, Access.WRITE, 0);
    m.vcpus[1]!.translate(0x6000, Access.WRITE, 0);
    m.vcpus[1]!.translate(0x5000, Access.WRITE, 0);
    m.tracking.drain(1);
    m.tracking.drain(0);
    expect(m.sink.take()).toEqual([
      [1, 6],
      [0, 5],
    ]);
  });
});
