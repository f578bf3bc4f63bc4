// Every guest under both engines in lockstep.

import { describe, expect, it } from 'vitest';
import { randomOf } from '../mt/laws/machine.ts';
import { CATALOG } from '../guests/catalog.ts';
import { loadGuest } from '../guests/run-guest.ts';
import { lockstep } from './support/lockstep.ts';

/** Runs of tests; the long ones of the catalog are for benchmarks. */
const MAX_MILLIONS = 25;
/** `spin` is cut off here. */
const LIMIT = 300_000;

const RUNS = CATALOG.flatMap(({ image, name, runs }) =>
  runs
    .filter(({ millions }) => millions <= MAX_MILLIONS || millions === Infinity)
    .map((run) => ({ image, run, title: `${name} ${run.append}`.trim() })),
);

/** Slices from one instruction to many: mostly primes, so that their ends wander through every loop. */
function sliceLengths(seed: number): () => number {
  const random = randomOf(seed);
  const lengths = [() => 1, () => 2, () => 13, () => 101, () => 1009, () => 10_007, () => 1 + random(50_000), () => 300_007];
  return () => lengths[random(lengths.length)]!();
}

function runBoth(engine: 'translator' | 'auto', { image, run }: (typeof RUNS)[number]): void {
  const machine = (name: 'interpreter' | typeof engine) =>
    loadGuest({ image, append: run.append, vcpus: run.cpus ?? 1, engine: name, quantum: 1009 });
  const reference = machine('interpreter');
  const subject = machine(engine);
  const limit = run.millions === Infinity ? LIMIT : 2e6 * run.millions + 1e6;
  const { exit } = lockstep(reference.vm, subject.vm, { slice: sliceLengths(run.millions), limit });
  expect(exit.kind).toBe(run.status === 124 ? 'limit' : run.status === 126 ? 'shutdown' : exit.kind);
  expect(subject.output()).toBe(reference.output());
}

/** What takes seconds; a kernel of each width and one of the benchmarks are in every test run. */
export const LONG = /^(?:kernel64-elf64|sieve-32|sort|sha256|dirtier-(?:32|64)$)/;
/** Of those by the engine that translates what is hot. */
const BY_AUTO = /^(?:kernel32|kernel64 |plain64|smp64|dirtier-64 pages)/;

/** Defines the tests, of the runs whose title is `wanted`. */
export function describeGuests(wanted: (title: string) => boolean): void {
  const runs = RUNS.filter(({ title }) => wanted(title));
  describe('interpreter and translator agree at the end of every slice', () => {
    it.each(runs)('$title', (guest) => runBoth('translator', guest));
  });

  const some = runs.filter(({ title }) => BY_AUTO.test(title));
  if (some.length === 0) return;
  describe('interpreter and the engine that translates what is hot agree at the end of every slice', () => {
    it.each(some)('$title', (guest) => runBoth('auto', guest));
  });
}
