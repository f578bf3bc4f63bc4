// One guest on one machine, from a machine that is ready to run to the process's exit status: its outputs, keyboard, limits,
// traces, checkpoints and reports.

import { assert } from '../../base/errors.ts';
import { Checkpointer } from '../../checkpoint/checkpointer.ts';
import type { CycleReport } from '../../checkpoint/checkpointer.ts';
import { verifyRebuilds } from '../../checkpoint/rebuild.ts';
import { MemoryStore } from '../../checkpoint/store.ts';
import type { CheckpointStore, GuestEnd } from '../../checkpoint/store.ts';
import { Symbols } from '../../debug/symbols.ts';
import type { Board, KeyEvent } from '../../machine/board.ts';
import { LostWriteError } from '../../mt/shadow.ts';
import type { Exit, SliceResult } from '../../vm/exit.ts';
import type { Vm } from '../../vm/vm.ts';
import { yieldToHost } from '../../vm/yield-to-host.ts';
import { DirectoryStore } from '../checkpoint-directory.ts';
import { ExitStatus } from '../exit-status.ts';
import { readInputFile } from '../input-file.ts';
import { errorText } from '../report-error.ts';
import type { CliIo } from '../io.ts';
import type { Tape } from '../record/tape.ts';
import type { SessionOptions } from '../session-options.ts';
import { checkpointPolicy } from './checkpoint-policy.ts';
import { CheckpointTotals, cycleText } from './checkpoint-report.ts';
import { ConsoleInput } from './console-input.ts';
import { loadDisassembler } from './disassembler.ts';
import { judgeFor } from './judge.ts';
import type { Judge } from './judge.ts';
import { Notices } from './notices.ts';
import { CUT_SHORT, outcomeOf, stoppedOutcome, withStopped } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import { GuestOutputs } from './outputs.ts';
import { PostMortem } from './post-mortem.ts';
import type { End, LoadedFile } from './post-mortem.ts';
import { json, writeReport } from './report.ts';
import { RunFiles } from './run-files.ts';
import type { RunFile } from './run-files.ts';
import { checkpointRunner, freeRunner } from './runner.ts';
import type { Runner, RunnerParts } from './runner.ts';
import { ScreenView } from './screen-view.ts';
import { collectStats, ExitCounts, statsText } from './stats.ts';
import { Stop } from './stop.ts';
import type { StopReason } from './stop.ts';
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

const NOWHERE: GuestSinks = { serial() {}, debugcon() {}, notice() {} };

/** Between turns of the event loop, ms. */
const TURN = 5;
/** Most bytes of pages and blocks that checkpoints in memory keep; beyond that the oldest cycles are merged. */
const MEMORY_STORE_LIMIT = 512 * 1024 ** 2;
/** ms between two lines of progress on a terminal. */
const PROGRESS = 1000;

/**
 * Builds a machine with `build` and runs it as `options` say. Returns the exit status. Throws InputError and system errors;
 * what the guest said until then is in its files all the same. `build` is called again, for a machine in all the same, when the run's
 * end is looked into. `image`: the file that was loaded, for its symbols. `name`:
 * the guest's, for reports.
 */
