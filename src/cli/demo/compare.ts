// One guest under both tracking methods and untracked, in step. Cycles are cut at equal numbers of retired instructions, since
// only then the methods may be compared: the additional entries of PML would move a dirty trigger.

import { Checkpointer } from '../../checkpoint/checkpointer.ts';
import type { CycleReport } from '../../checkpoint/checkpointer.ts';
import { MemoryStore } from '../../checkpoint/memory-store.ts';
import type { PcConfig } from '../../machine/pc.ts';
import { hashMemory } from '../../snapshot/hash.ts';
import type { Exit } from '../../vm/exit.ts';
import type { Vm } from '../../vm/vm.ts';
import { yieldToHost } from '../../vm/yield-to-host.ts';
import { ConsoleBytes } from './console-bytes.ts';
import { iterationOf } from './dirtier.ts';
import { buildMachine, runUntilItWrites } from './machine.ts';
import type { DirtierOptions } from './options.ts';
import { guestPageTables } from './page-tables.ts';

/** Instructions of a cycle, so that PML buffers of 512 entries fill up in some. */
const CYCLE_INSTRUCTIONS = 40_000;
/** Of the first cycle in which all writing is done: what follows is the guest's checksum. */
const LAST_CYCLE_INSTRUCTIONS = 2 ** 40;
const BETWEEN_TURNS = 2_000_000;

/** A cycle as one method saw it. */
export type MethodCycle = Pick<CycleReport, 'exit' | 'retired' | 'gfns' | 'pmlFullExits' | 'eptViolations'>;

export interface ComparedCycle {
  readonly cycle: number;
  readonly pml: MethodCycle;
  readonly writeProtect: MethodCycle;
  /** Pages that only PML reported and that are page tables of the guest; ascending. */
  readonly pageTables: readonly number[];
  /** Pages that one method reported and the other did not, for no reason that there should be: a failure. */
  readonly unexplained: readonly number[];
  /** Whether memory and retired instructions are the same with both methods and without tracking. */
  readonly equal: boolean;
}

/** A machine at the end of the comparison. */
export interface Outcome {
  readonly tracking: string;
  readonly exit: string;
  readonly retired: bigint;
  readonly hash: string;
}

export interface ComparedEnd {
  readonly interrupted: boolean;
  readonly exit: Exit;
  readonly cycles: readonly ComparedCycle[];
  readonly outcomes: readonly Outcome[];
  /** No page unexplained, every cycle equal, all outcomes equal. */
  readonly holds: boolean;
}

/** Sorts what the methods report differently by its reason. */
export function explainDifference(
  pml: readonly number[],
  writeProtect: readonly number[],
  isPageTable: (gfn: number) => boolean,
): Pick<ComparedCycle, 'pageTables' | 'unexplained'> {
  const byPml = new Set(pml);
  const byFaults = new Set(writeProtect);
  const extra = [...byPml].filter((gfn) => !byFaults.has(gfn)).sort((a, b) => a - b);
  const missing = [...byFaults].filter((gfn) => !byPml.has(gfn)).sort((a, b) => a - b);
  return { pageTables: extra.filter(isPageTable), unexplained: [...extra.filter((gfn) => !isPageTable(gfn)), ...missing] };
}

/** One machine that is tracked, and its checkpoints. */
class Tracked {
  readonly vm: Vm;
  private readonly store = new MemoryStore(0);
  private readonly checkpointer: Checkpointer;

  constructor(
    work: DirtierOptions,
    readonly tracking: 'pml' | 'write-protect',
    config: Pick<PcConfig, 'serial' | 'wrap'>,
  ) {
    this.vm = buildMachine(work, { ...config, tracking, verify: true });
    this.checkpointer = new Checkpointer(this.vm, this.store, { dirtyTrigger: 0, maxDirty: this.vm.pageCount });
  }

  start(): void {
    this.checkpointer.start();
  }

  cycle(limit: number, goesOn: () => Promise<boolean>): Promise<CycleReport> {
    return this.checkpointer.cycleAsync(goesOn, { limit });
  }
}

