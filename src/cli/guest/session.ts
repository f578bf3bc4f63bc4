// One guest on one machine, from a machine that is ready to run to the process's exit status: its outputs, keyboard, limits,
// traces, checkpoints and reports.

import { assert } from '../../base/errors.ts';
import { Checkpointer } from '../../checkpoint/checkpointer.ts';
import type { CycleReport } from '../../checkpoint/checkpointer.ts';
import { verifyRebuilds } from '../../checkpoint/rebuild.ts';
import { MemoryStore } from '../../checkpoint/store.ts';
import type { CheckpointStore, GuestEnd } from '../../checkpoint/store.ts';
import type { Board, KeyEvent } from '../../machine/board.ts';
import { LostWriteError } from '../../mt/shadow.ts';
import type { SliceResult } from '../../vm/exit.ts';
import type { Vm } from '../../vm/vm.ts';
import { yieldToHost } from '../../vm/yield-to-host.ts';
import { DirectoryStore } from '../checkpoint-directory.ts';
import { ExitStatus } from '../exit-status.ts';
import { errorText } from '../report-error.ts';
import { requireWritable } from '../atomic-file.ts';
import type { CliIo } from '../io.ts';
import { isSystemError } from '../system-error.ts';
import type { Tape } from '../record/tape.ts';
import type { SessionOptions } from '../session-options.ts';
import { checkpointPolicy } from './checkpoint-policy.ts';
import { CheckpointTotals, cycleText } from './checkpoint-report.ts';
import { ConsoleInput } from './console-input.ts';
import { loadDisassembler } from './disassembler.ts';
import { judgeFor } from './judge.ts';
import type { Judge } from './judge.ts';
import { Notices } from './notices.ts';
import { outcomeOf, stoppedOutcome } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import { GuestOutputs } from './outputs.ts';
import { writeReport } from './report.ts';
import type { ReportInput } from './report.ts';
import { checkpointRunner, freeRunner } from './runner.ts';
import type { Runner, RunnerParts } from './runner.ts';
import { ScreenView } from './screen-view.ts';
import { ExitCounts } from './stats.ts';
import { Stop } from './stop.ts';
import { traceEvents } from './trace-events.ts';
import { traceInstructions } from './trace-instructions.ts';
import { terminalKeys } from './terminal-keys.ts';
import { lineSink } from './trace-sink.ts';
import type { LineSink } from './trace-sink.ts';
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
}

/** Between turns of the event loop, ms. */
const TURN = 5;
/** Most bytes of pages and blocks that checkpoints in memory keep; beyond that the oldest cycles are merged. */
const MEMORY_STORE_LIMIT = 512 * 1024 ** 2;
/** ms between two lines of progress on a terminal. */
const PROGRESS = 1000;

/**
 * Builds a machine with `build` and runs it as `options` say. Returns the exit status. Throws InputError and system errors;
 * what the guest said until then is in its files all the same.
 */
export async function runSession(
  options: SessionOptions,
  io: CliIo,
  build: (sinks: GuestSinks) => ReadyMachine,
  tape: Tape | null = null,
  name = 'guest',
): Promise<number> {
  const outputs = new GuestOutputs(options.serial, options.debugcon, io);
  const notices = new Notices(io, options.json);
  const judge = judgeFor(options, io, name);
  const outward: GuestSinks = { serial: outputs.serial, debugcon: outputs.debug, notice: notices.add };
  const sinks = judge?.sinks(outward) ?? outward;
  const machine = build(tape?.sinks(sinks) ?? sinks);
  const disassemble = options.trace?.what === 'instructions' ? await loadDisassembler() : null;
  outputs.open();
  const discard = (): void => {
    judge?.discard();
    outputs.discard();
  };
  const store = opened(discard, () => {
    judge?.open(() => machine.vm.kick());
    if (options.stats !== null && options.stats.file !== null) requireWritable(options.stats.file);
    return storeFor(options);
  });
  const sink = opened(
    () => {
      store?.close?.();
      discard();
    },
    () => (options.trace === null ? null : lineSink(options.trace.file, io)),
  );
  try {
    const played = tape?.begin(machine.vm) ?? null;
    const runSlice = disassemble && sink ? traceInstructions(machine.vm, disassemble, sink, played ?? undefined) : played;
    if (sink && !disassemble) traceEvents(machine.vm, sink);
    const status = await new Session(options, io, machine, outputs, notices, store, sink, tape, judge).run(runSlice);
    return leftBehind(io, status, () => tape?.end(status) ?? status);
  } finally {
    store?.close?.();
    sink?.close();
    judge?.discard();
    await outputs.close();
  }
}

/** What `open` gives; if it throws, `undo` is done first. */
function opened<T>(undo: () => void, open: () => T): T {
  try {
    return open();
  } catch (error) {
    undo();
    throw error;
  }
}

/**
 * What `write` returns, which writes what the run leaves behind. That it could not be written after all is told, and takes the place of
 * status 0 alone.
 */
function leftBehind(io: CliIo, status: number, write: () => number): number {
  try {
    return write();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    io.stderr.write(`tidemark: ${errorText(error)}\n`);
    return status === ExitStatus.OK ? ExitStatus.CHECKPOINT : status;
  }
}

