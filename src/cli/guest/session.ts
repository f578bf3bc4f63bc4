// A guest while it runs on its machine, and how that ends: keyboard, limits, checkpoints, the screen, the report.

import { assert } from '../../base/errors.ts';
import { Checkpointer } from '../../checkpoint/checkpointer.ts';
import type { CycleReport } from '../../checkpoint/checkpointer.ts';
import { verifyRebuilds } from '../../checkpoint/rebuild.ts';
import type { CheckpointStore, GuestEnd } from '../../checkpoint/store.ts';
import type { Board, KeyEvent } from '../../machine/board.ts';
import { LostWriteError } from '../../mt/shadow.ts';
import type { Exit, SliceResult } from '../../vm/exit.ts';
import type { Vm } from '../../vm/vm.ts';
import { yieldToHost } from '../../vm/yield-to-host.ts';
import { ExitStatus } from '../exit-status.ts';
import { errorText } from '../report-error.ts';
import type { CliIo } from '../io.ts';
import type { Tape } from '../record/tape.ts';
import type { SessionOptions } from '../session-options.ts';
import { checkpointPolicy } from './checkpoint-policy.ts';
import { CheckpointTotals, cycleText } from './checkpoint-report.ts';
import { ConsoleInput } from './console-input.ts';
import type { Judge } from './judge.ts';
import { LastSteps } from './last-steps.ts';
import type { RunSlice } from './last-steps.ts';
import type { Notices } from './notices.ts';
import { CUT_SHORT, outcomeOf, replayedOutcome, stoppedOutcome, withStopped } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { GuestOutputs } from './outputs.ts';
import type { PostMortem } from './post-mortem.ts';
import type { End } from './post-mortem.ts';
import { json, writeReport } from './report.ts';
import type { RunFiles } from './run-files.ts';
import type { RunFile } from './run-files.ts';
import { checkpointRunner, freeRunner } from './runner.ts';
import type { Runner, RunnerParts } from './runner.ts';
import { ScreenView } from './screen-view.ts';
import { collectStats, ExitCounts, statsText } from './stats.ts';
import { Stop } from './stop.ts';
import type { StopReason } from './stop.ts';
import { terminalKeys } from './terminal-keys.ts';
import type { LineSink } from './trace/sink.ts';
import { WallClock } from './wall-clock.ts';

/** A machine ready to run. */
export interface ReadyMachine {
  readonly vm: Vm;
  readonly board: Board;
  /** How its guest had ended already when the checkpoint was taken that it comes from. */
  readonly end?: GuestEnd | null;
}

/** Where a machine that is being built has to send the guest's bytes. */
export interface GuestSinks {
  readonly serial: (byte: number) => void;
  readonly debugcon: (byte: number) => void;
  readonly notice: (text: string) => void;
  readonly outputs: {
    /** What the BIOS writes to the screen as a teletype does, in code page 437. */
    readonly screen: (byte: number) => void;
  };
}

/** Between turns of the event loop, ms. */
const TURN = 5;
/** ms between two lines of progress on a terminal. */
const PROGRESS = 1000;

/** What `open` gives; if it throws, `undo` is done first. */
export function opened<T>(undo: () => void, open: () => T): T {
  try {
    return open();
  } catch (error) {
    undo();
    throw error;
  }
}

/** What a session is made of. Its files are open. */
export interface SessionParts {
  readonly options: SessionOptions;
  readonly io: CliIo;
  readonly machine: ReadyMachine;
  readonly outputs: GuestOutputs;
  readonly notices: Notices;
  readonly store: CheckpointStore | null;
  readonly trace: LineSink | null;
  readonly tape: Tape | null;
  readonly files: RunFiles;
  /** Where counters go at the end, if that is a file. */
  readonly stats: RunFile | null;
  readonly postMortem: PostMortem;
  readonly judge: Judge | null;
}

export class Session {
  private readonly stop: Stop;
  private readonly input: ConsoleInput | ConsoleInput<KeyEvent> | null;
  private readonly screen: ScreenView | null;
  private readonly clock: WallClock;
  private readonly exits = new ExitCounts();
  /** Instructions retired before the run: those of a machine that is resumed. */
  private readonly before: bigint;
  private lastTurn = 0;
  private lastProgress = performance.now();
  /** How many attempts to keep a cycle have failed since one succeeded. */
  private failing = 0;
  /** The run's end, if it is to be looked into. */
  private end: End | null = null;

  constructor(private readonly parts: SessionParts) {
    const { options, io, machine } = parts;
    this.before = machine.vm.retired;
    this.stop = new Stop(io);
    this.input = this.inputFor(options);
    this.screen = options.screen ? new ScreenView(io, machine) : null;
    this.clock = new WallClock(machine.vm);
  }

