// One guest under checkpoints, told as messages to the page.

import { INTERNALS } from '../base/internals.ts';
import { Checkpointer } from '../checkpoint/checkpointer.ts';
import type { CycleReport } from '../checkpoint/checkpointer.ts';
import { verifyRebuilds } from '../checkpoint/rebuild.ts';
import { MemoryStore } from '../checkpoint/memory-store.ts';
import { Translator } from '../cpu/translator/translator.ts';
import { LostWriteError } from '../mt/shadow.ts';
import type { Exit, SliceResult } from '../vm/exit.ts';
import type { Vm } from '../vm/vm.ts';
import { EventTurns, sleep } from './event-turns.ts';
import { webGuest } from './guests.ts';
import { buildMachine } from './machine.ts';
import type { FromWorker, Progress, RunRequest, WebCycle, WebEnd } from './protocol.ts';
import { writtenPages } from './written-pages.ts';

/** Bounds a cycle in which the guest dirties few pages. */
const CYCLE_INSTRUCTIONS = 500_000;
/** Most bytes of pages that are kept for rebuilding; beyond that the oldest cycles are merged into the base. */
const STORE_LIMIT = 256 * 1024 ** 2;
/** Least milliseconds between two turns of the event loop, and between two messages in the middle of a cycle. */
const TURN_MS = 10;
const PROGRESS_MS = 50;
/** When running slowly: instructions at a time, and how long to wait in between. */
const SLOW_SLICE = 20_000;
const SLOW_WAIT_MS = 16;

const GOES_ON: readonly Exit['kind'][] = ['limit', 'mt-dirty-trigger', 'mt-list-full'];

export class Session {
  private readonly vm: Vm;
  private readonly store = new MemoryStore(STORE_LIMIT);
  private readonly checkpointer: Checkpointer;
  private readonly turns = new EventTurns();
  private readonly began = performance.now();
  private serial = '';
  private retired = 0;
  private runMs = 0;
  private turned = 0;
  private told = 0;
  private cycles = 0;
  private reported = 0;

  /** Errors as `buildMachine`; a dirty trigger that is no count of the machine's pages makes `play` fail. */
  constructor(
    private readonly request: RunRequest,
    image: Uint8Array,
    private readonly emit: (message: FromWorker) => void,
    private readonly signal: AbortSignal,
  ) {
    this.vm = buildMachine(request, webGuest(request.guest), image, (byte) => {
      this.serial += String.fromCharCode(byte);
    });
    this.checkpointer = new Checkpointer(this.vm, this.store, {
      dirtyTrigger: request.dirtyTrigger,
      maxDirty: this.vm.pageCount,
      instructions: CYCLE_INSTRUCTIONS,
      hash: true,
    });
  }

  /** Runs the guest to its end or until the signal, then verifies. The last message is `end`. */
  async play(): Promise<void> {
    this.checkpointer.start();
    this.emit({ kind: 'start', pages: this.vm.pageCount });
    try {
      this.end(await this.runCycles(), null);
    } catch (error) {
      if (!(error instanceof LostWriteError)) throw error;
      this.end(null, error);
    }
  }

  private async runCycles(): Promise<Exit> {
    for (;;) {
      const runMs = this.runMs;
      const report = await this.checkpointer.cycleAsync(() => this.between(), { runSlice: (...most) => this.slice(...most) });
      this.cycles++;
      this.reported += report.gfns.length;
      this.tellSerial();
      this.emit({ kind: 'cycle', progress: this.progress(), cycle: this.describe(report, this.runMs - runMs) });
      this.told = performance.now();
      if (!GOES_ON.includes(report.exit.kind)) return report.exit;
      if (this.signal.aborted) return { kind: 'interrupted' };
    }
  }

  private slice(limit: number, milliseconds: number): SliceResult {
    const start = performance.now();
    const result = this.vm.runSlice(this.request.slow ? Math.min(limit, SLOW_SLICE) : limit, { milliseconds });
    this.runMs += performance.now() - start;
    this.retired += result.retired;
    return result;
  }

  /** Before each slice: says how far the run is, and hears whether to stop. False once it is to stop. */
  private async between(): Promise<boolean> {
    const { slow } = this.request;
    const now = performance.now();
    if (slow || now - this.told >= PROGRESS_MS) {
      this.tellSerial();
      this.emit({ kind: 'progress', progress: this.progress(), dirty: writtenPages(this.vm) });
      this.told = now;
    }
    if (slow) await sleep(SLOW_WAIT_MS);
    else if (now - this.turned >= TURN_MS) {
      await this.turns.next();
      this.turned = performance.now();
    }
    return !this.signal.aborted;
  }

  private progress(): Progress {
    const { retired, runMs } = this;
    const { engine } = this.vm[INTERNALS];
    const translated = engine instanceof Translator && retired > 0 ? engine.retired.translated / retired : null;
    return { retired, mips: runMs > 0 ? retired / runMs / 1000 : null, translated };
  }

  private describe({ cpid, exit, retired, gfns, phases, pmlFullExits, eptViolations }: CycleReport, runMs: number): WebCycle {
    const { prepare, quiesce, fetch, copy, hash, store, rearm } = phases;
    return {
      cpid,
      ended: exit.kind,
      retired,
      gfns,
      exits: this.request.tracking === 'pml' ? pmlFullExits : eptViolations,
      runMs,
      pauseMs: (prepare + quiesce + fetch + copy + hash + store + rearm) / 1000,
    };
  }

  private tellSerial(): void {
    if (this.serial === '') return;
    this.emit({ kind: 'serial', text: this.serial });
    this.serial = '';
  }

  private end(exit: Exit | null, lost: LostWriteError | null): void {
    const { cycles, reported, vm } = this;
    const milliseconds = performance.now() - this.began;
    this.tellSerial();
    this.emit({ kind: 'verifying' });
    const stopped = exit?.kind === 'interrupted';
    const end: WebEnd = {
      how: lost ? 'lost-write' : stopped ? 'stopped' : 'guest',
      exit: stopped ? null : exit,
      cycles,
      reported,
      pages: vm.pageCount,
      compared: (this.checkpointer.stats().verify?.compared ?? 0) - (lost ? 1 : 0),
      rebuilt: lost ? null : verifyRebuilds(this.store),
      lost: lost?.message ?? null,
      milliseconds,
    };
    this.emit({ kind: 'end', end });
  }
}