export async function runSession(
  options: SessionOptions,
  io: CliIo,
  build: (sinks: GuestSinks) => ReadyMachine,
  tape: Tape | null = null,
  image: LoadedFile | null = null,
  name = 'guest',
): Promise<number> {
  const symbols = options.symbols === null ? null : Symbols.parse(options.symbols, readInputFile(options.symbols, 'file of symbols'));
  const outputs = new GuestOutputs(options.serial, options.debugcon, io);
  const notices = new Notices(io, options.json);
  const judge = judgeFor(options, io, name);
  const outward: GuestSinks = { serial: outputs.serial, debugcon: outputs.debug, notice: notices.add };
  const sinks = judge?.sinks(outward) ?? outward;
  const machine = build(tape?.sinks(sinks) ?? sinks);
  const disassemble = options.trace?.what === 'instructions' ? await loadDisassembler() : null;
  const files = new RunFiles();
  const { store, sink, stats } = opened(
    () => files.discard(),
    () => {
      outputs.open(files);
      tape?.open(files);
      judge?.open(files, () => machine.vm.kick());
      return {
        sink: options.trace === null ? null : lineSink(options.trace.file, io, files),
        stats: options.stats === null || options.stats.file === null ? null : files.open(options.stats.file),
        store: storeFor(options),
      };
    },
  );
  try {
    const played = opened(
      () => files.discard(),
      () => tape?.begin(machine.vm) ?? null,
    );
    const runSlice =
      disassemble && sink ? traceInstructions(machine.vm, disassemble, sink, options.trace!.classes, played ?? undefined) : played;
    if (sink && !disassemble) traceEvents(machine.vm, sink, options.trace!.classes);
    const journal = tape?.journal ?? machine.vm.record();
    const postMortem = new PostMortem(machine.vm, journal, () => build(NOWHERE).vm, symbols, image);
    return await new Session(options, io, machine, outputs, notices, store, sink, tape, files, stats, postMortem, judge).run(runSlice);
  } finally {
    store?.close?.();
    files.close();
    await outputs.flush();
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
  /** The run's end, if it is to be looked into. */
  private end: End | null = null;

  constructor(
    private readonly options: SessionOptions,
    private readonly io: CliIo,
    private readonly machine: ReadyMachine,
    private readonly outputs: GuestOutputs,
    private readonly notices: Notices,
    private readonly store: CheckpointStore | null,
    private readonly trace: LineSink | null,
    private readonly tape: Tape | null,
    private readonly files: RunFiles,
    /** Where counters go at the end, if that is a file. */
    private readonly statsFile: RunFile | null,
    private readonly postMortem: PostMortem,
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
    opened(
      () => this.files.discard(),
      () => checkpointer?.start(),
    );
    const totals = store && new CheckpointTotals(options.checkpointTo, store.base().pages.size);
    const parts: RunnerParts = { vm, runSlice: traced ?? ((...most) => this.slice(...most)), between: () => this.between() };
    const runner =
      checkpointer && totals ? checkpointRunner(parts, checkpointer, totals, (...done) => this.cycleDone(...done)) : freeRunner(parts);

    const started = performance.now();
    const unexplained = await this.guarded(runner);
    const seconds = (performance.now() - started) / 1000;
    const explained = this.end ? withStopped(unexplained, await this.postMortem.examine(this.end)) : unexplained;
    const ended = this.judge?.judged(explained) ?? explained;
    const mt = checkpointer?.stats() ?? null;
    checkpointer?.stop();
    await this.outputs.flush();
    const checkpoints = totals?.summary() ?? null;
    const counted = collectStats({ vm, before: this.before, seconds, exits: this.exits, mt });
    this.statsFile?.text(`${options.json ? json(counted) : statsText(counted).join('\n')}\n`);
    const { status, lines } = this.tape?.end(ended.status) ?? { status: ended.status, lines: [] };
    this.judge?.report({ ...ended, status }, seconds);
    this.files.close();
    const unwritten = this.files.failures;
    const isWhole = unwritten.length === 0 && (checkpoints === null || checkpoints.failed === 0);
    const outcome = { ...ended, status: !isWhole && status === ExitStatus.OK ? ExitStatus.UNWRITTEN : status };
    writeReport({
      options,
      io: this.io,
      outcome,
      notices: this.notices.all,
      stats: options.stats !== null && this.statsFile === null ? counted : null,
      vm,
      before: this.before,
      seconds,
      checkpoints,
      verified: store && options.verify && outcome.status !== ExitStatus.INTERNAL ? verified(store) : null,
      unwritten,
    });
    for (const line of lines) this.io.stderr.write(`${line}\n`);
    return outcome.status;
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
      machine: { end },
      stop,
      input,
    } = this;
    if (end && end.kind !== 'hlt') {
      this.screen?.close();
      return this.endedBy(end, 0, 'resumed');
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
      if (exit.kind === 'interrupted' && stop.reason !== null) return this.stoppedBy(stop.reason, exit, vcpu);
      const recorded = this.tape?.endsWith ?? null;
      if (exit.kind === 'interrupted' && recorded !== null) {
        if (CUT_SHORT.includes(recorded)) this.end = { exit, vcpu, reason: null };
        return { status: recorded, lines: [], fields: { outcome: 'replayed' } };
      }
      if (exit.kind !== 'hlt' || !input || !sleeps(vm)) return this.endedBy(exit, vcpu, null);
      // Only what is typed can wake the guest now.
      this.screen?.draw();
      await this.outputs.flush();
      if (!(await input.more(stop.signal))) {
        return stop.reason === null ? this.endedBy(exit, vcpu, null) : this.stoppedBy(stop.reason, exit, vcpu);
      }
    }
  }

  /** The guest, or the limit of instructions, has ended the run. A halt, a reset and a write to the debug-exit port are plain ends. */
  private endedBy(exit: Exit, vcpu: number, reason: End['reason']): Outcome {
    if (exit.kind === 'shutdown' || exit.kind === 'limit') this.end = { exit, vcpu, reason };
    return outcomeOf(exit, vcpu, this.machine.vm, this.before);
  }

  private stoppedBy(reason: StopReason, exit: Exit, vcpu: number): Outcome {
    if (reason !== 'quit') this.end = { exit, vcpu, reason };
    return stoppedOutcome(reason, this.machine.vm, this.before);
  }

  /** Between slices: the keyboard, the outputs, the event loop. False once the run is to stop. */
  private async between(): Promise<boolean> {
    this.postMortem.look();
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