class Comparison {
  private readonly pml: Tracked;
  private readonly writeProtect: Tracked;
  private readonly untracked: Vm;
  private readonly cycles: ComparedCycle[] = [];
  readonly console = new ConsoleBytes();

  constructor(
    private readonly work: DirtierOptions,
    private readonly signal: AbortSignal,
    wrapped: Pick<PcConfig, 'wrap'>,
  ) {
    this.pml = new Tracked(work, 'pml', { ...wrapped, serial: this.console.put });
    this.writeProtect = new Tracked(work, 'write-protect', {});
    this.untracked = buildMachine(work, {});
  }

  async run(show: (cycle: ComparedCycle, console: Uint8Array | null) => void): Promise<ComparedEnd> {
    for (const vm of [this.pml.vm, this.writeProtect.vm, this.untracked]) {
      const exit = await runUntilItWrites(vm, this.signal);
      if (exit) return this.end(exit);
    }
    this.pml.start();
    this.writeProtect.start();
    for (;;) {
      const { compared, exit } = await this.cycle();
      this.cycles.push(compared);
      show(compared, this.console.take());
      if (exit.kind !== 'limit') return this.end(exit);
      if (this.signal.aborted) return this.end({ kind: 'interrupted' });
    }
  }

  private async cycle(): Promise<{ readonly compared: ComparedCycle; readonly exit: Exit }> {
    const { pml, writeProtect, untracked, work } = this;
    const limit = iterationOf(untracked) < work.iterations ? CYCLE_INSTRUCTIONS : LAST_CYCLE_INSTRUCTIONS;
    // Tables that the guest gave up or set up in this cycle count, too.
    const before = guestPageTables(untracked);
    const goesOn = async (): Promise<boolean> => {
      await yieldToHost();
      return !this.signal.aborted;
    };
    const byPml = await pml.cycle(limit, goesOn);
    // The others are to stop where this one did, whatever stopped it.
    const same = byPml.exit.kind === 'limit' || byPml.exit.kind === 'interrupted' ? byPml.retired : limit;
    const byFaults = await writeProtect.cycle(same, () => yieldToHost().then(() => true));
    const alone = await this.runUntracked(same);
    const after = guestPageTables(untracked);
    const hashes = [pml.vm, writeProtect.vm, untracked].map(hashMemory);
    return {
      exit: byPml.exit,
      compared: {
        cycle: this.cycles.length + 1,
        pml: byPml,
        writeProtect: byFaults,
        ...explainDifference(byPml.gfns, byFaults.gfns, (gfn) => before.has(gfn) || after.has(gfn)),
        equal: new Set(hashes).size === 1 && byPml.retired === byFaults.retired && byPml.retired === alone,
      },
    };
  }

  private async runUntracked(limit: number): Promise<number> {
    let retired = 0;
    while (retired < limit) {
      const result = this.untracked.runSlice(Math.min(BETWEEN_TURNS, limit - retired));
      retired += result.retired;
      if (result.exit.kind !== 'limit') break;
      await yieldToHost();
    }
    return retired;
  }

  private end(exit: Exit): ComparedEnd {
    const { cycles } = this;
    const outcomes = (
      [
        ['pml', this.pml.vm],
        ['write-protect', this.writeProtect.vm],
        ['none', this.untracked],
      ] as const
    ).map(([tracking, vm]) => ({ tracking, exit: vm.vcpus[0]!.activity, retired: vm.retired, hash: hashMemory(vm) }));
    const alike = new Set(outcomes.map(({ retired, hash, exit: how }) => `${retired} ${hash} ${how}`)).size === 1;
    return {
      interrupted: exit.kind === 'interrupted',
      exit,
      cycles,
      outcomes,
      holds: alike && cycles.every(({ unexplained, equal }) => equal && unexplained.length === 0),
    };
  }
}

/** Runs the comparison to the guest's end or until `signal`. `wrapped` goes around the machine with PML. Throws LostWriteError. */
export function compareMethods(
  work: DirtierOptions,
  signal: AbortSignal,
  show: (cycle: ComparedCycle, console: Uint8Array | null) => void,
  wrapped: Pick<PcConfig, 'wrap'> = {},
): Promise<ComparedEnd> {
  return new Comparison(work, signal, wrapped).run(show);
}
