import { describe, expect, it } from 'vitest';
import { KvmError } from '../../src/base/errors.ts';
import { LinearMemory } from '../../src/base/linear-memory.ts';
import { Access, TlbContext } from '../../src/mmu/access.ts';
import { attachArming } from '../../src/mmu/attach.ts';
import { addListener, requireInvariant, runHubModel, storeTo } from './hub-model.ts';
import type { Listener } from './hub-model.ts';
import { MIB, RecordingSink, machine } from './support.ts';
import type { TestMachine } from './support.ts';

// Several consumers over one tracking method, each with its own arming.

const { READ } = Access;
const { SUPERVISOR } = TlbContext;

const METHODS = ['write-protect', 'pml'] as const;

/** What the consumer was told since the last look. */
function heard(m: TestMachine, { sink }: Listener): unknown[] {
  m.hub.drainAll();
  return sink.take();
}

describe.each(METHODS)('the hub, %s', (method) => {
  const withTwo = (vcpus = 1): { m: TestMachine; a: Listener; b: Listener } => {
    const m = machine({ method, vcpus });
    return { m, a: { arming: m.tracking, sink: m.sink }, b: addListener(m) };
  };

  it('who has armed a page hears of its first store, once, with the vCPU; the others do not', () => {
    const { m, a, b } = withTwo(2);
    a.arming.enable();
    b.arming.start();
    b.arming.rearm([5, 6], 2);
    for (const gfn of [4, 5, 5]) storeTo(m, gfn, 1);
    expect(heard(m, a)).toEqual([
      [1, 4],
      [1, 5],
    ]);
    expect(heard(m, b)).toEqual([[1, 5]]);
  });

  it('arming by one is not arming by the other', () => {
    const { m, a, b } = withTwo();
    a.arming.enable();
    b.arming.enable();
    storeTo(m, 7);
    expect([heard(m, a), heard(m, b)]).toEqual([[[0, 7]], [[0, 7]]]);
    a.arming.rearm([7], 1);
    storeTo(m, 7);
    expect([heard(m, a), heard(m, b)]).toEqual([[[0, 7]], []]);
    b.arming.rearm([7], 1);
    storeTo(m, 7);
    expect([heard(m, a), heard(m, b)]).toEqual([[], [[0, 7]]]);
  });

  it('a store that came before an arming is not told as one after it, though nobody had collected it', () => {
    const { m, a, b } = withTwo();
    a.arming.enable();
    b.arming.start();
    storeTo(m, 9);
    b.arming.rearm([9], 1);
    expect([heard(m, a), heard(m, b)]).toEqual([[[0, 9]], []]);
    storeTo(m, 9);
    expect([heard(m, a), heard(m, b)]).toEqual([[], [[0, 9]]]);
  });

  it('who starts later arms what others have heard of already, and hears of no earlier store', () => {
    const { m, a, b } = withTwo();
    a.arming.enable();
    storeTo(m, 3);
    b.arming.enable();
    storeTo(m, 3);
    storeTo(m, 4);
    expect(heard(m, a)).toEqual([
      [0, 3],
      [0, 4],
    ]);
    expect(heard(m, b)).toEqual([
      [0, 3],
      [0, 4],
    ]);
  });

  it('tracking is on while anyone has started; who stops is not told any more', () => {
    const { m, a, b } = withTwo();
    a.arming.enable();
    b.arming.enable();
    storeTo(m, 1);
    a.arming.disable();
    expect(m.hub.enabled).toBe(true);
    expect(heard(m, a), 'what was stored before').toEqual([[0, 1]]);
    storeTo(m, 2);
    m.hub.drainAll();
    m.physical.fillHost(0x3000, 1, 1);
    expect(heard(m, a)).toEqual([]);
    expect(heard(m, b)).toEqual([
      [0, 1],
      [0, 2],
      ['host', 3],
    ]);
    requireInvariant(m, method);
    b.arming.disable();
    expect(m.hub.enabled).toBe(false);
    const misses = (): number => m.vcpus[0]!.counters.writeMisses;
    for (const gfn of [1, 4]) storeTo(m, gfn);
    const before = misses();
    for (const gfn of [1, 4]) storeTo(m, gfn);
    expect(misses()).toBe(before);
  });

  it('pages that nobody has armed cost no miss', () => {
    const { m, a } = withTwo();
    a.arming.start();
    a.arming.armRange(16, 4);
    for (let gfn = 0; gfn < 40; gfn++) storeTo(m, gfn);
    const { counters } = m.vcpus[0]!;
    const exits = counters.eptViolations + counters.pmlFull;
    expect(heard(m, a)).toEqual([16, 17, 18, 19].map((gfn) => [0, gfn]));
    expect(exits).toBe(method === 'pml' ? 0 : 4);
    a.arming.armRange(16, 4);
    a.arming.disarmRange(17, 2);
    const misses = counters.writeMisses;
    for (const gfn of [17, 18]) m.vcpus[0]!.translate(gfn * 4096, READ, SUPERVISOR);
    for (let gfn = 16; gfn < 20; gfn++) storeTo(m, gfn);
    expect(heard(m, a)).toEqual([
      [0, 16],
      [0, 19],
    ]);
    expect(counters.writeMisses - misses).toBeLessThanOrEqual(4);
  });

  it('host-side writes are told to everyone who has started, each time, and leave every arming alone', () => {
    const { m, a, b } = withTwo();
    a.arming.enable();
    b.arming.start();
    for (let n = 0; n < 2; n++) m.physical.fillHost(0x5000, 1, n);
    storeTo(m, 5);
    expect(heard(m, a)).toEqual([
      ['host', 5],
      ['host', 5],
      [0, 5],
    ]);
    expect(heard(m, b)).toEqual([
      ['host', 5],
      ['host', 5],
    ]);
  });

  it('a deleted slot was heard of before it went, and its pages are armed for nobody', () => {
    const { m, a, b } = withTwo();
    a.arming.enable();
    b.arming.enable();
    storeTo(m, 8);
    m.physical.deleteMemslot(0);
    expect([heard(m, a), heard(m, b)]).toEqual([[[0, 8]], [[0, 8]]]);
    m.physical.addMemslot({ slot: 0, guestPhysAddr: 0, memorySize: 4 * MIB });
    storeTo(m, 9);
    expect([heard(m, a), heard(m, b)]).toEqual([[], []]);
    requireInvariant(m, method);
  });

  it('up to eight; who leaves makes room, and is told no more', () => {
    const { m, a } = withTwo();
    const others = Array.from({ length: 6 }, () => addListener(m));
    expect(() => m.hub.register()).toThrow(KvmError);
    for (const { arming } of [a, ...others]) arming.enable();
    others[2]!.arming.release();
    const late = addListener(m);
    late.arming.enable();
    storeTo(m, 2);
    for (const listener of [a, ...others.filter((_, n) => n !== 2), late]) expect(heard(m, listener)).toEqual([[0, 2]]);
    expect(heard(m, others[2]!)).toEqual([]);
  });

  it('what another thread drains is told there to its own consumer, here to the others, with the vCPU', () => {
    const { m, a, b } = withTwo(2);
    a.arming.enable();
    b.arming.enable();
    const elsewhere = new RecordingSink();
    const attached = attachArming(LinearMemory.attach(m.memory.memory), m.plan, m.shape, method, elsewhere, a.arming.id);
    // Write-protect tells at the store, on the thread of the store.
    const told = (): unknown[] => [...m.sink.take(), ...elsewhere.take()];
    for (let round = 0; round < 3; round++) {
      storeTo(m, 20, 1);
      storeTo(m, 21, 0);
      for (const vcpu of [0, 1]) attached.drain(vcpu);
      attached.rearm([20, 21], 2);
      const order = method === 'pml' ? [[0, 21], [1, 20]] : [[1, 20], [0, 21]]; // biome-ignore format: rows
      expect(told()).toEqual(order);
      if (round === 0) expect(b.sink.take()).toHaveLength(method === 'pml' ? 0 : 2);
    }
    m.hub.drain(0);
    expect(b.sink.take()).toHaveLength(method === 'pml' ? 2 : 0);
    b.arming.rearm([20], 1);
    storeTo(m, 20, 1);
    expect(heard(m, b)).toEqual([[1, 20]]);
    requireInvariant(m, method);
  });

  it.each([1, 2, 3, 4])('hears what a model says: four consumers, two vCPUs, two threads, host-side writes (seed %i)', (seed) => {
    runHubModel(method, seed);
  });
});