function storeFor({ checkpointing, checkpointTo }: SessionOptions): CheckpointStore | null {
  if (!checkpointing) return null;
  return checkpointTo === null ? new MemoryStore(MEMORY_STORE_LIMIT) : DirectoryStore.create(checkpointTo);
}

class Session {
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

  constructor(
    private readonly options: SessionOptions,
    private readonly io: CliIo,
    private readonly machine: ReadyMachine,
    private readonly outputs: GuestOutputs,
    private readonly notices: Notices,
    private readonly store: CheckpointStore | null,
    private readonly trace: LineSink | null,
    private readonly tape: Tape | null,
    private readonly judge: Judge | null,
  ) {
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
    } = this;
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
    const {
      machine: { vm },
      clock,
    } = this;
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
    } = this;
    const checkpointer = store && new Checkpointer(vm, store, checkpointPolicy(options, vm.pageCount));
    checkpointer?.start();
    const totals = store && new CheckpointTotals(options.checkpointTo, store.base().pages.size);
    const parts: RunnerParts = { vm, runSlice: traced ?? ((...most) => this.slice(...most)), between: () => this.between() };
    const runner =
      checkpointer && totals ? checkpointRunner(parts, checkpointer, totals, (...done) => this.cycleDone(...done)) : freeRunner(parts);

    const started = performance.now();
    const guest = await this.guarded(runner);
    const ended = this.judge?.judged(guest) ?? guest;
    const seconds = (performance.now() - started) / 1000;
    const mt = checkpointer?.stats() ?? null;
    checkpointer?.stop();
    await this.outputs.flush();
    const checkpoints = totals?.summary() ?? null;
    const outcome =
      checkpoints && checkpoints.failed > 0 && ended.status === ExitStatus.OK ? { ...ended, status: ExitStatus.CHECKPOINT } : ended;
    const report: ReportInput = {
      options,
      io: this.io,
      outcome,
      notices: this.notices.all,
      stats: { vm, before: this.before, seconds, exits: this.exits, mt },
      checkpoints,
      verified: store && options.verify && outcome.status !== ExitStatus.INTERNAL ? verified(store) : null,
    };
    return leftBehind(this.io, outcome.status, () => {
      writeReport(report);
      this.judge?.report(outcome, seconds);
      return outcome.status;
    });
  }

  /** Where the guest's screen is drawn, what it says on that terminal waits until the end. */
  private openScreen(): void {
    const { screen, io } = this;
    if (screen?.live) this.notices.hold();
    if (screen?.live && io.stdout.isTTY) this.outputs.hold();
    screen?.open();
  }

  /** Runs with limits and keyboard in force. */
  private async guarded(runner: Runner): Promise<Outcome> {
    const {
      machine: { vm, end },
      stop,
      input,
    } = this;
    if (end && end.kind !== 'hlt') {
      this.screen?.close();
      return outcomeOf(end, 0, vm, this.before);
    }
    stop.arm(this.options.timeout);
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
      this.outputs.release();
      this.notices.release();
      stop.disarm();
    }
  }

  private async untilEnd(runner: Runner): Promise<Outcome> {
    const {
      machine: { vm },
      stop,
      input,
    } = this;
    let left = this.options.maxInstructions ?? Infinity;
    for (;;) {
      const { exit, vcpu, retired } = await runner(left);
      left -= retired;
      if (!this.store) this.exits.count(exit.kind);
      if (exit.kind === 'interrupted' && this.judge?.hasDecided) return this.judge.outcome;
      if (exit.kind === 'interrupted' && stop.reason !== null) return stoppedOutcome(stop.reason, vm, this.before);
      const recorded = this.tape?.endsWith ?? null;
      if (exit.kind === 'interrupted' && recorded !== null) return { status: recorded, lines: [], fields: { outcome: 'replayed' } };
      if (exit.kind !== 'hlt' || !input || !sleeps(vm)) return outcomeOf(exit, vcpu, vm, this.before);
      // Only what is typed can wake the guest now.
      this.screen?.draw();
      await this.outputs.flush();
      if (!(await input.more(stop.signal))) {
        return stop.reason === null ? outcomeOf(exit, vcpu, vm, this.before) : stoppedOutcome(stop.reason, vm, this.before);
      }
    }
  }

  /** Between slices: the keyboard, the outputs, the event loop. False once the run is to stop. */
  private async between(): Promise<boolean> {
    this.input?.pump();
    const redraw = this.screen?.refresh() ?? Infinity;
    const asleep = this.clock.remaining();
    if (asleep > 0 && this.input) {
      await this.outputs.flush();
      await this.input.arrival(this.stop.signal, Math.min(asleep, redraw));
      this.lastTurn = performance.now();
    } else if (performance.now() - this.lastTurn >= TURN) {
      await this.outputs.flush();
      await yieldToHost();
      this.lastTurn = performance.now();
    }
    return this.stop.reason === null && (this.tape?.endsWith ?? null) === null && this.judge?.hasDecided !== true;
  }

  private cycleDone(report: CycleReport, failure: Error | null): void {
    const { options, io } = this;
    this.exits.count(report.exit.kind);
    const kept = failure ? ' kept=no' : '';
    this.trace?.line(`checkpoint cycle=${report.cpid} exit=${report.exit.kind} dirty=${report.gfns.length}${kept}`);
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
    const { stderr } = this.io;
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
