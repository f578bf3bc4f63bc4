// What a cycle of memory tracking costs by itself: the guest's stores and the copying of pages are left out.

import { MtEnable, MtFlag, MtOp } from '../src/mt/abi.ts';
import type { Benchmark, FigureTable } from './harness/benchmark.ts';
import type { Effort } from './harness/measure.ts';
import { median } from './harness/statistics.ts';
import { DirtyingGuest } from './support/dirtying-guest.ts';

const MIB = 1024 ** 2;
const METHODS = ['write-protect', 'pml'] as const;
const DIRTY = [16, 256, 4096];
const PHASES = ['prepare', 'quiesce', 'fetch', 'rearm'] as const;
/** Cycles measured in one round. */
const CYCLES = 20;
/** Entries fetched at a time. */
const BATCH = 512;

type Phase = (typeof PHASES)[number];
/** Microseconds by phase. */
type Costs = Readonly<Record<Phase, number>>;

/** The same pages in little and in much memory. Then as many pages spread over all of it, which costs the host's caches more. */
const LAYOUTS = [
  { name: '64 MiB', memory: 64 * MIB, stride: 3 },
  { name: '2 GiB, the same pages', memory: 2048 * MIB, stride: 3 },
  { name: '2 GiB, spread over all', memory: 2048 * MIB, stride: 127 },
];

class Tracked {
  readonly guest: DirtyingGuest;
  private cpid = 0n;

  constructor(tracking: (typeof METHODS)[number], { memory, stride }: (typeof LAYOUTS)[number]) {
    this.guest = new DirtyingGuest({ memory, tracking }, stride);
    this.guest.vm.mt.initMt({ op: MtOp.INIT, flags: MtFlag.NO_DUPS, maxDirty: 0xffffffff });
    this.guest.vm.mt.enableMt(MtEnable.ON);
  }

  /** One cycle that makes `pages` pages dirty: microseconds of each phase. */
  cycle(pages: number): Costs {
    const { mt } = this.guest.vm;
    const prepare = timed(() => mt.prepareMtCp(++this.cpid));
    this.guest.run(pages);
    const quiesce = timed(() => mt.mtVmQuiesced());
    let fetched = 0;
    const fetch = timed(() => {
      for (let got = 1; got > 0; ) {
        got = mt.fetchSublist({ count: BATCH }).gfns.length;
        fetched += got;
      }
    });
    const rearm = timed(() => mt.rearmDirtyPages());
    if (fetched !== pages) throw new Error(`${fetched} pages were reported, ${pages} written`);
    return { prepare, quiesce, fetch, rearm };
  }

  /** Write misses of one cycle for each page that it made dirty. */
  missesPerPage(pages: number): number {
    const before = this.guest.vm.counters().writeMisses;
    this.cycle(pages);
    return (this.guest.vm.counters().writeMisses - before) / pages;
  }
}

function timed(action: () => unknown): number {
  const start = performance.now();
  action();
  return (performance.now() - start) * 1000;
}

interface Cost {
  readonly phases: Costs;
  readonly total: number;
}

const total = (phases: Costs): number => PHASES.reduce((sum, phase) => sum + phases[phase], 0);

/** Medians over all cycles; the machines take turns, round by round. */
function cost(machines: readonly Tracked[], pages: number, { warmUp, rounds }: Effort): Cost[] {
  const cycles = machines.map((): Costs[] => []);
  for (let round = -warmUp; round < rounds; round++) {
    machines.forEach((machine, index) => {
      for (let n = 0; n < CYCLES; n++) {
        const phases = machine.cycle(pages);
        if (round >= 0) cycles[index]!.push(phases);
      }
    });
  }
  return cycles.map((all) => {
    const of = (phase: Phase): number => median(all.map((phases) => phases[phase]));
    const phases = { prepare: of('prepare'), quiesce: of('quiesce'), fetch: of('fetch'), rearm: of('rearm') };
    return { phases, total: median(all.map(total)) };
  });
}

function costTable(tracking: (typeof METHODS)[number], effort: Effort): FigureTable {
  const machines = LAYOUTS.map((layout) => new Tracked(tracking, layout));
  const rows = DIRTY.flatMap((pages) => {
    const costs = cost(machines, pages, effort);
    return costs.map((one, index) => [
      `${pages} pages, ${LAYOUTS[index]!.name}`,
      ...PHASES.map((phase) => one.phases[phase]),
      one.total,
      one.total / pages,
      one.total / costs[0]!.total,
    ]);
  });
  const columns = ['dirty pages, memory', ...PHASES, 'total', 'per page', 'to 64 MiB'];
  return { title: `${tracking}: microseconds a cycle`, columns, rows };
}

function missTable(): FigureTable {
  const rows = METHODS.map((tracking) => {
    const machine = new Tracked(tracking, LAYOUTS[0]!);
    machine.cycle(Math.max(...DIRTY));
    return [tracking, ...DIRTY.map((pages) => machine.missesPerPage(pages))];
  });
  return { title: 'Write misses per page and arming', columns: ['', ...DIRTY.map((pages) => `${pages} pages`)], rows };
}

export default {
  description: 'memory tracking: what a cycle costs, without the guest and without copying pages',
  figures: (effort) => [missTable(), ...METHODS.map((tracking) => costTable(tracking, effort))],
} satisfies Benchmark;
