import { describe, expect, it } from 'vitest';
import { Checkpointer } from '../../src/checkpoint/checkpointer.ts';
import { resumeCycle } from '../../src/checkpoint/rebuild.ts';
import { MemoryStore } from '../../src/checkpoint/memory-store.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { randomOf } from '../mt/laws/machine.ts';
import { ENGINES, METHODS, MIB, PAGE } from './support/configurations.ts';
import { loadCode } from './support/entry.ts';
import { loadGuest } from './support/guests.ts';
import type { GuestName } from './support/guests.ts';
import { outcomeOf, runToEnd } from './support/outcome.ts';
import { RECORD_TSC } from './support/programs.ts';
import { PageTables } from './support/page-tables.ts';
import { Vm as Machine } from '../../src/vm/vm.ts';

// Law 7: the guest cannot tell. At equal retired counts everything is equal, whatever tracking does meanwhile.

const GUESTS: readonly (GuestName & { readonly vcpus: number; readonly step: number })[] = [
  { image: 'dirtier/dirtier-32', append: 'pages=67 iterations=14 group=2 rate=20', vcpus: 1, step: 60_000 },
  { image: 'dirtier/dirtier-64', append: 'pages=67 iterations=14 group=2 rate=20', vcpus: 1, step: 60_000 },
  { image: 'smp64/smp64', append: 'cpus=4 rounds=5000', vcpus: 4, step: 50_000 },
];

/** Each guest by each engine. */
const RUNS = ENGINES.flatMap((engine, e) => GUESTS.map((guest, g) => ({ engine, ...guest, turn: (e + g) % 2 })));
export type Turn = 0 | 1;

/** The outcome at every `step` instructions and at the end; `disturb` may do what it likes in between, but run instructions. */
function outcomes(vm: Vm, step: number, runStep: (limit: number) => { exit: string; retired: number }): unknown[] {
  const all: unknown[] = [];
  for (let left = step; ; ) {
    const { exit, retired } = runStep(left);
    left -= retired;
    if (exit === 'limit' && left > 0) continue;
    all.push({ ...outcomeOf(vm), exit });
    if (exit !== 'limit') return all;
    left = step;
  }
}

function plainly(vm: Vm): (limit: number) => { exit: string; retired: number } {
  return (limit) => {
    const { exit, retired } = vm.runSlice(limit);
    return { exit: exit.kind, retired };
  };
}

/** Slices of random length, and between them whatever the interface offers, in random order. */
function disturbed(vm: Vm, seed: number): (limit: number) => { exit: string; retired: number } {
  const random = randomOf(seed);
  const { mt } = vm;
  let cpid = 0n;
  const acts: (() => void)[] = [
    () => {
      mt.fetchSublist({ count: 1 + random(40), rearm: random(2) === 0 });
    },
    () => mt.rearmDirtyPages(),
    () => mt.prepareMtCp(++cpid),
    () => {
      mt.mtVmQuiesced();
      mt.fetchSublist({ count: 10_000 });
      mt.prepareMtCp(++cpid);
    },
    () => {
      mt.enableMt(0);
      mt.enableMt(1);
    },
    () => {
      vm.save();
    },
    () => {
      mt.abort();
    },
    () => mt.mtDirtyTrigger(random(3) === 0 ? 1 + random(30) : 0),
  ];
  mt.initMt({ op: 1, flags: random(2) * 4, maxDirty: 0xffffffff });
  mt.enableMt(1);
  return (limit) => {
    acts[random(acts.length)]();
    const { exit, retired } = vm.runSlice(Math.min(limit, 1 + random(9_000)));
    if (exit.kind !== 'mt-dirty-trigger') return { exit: exit.kind, retired };
    mt.mtDirtyTrigger(0);
    return { exit: 'limit', retired };
  };
}

/** Defines the tests of what happens between slices: by `seed`, and by the other method with the one after it; of one turn or both. */
export function describeDisturbed(seed: number, turns: readonly Turn[]): void {
  describe.each(RUNS.filter(({ turn }) => turns.includes(turn as Turn)))(
    'law 7, $engine, $image',
    ({ engine, vcpus, step, turn: _, ...guest }) => {
      const machine = (tracking: 'none' | 'write-protect' | 'pml') => loadGuest(guest, { engine, vcpus, tracking, quantum: 1009 });

      it('registers, TLBs, memory, time and output are the same with tracking off and by both methods, at every look', () => {
        const plain = machine('none');
        const expected = outcomes(plain.vm, step, plainly(plain.vm));
        expect(expected.length).toBeGreaterThan(5);
        expect(expected[expected.length - 1]).toMatchObject({ exit: 'hlt' });
        for (const [n, tracking] of METHODS.entries()) {
          const { vm, text } = machine(tracking);
          expect(outcomes(vm, step, disturbed(vm, seed + n))).toEqual(expected);
          expect(text()).toBe(plain.text());
        }
      });
    },
  );
}

/** Defines the tests of checkpoints, of every second run. */
export function describeTraceless(first: Turn): void {
  describe.each(RUNS.filter(({ turn }) => turn === first))(
    'law 7, $engine, $image',
    ({ engine, vcpus, step: _step, turn: _, ...guest }) => {
      const machine = (tracking: 'none' | 'write-protect' | 'pml') => loadGuest(guest, { engine, vcpus, tracking, quantum: 1009 });

      it.each(METHODS)('checkpoints leave no trace, and a run resumed from one ends the same (%s)', (tracking) => {
        const expected = runToEnd(machine('none').vm);
        const store = new MemoryStore();
        const { vm } = machine(tracking);
        const checkpointer = new Checkpointer(vm, store, { dirtyTrigger: 40, maxDirty: 10_000, instructions: 50_000 });
        checkpointer.start();
        while (checkpointer.cycle().exit.kind !== 'hlt') continue;
        checkpointer.stop();
        expect({ ...outcomeOf(vm), exit: 'hlt' }).toEqual(expected);
        const resumed = machine(tracking).vm;
        resumeCycle(resumed, store, store.lastCycle >> 1);
        expect(runToEnd(resumed)).toEqual(expected);
      });
    },
  );
}

/** Defines the tests of time. */
export function describeTime(): void {
  describe.each(ENGINES)('law 7, %s', (engine) => {
    it.each(['none', 'tables of its own'])('the time-stamp counter that the guest reads is the same (paging: %s)', (paging) => {
      const [DATA, TABLES, COUNT] = [0x400000, 0x340000, 700];
      const run = (tracking: 'none' | 'write-protect' | 'pml', seed: number): unknown => {
        const vm = new Machine({ memory: DATA + COUNT * PAGE + MIB, engine, tracking });
        loadCode(vm, paging === 'none' ? 32 : 64, RECORD_TSC.code);
        if (paging !== 'none') {
          const tables = new PageTables(vm, TABLES);
          tables.mapRange(0, 0, DATA + COUNT * PAGE);
          vm.vcpus[0].setSregs({ cr3: BigInt(tables.root) });
        }
        const first = (n: number): void => vm.vcpus[0].setRegs({ rdi: BigInt(DATA), rcx: BigInt(n), rip: 0x100000n });
        const step = tracking === 'none' ? plainly(vm) : disturbed(vm, seed);
        const all: unknown[] = [];
        for (let pass = 0; pass < 3; pass++) {
          first(COUNT);
          vm.vcpus[0].activity = 'active';
          all.push(outcomes(vm, 1_500, step));
        }
        return all;
      };
      const expected = run('none', 0);
      for (const tracking of METHODS) expect(run(tracking, 3)).toEqual(expected);
    });
  });
}
