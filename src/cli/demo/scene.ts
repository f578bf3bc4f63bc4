// The demo itself: one guest under checkpoints, told as a stream of events.

import { PAGE_SIZE } from '../../base/paging-units.ts';
import { Checkpointer } from '../../checkpoint/checkpointer.ts';
import { MemoryStore } from '../../checkpoint/memory-store.ts';
import { verifyRebuilds } from '../../checkpoint/rebuild.ts';
import { LostWriteError } from '../../mt/shadow.ts';
import type { Exit, SliceResult } from '../../vm/exit.ts';
import type { Vm } from '../../vm/vm.ts';
import { yieldToHost } from '../../vm/yield-to-host.ts';
import { ConsoleBytes } from './console-bytes.ts';
import { regionEnd } from './dirtier.ts';
import { proofOfCycle } from './cycle-text.ts';
import type { DemoCycle, DemoEnd, DemoEvent } from './events.ts';
import { buildMachine, runUntilItWrites } from './machine.ts';
import type { TrackedWork } from './options.ts';
import { guestPageTables } from './page-tables.ts';
import { WriteWitness } from './witness.ts';

/** Bounds a cycle in which the guest dirties nothing, as when it computes its checksum at the end. */
const CYCLE_INSTRUCTIONS = 4_000_000;
/** Of a slice. It is not bounded by the host's clock, so two runs have the same exits, at which the log is drained. */
const SLICE_INSTRUCTIONS = 1_000_000;

/** Bytes of copied pages that are kept, to be rebuilt at the end. Older cycles beyond that are merged, and checked on the way. */
const KEPT = 256 * 1024 ** 2;

type Emit = (event: DemoEvent) => Promise<void> | void;

/** A page is reported that was not written to. */
class Invention extends Error {}

const carriedOver = (cpid: number, entries: number): Invention =>
  new Invention(`cycle ${cpid} began with ${entries} dirty pages although all had been fetched before`);

const neverWritten = (cpid: number, gfn: number): Invention =>
  new Invention(`cycle ${cpid} reported page ${gfn} (0x${gfn.toString(16)}) although nothing wrote to it`);

class Scene {
  private readonly console = new ConsoleBytes();
  private readonly vm: Vm;
  private readonly store = new MemoryStore(KEPT);
  private readonly checkpointer: Checkpointer;
  private readonly witness = new WriteWitness();
  private readonly began = performance.now();
  private cycles = 0;
  /** Milliseconds that the proof has taken. */
  private proof = 0;
  private reported = 0;

  constructor(
    private readonly work: TrackedWork,
    private readonly emit: Emit,
    private readonly signal: AbortSignal,
  ) {
    this.vm = buildMachine(work, {
      tracking: work.tracking,
      verify: true,
      serial: this.console.put,
      wrap: (seams) => {
        this.witness.wrap(seams);
        work.injection?.wrap(seams);
      },
    });
    this.checkpointer = new Checkpointer(this.vm, this.store, {
      dirtyTrigger: work.dirtyTrigger,
      maxDirty: this.vm.pageCount,
      instructions: CYCLE_INSTRUCTIONS,
      hash: true,
    });
  }

  async play(): Promise<DemoEnd> {
    const early = await runUntilItWrites(this.vm, this.signal);
    if (early) return this.end(early);
    await this.passConsole();
    this.checkpointer.start();
    const pagesUsed = Math.min(this.vm.pageCount, regionEnd(this.work.pages) / PAGE_SIZE);
    await this.emit({ kind: 'start', start: { work: this.work, pages: this.vm.pageCount, pagesUsed } });
    try {
      return await this.end(await this.runCycles());
    } catch (error) {
      if (error instanceof LostWriteError) return this.end(null, error.message, error);
      if (error instanceof Invention) return this.end(null, error.message);
      throw error;
    }
  }

  /** Cycle after cycle until the guest ends or the signal comes. */
  private async runCycles(): Promise<Exit> {
    const goesOn = async (): Promise<boolean> => {
      await yieldToHost();
      return !this.signal.aborted;
    };
    const runSlice = (limit: number): SliceResult => this.vm.runSlice(Math.min(limit, SLICE_INSTRUCTIONS));
    for (;;) {
      this.witness.forget();
      const tables = this.tablesReported();
      const report = await this.checkpointer.cycleAsync(goesOn, { runSlice });
      const {
        dirty,
        cycle: { carried },
      } = this.checkpointer.stats();
      if (carried > 0) throw carriedOver(report.cpid, carried);
      const invented = this.witness.firstInvented(report.gfns, tables);
      if (invented !== null) throw neverWritten(report.cpid, invented);
      await this.passConsole();
      await this.pass({ ...report, dirty });
      const { kind } = report.exit;
      if (kind !== 'limit' && kind !== 'mt-dirty-trigger' && kind !== 'mt-list-full') return report.exit;
      if (this.signal.aborted) return { kind: 'interrupted' };
    }
  }

  /** Under PML the walk of a page table counts as a write to it (SDM vol. 3, "EPT Accessed and Dirty Flags"). */
  private tablesReported(): ReadonlySet<number> {
    return this.work.tracking === 'pml' ? guestPageTables(this.vm) : new Set();
  }

  /** Comparisons without a lost write, by the oracle's own count. */
  private compared(failed: boolean): number {
    return (this.checkpointer.stats().verify?.compared ?? 0) - (failed ? 1 : 0);
  }

  private async pass(cycle: DemoCycle): Promise<void> {
    this.cycles++;
    this.reported += cycle.gfns.length;
    this.proof += proofOfCycle(cycle);
    await this.emit({ kind: 'cycle', cycle });
  }

  private async passConsole(): Promise<void> {
    const bytes = this.console.take();
    if (bytes) await this.emit({ kind: 'serial', bytes });
  }

  private async end(exit: Exit | null, failure: string | null = null, lost: LostWriteError | null = null): Promise<DemoEnd> {
    const { vm, cycles, reported } = this;
    await this.passConsole();
    const interrupted = exit?.kind === 'interrupted';
    const end: DemoEnd = {
      how: failure !== null ? 'failed' : interrupted ? 'interrupted' : 'guest',
      exit: interrupted ? null : exit,
      failure,
      lost,
      cycles,
      reported,
      retired: vm.retired,
      pages: vm.pageCount,
      compared: this.compared(lost !== null),
      rebuilt: cycles > 0 && failure === null ? this.rebuild() : null,
      proof: this.proof,
      milliseconds: performance.now() - this.began,
    };
    await this.emit({ kind: 'end', end });
    return end;
  }

  /** Those that the store has merged into its base were checked when they were. */
  private rebuild(): NonNullable<DemoEnd['rebuilt']> {
    const began = performance.now();
    const { wrong } = verifyRebuilds(this.store);
    this.proof += performance.now() - began;
    return { checked: this.store.lastCycle, wrong };
  }
}

/** Runs the guest to its end, or until `signal`; every event goes to `emit`, the last one is what is returned. */
export const playScene = (work: TrackedWork, emit: Emit, signal: AbortSignal): Promise<DemoEnd> => new Scene(work, emit, signal).play();
