// Every guest on Tidemark: what it prints, how it ends, and that no way of tracking memory changes either.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MtEnable, MtFlag, MtOp } from '../../src/mt/abi.ts';
import type { TrackingMethod } from '../../src/mmu/tracking.ts';
import { hashMemory } from '../../src/snapshot/hash.ts';
import type { Exit, SliceResult } from '../../src/vm/exit.ts';
import { ENGINES } from '../../src/vm/config.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { CATALOG, GUESTS, specified } from './catalog.ts';
import type { Guest, GuestRun } from './catalog.ts';
import { loadGuest, runGuest } from './run-guest.ts';

const METHODS: readonly TrackingMethod[] = ['write-protect', 'pml'];
/** Tests run what takes seconds; the long runs of the catalog are for benchmarks. */
const MAX_MILLIONS = 25;
/** `spin` is cut off here. */
const LIMIT = 300_000;
/** Pages that may become dirty before the host takes them away and arms them again. */
const TRIGGER = 64;

const RUNS = CATALOG.flatMap((guest) =>
  guest.runs
    .filter(({ millions }) => millions <= MAX_MILLIONS || millions === Infinity)
    .map((run) => ({ guest, run, title: `${guest.name} ${run.append}`.trim() })),
).map((each, n) => ({ ...each, n }));

/** What `tidemark run` makes of the exit. */
function statusOf(exit: Exit): number {
  switch (exit.kind) {
    case 'hlt':
      return 0;
    case 'limit':
      return 124;
    case 'shutdown':
      return 126;
    case 'debug-exit':
      return ((exit.value << 1) | 1) & 0xff;
    default:
      throw new Error(`exit ${exit.kind}`);
  }
}

/** Runs to the end with tracking on, a cycle for each trigger. */
function runTracked(vm: Vm, limit: number): SliceResult {
  const { mt } = vm;
  mt.initMt({ op: MtOp.INIT, flags: MtFlag.NO_DUPS, maxDirty: 0xffffffff });
  mt.enableMt(MtEnable.ON);
  mt.mtDirtyTrigger(TRIGGER);
  let retired = 0;
  for (let cycle = 1n; ; cycle++) {
    mt.prepareMtCp(cycle);
    const result = vm.runSlice(limit - retired);
    retired += result.retired;
    if (result.exit.kind !== 'mt-dirty-trigger') return { ...result, retired };
    mt.mtVmQuiesced();
    while (mt.fetchSublist({ count: 256 }).waiting > 0);
  }
}

interface Outcome {
  kind: string;
  status: number;
  output: string;
  retired: number;
  vcpus: unknown;
  memory: string;
}

function outcome(guest: Guest, run: GuestRun, engine: (typeof ENGINES)[number], tracking: TrackingMethod): Outcome {
  const loaded = loadGuest({ image: guest.image, append: run.append, vcpus: run.cpus ?? 1, engine, tracking });
  const { vm } = loaded;
  const limit = run.status === 124 ? LIMIT : 2e6 * run.millions + 1e6;
  const { exit, retired } = tracking === 'none' ? runGuest(loaded, { limit }) : runTracked(vm, limit);
  return {
    kind: loaded.kind,
    status: statusOf(exit),
    output: loaded.output(),
    retired,
    vcpus: vm.save().vcpus.map(({ registers }) => ({ ...registers, pmlIndex: null })),
    memory: hashMemory(vm),
  };
}

/** What takes the interpreter a second and more; a kernel and the small guests are run by it in every test run. */
export const LONG_BY_INTERPRETER = /^(?:sieve|sort|sha256|dirtier|kernel64|v8086)/;
/** The same for the translator; in every test run it has a kernel and the benchmarks. */
export const LONG_BY_TRANSLATOR = /^(?:kernel32|kernel64-elf64|dirtier-(?:32|64)$)/;

/** Defines the tests of the runs that are `wanted` of an engine: untracked against one method, the one or the other in turn, or both. */
export function describeRuns(turns: readonly (0 | 1)[], wanted: (engine: string, title: string) => boolean): void {
  const runsOf = (engine: string) => RUNS.filter(({ title }) => wanted(engine, title));
  describe.each(ENGINES.filter((engine) => engine !== 'auto' && runsOf(engine).length > 0))('engine %s', (engine) => {
    it.each(runsOf(engine))('$title', ({ guest, run, n }) => {
      const untracked = outcome(guest, run, engine, 'none');
      const methods = METHODS.filter((_, at) => turns.includes(((at + n) % 2) as 0 | 1));
      const tracked = methods.map((method) => outcome(guest, run, engine, method));
      const expected = readFileSync(new URL(run.expected, GUESTS), 'latin1');
      expect(specified(guest, untracked.output)).toBe(expected);
      expect({ status: untracked.status, kind: untracked.kind }).toEqual({ status: run.status, kind: guest.entry });
      for (const other of tracked) expect(other).toEqual(untracked);
    });
  });
}