  /** Where what is typed goes: to the PC keyboard if its screen is shown, else to the serial console if that is here. */
  private inputFor({ screen, serial }: SessionOptions): ConsoleInput | ConsoleInput<KeyEvent> | null {
    const {
      io,
      machine: { board },
    } = this.parts;
    const quit = (): void => this.stop.request('quit');
    if (screen) return new ConsoleInput(io, terminalKeys, (keys) => board.keyboardInput(keys), quit);
    return serial.kind === 'stdio'
      ? new ConsoleInput(
          io,
          (bytes) => [...bytes],
          (bytes) => board.serialInput(bytes),
          quit,
        )
      : null;
  }

  /** Runs one slice. While somebody may type at the PC keyboard, a guest that sleeps is kept to the wall clock. */
  private slice(limit: number, milliseconds: number): SliceResult {
    const { vm } = this.parts.machine;
    const { clock } = this;
    if (!this.screen || !this.input?.mayType) return vm.runSlice(limit, { milliseconds });
    const result = vm.runSlice(limit, { milliseconds, idleUntil: clock.idleUntil });
    clock.note(result);
    return result;
  }

  /** `traced`: what runs slices in place of `slice`, such as a trace or a replay. */
  async run(traced: ((limit: number, milliseconds: number) => SliceResult) | null): Promise<number> {
    const {
      options,
      machine: { vm },
      store,
    } = this.parts;
    const checkpointer = store && new Checkpointer(vm, store, checkpointPolicy(options, vm.pageCount));
    opened(
      () => this.parts.files.discard(),
      () => checkpointer?.start(),
    );
    const totals = store && new CheckpointTotals(options.checkpointTo, store.base().pages.size);
    const slice: RunSlice = (...most) => this.slice(...most);
    // Cycles have limits of their own, and what somebody sees or types comes by the clock.
    const last = traced || store || this.screen ? null : new LastSteps(vm, slice);
    const parts: RunnerParts = { vm, runSlice: traced ?? last?.runSlice ?? slice, between: () => this.between() };
    const runner =
      checkpointer && totals ? checkpointRunner(parts, checkpointer, totals, (...done) => this.cycleDone(...done)) : freeRunner(parts);

    const started = performance.now();
    const unexplained = await this.guarded(runner);
    const seconds = (performance.now() - started) / 1000;
    const stepped = last?.take() ?? null;
    const explained = this.end ? withStopped(unexplained, await this.parts.postMortem.examine(this.end, stepped)) : unexplained;
    const ended = this.parts.judge?.judged(explained) ?? explained;
    const mt = checkpointer?.stats() ?? null;
    checkpointer?.stop();
    await this.parts.outputs.flush();
    const checkpoints = totals?.summary() ?? null;
    const counted = collectStats({ vm, before: this.before, seconds, exits: this.exits, mt });
    this.parts.stats?.text(`${options.json ? json(counted) : statsText(counted).join('\n')}\n`);
    const { status, lines } = this.parts.tape?.end(ended.status) ?? { status: ended.status, lines: [] };
    this.parts.judge?.report({ ...ended, status }, seconds);
    this.parts.files.close();
    const unwritten = this.parts.files.failures;
    const isWhole = unwritten.length === 0 && (checkpoints === null || checkpoints.failed === 0);
    const outcome = { ...ended, status: !isWhole && status === ExitStatus.OK ? ExitStatus.UNWRITTEN : status };
    writeReport({
      options,
      io: this.parts.io,
      outcome,
      notices: this.parts.notices.all,
      stats: options.stats !== null && this.parts.stats === null ? counted : null,
      vm,
      before: this.before,
      seconds,
      checkpoints,
      verified: store && options.verify && outcome.status !== ExitStatus.INTERNAL ? verified(store) : null,
      unwritten,
    });
    for (const line of lines) this.parts.io.stderr.write(`${line}\n`);
    return outcome.status;
  }

  /** Where the guest's screen is drawn, what it says on that terminal waits until the end. */
  private openScreen(): void {
    const { screen } = this;
    const { io } = this.parts;
    if (screen?.live) this.parts.notices.hold();
    if (screen?.live && io.stdout.isTTY) this.parts.outputs.hold();
    screen?.open();
  }

  /** Runs with limits and keyboard in force. */
  private async guarded(runner: Runner): Promise<Outcome> {
    const { end } = this.parts.machine;
    const { stop, input } = this;
    if (end && end.kind !== 'hlt') {
      this.screen?.close();
      return this.endedBy(end, 0, 'resumed');
    }
    stop.arm(this.parts.options.timeout);
    input?.open();
    this.openScreen();
    try {
      return await this.untilEnd(runner);
    } catch (error) {
      if (!(error instanceof LostWriteError)) throw error;
      const { gfn, cycle, offset, message } = error;
      const fields = { outcome: 'lost-write', gfn, cycle: Number(cycle), offset };
      return { status: ExitStatus.INTERNAL, lines: [`tidemark: ${message}`], fields };
    } finally {
      input?.close();
      this.screen?.close();
      this.parts.outputs.release();
      this.parts.notices.release();
      stop.disarm();
    }
  }

  private async untilEnd(runner: Runner): Promise<Outcome> {
    const { vm } = this.parts.machine;
    const { stop, input } = this;
    let left = this.parts.options.maxInstructions ?? Infinity;
    for (;;) {
      const { exit, vcpu, retired } = await runner(left);
      left -= retired;
      if (!this.parts.store) this.exits.count(exit.kind);
      if (exit.kind === 'interrupted' && this.parts.judge?.hasDecided) return this.parts.judge.outcome;
      if (exit.kind === 'interrupted' && stop.reason !== null) return this.stoppedBy(stop.reason, exit, vcpu);
      const recorded = this.parts.tape?.endsWith ?? null;
      if (exit.kind === 'interrupted' && recorded !== null) {
        if (CUT_SHORT.includes(recorded)) this.end = { exit, vcpu, reason: null };
        return replayedOutcome(recorded, vm, this.before);
      }
      if (exit.kind !== 'hlt' || !input || !sleeps(vm)) return this.endedBy(exit, vcpu, null);
      // Only what is typed can wake the guest now.
      this.screen?.draw();
      await this.parts.outputs.flush();
      if (!(await input.more(stop.signal))) {
        return stop.reason === null ? this.endedBy(exit, vcpu, null) : this.stoppedBy(stop.reason, exit, vcpu);
      }
    }
  }

  /** The guest, or the limit of instructions, has ended the run. A halt, a reset and a write to the debug-exit port are plain ends. */
  private endedBy(exit: Exit, vcpu: number, reason: End['reason']): Outcome {
    if (exit.kind === 'shutdown' || exit.kind === 'limit') this.end = { exit, vcpu, reason };
    return outcomeOf(exit, vcpu, this.parts.machine.vm, this.before);
  }

  private stoppedBy(reason: StopReason, exit: Exit, vcpu: number): Outcome {
    if (reason !== 'quit') this.end = { exit, vcpu, reason };
    return stoppedOutcome(reason, this.parts.machine.vm, this.before);
  }

  /** Between slices: the keyboard, the outputs, the event loop. False once the run is to stop. */
  private async between(): Promise<boolean> {
    this.parts.postMortem.look();
    this.input?.pump();
    const redraw = this.screen?.refresh() ?? Infinity;
    const asleep = this.clock.remaining();
    if (asleep > 0 && this.input) {
      await this.parts.outputs.flush();
      await this.input.arrival(this.stop.signal, Math.min(asleep, redraw));
      this.lastTurn = performance.now();
    } else if (performance.now() - this.lastTurn >= TURN) {
      await this.parts.outputs.flush();
      await yieldToHost();
      this.lastTurn = performance.now();
    }
    return this.stop.reason === null && (this.parts.tape?.endsWith ?? null) === null && this.parts.judge?.hasDecided !== true;
  }

  private cycleDone(report: CycleReport, failure: Error | null): void {
    const { options, io } = this.parts;
    this.exits.count(report.exit.kind);
    const kept = failure ? ' kept=no' : '';
    this.parts.trace?.line(`checkpoint cycle=${report.cpid} exit=${report.exit.kind} dirty=${report.gfns.length}${kept}`);
    if (options.json || this.screen?.live) return;
    if (this.sayFailure(report.cpid, failure)) return;
    const now = performance.now();
    const due = options.stats !== null || (io.stderr.isTTY === true && now - this.lastProgress >= PROGRESS);
    if (!due) return;
    this.lastProgress = now;
    io.stderr.write(`${cycleText(report)}\n`);
  }

  /** Says so when attempts to keep a cycle begin to fail, and when one succeeds again. Returns whether this one failed. */
  private sayFailure(cpid: number, failure: Error | null): boolean {
    const { stderr } = this.parts.io;
    if (failure && this.failing === 0)
      stderr.write(`tidemark: cycle ${cpid} could not be kept, the guest runs on: ${errorText(failure)}\n`);
    if (!failure && this.failing > 0) stderr.write(`tidemark: cycle ${cpid} was kept, with what ${this.failing} failed before had\n`);
    this.failing = failure ? this.failing + 1 : 0;
    return failure !== null;
  }
}

/** A vCPU is halted and would take an interrupt. */
const sleeps = (vm: Vm): boolean => vm.vcpus.some((vcpu) => vcpu.halted && (vcpu.getRegs().rflags & 0x200n) !== 0n);

/** Rebuilds every cycle that the store still holds by itself; merging has checked the others. Returns how many there were in all. */
function verified(store: CheckpointStore): number {
  const { wrong } = verifyRebuilds(store);
  assert(wrong.length === 0, `cycles ${wrong.join(', ')} do not rebuild to the memory they were taken from`);
  return store.lastCycle;
}
