// Two machines whose COM1 are wired to each other. Both run on one thread, in windows of virtual time: first the one, then the other
// to the window's end, then each gets what the other sent in it. So a run depends on the two guests alone.

import { InputError } from '../base/errors.ts';
import type { Exit } from '../vm/exit.ts';
import { yieldToHost } from '../vm/yield-to-host.ts';
import { checkLinkOptions, checkLinkRun, requirePc } from './check-arguments.ts';
import type { Pc } from './pc-handle.ts';

/** How two machines are connected. */
export interface LinkOptions {
  /** Virtual nanoseconds of a window, and so the longest that a byte is on its way; 100,000 if not given. */
  readonly window?: number;
}

/** What ends a run of connected machines, beside the machines themselves; of several the first. */
export interface LinkRunOptions {
  /** Virtual nanoseconds, counted from when the machines were connected, at which the run ends at the latest. */
  readonly until?: number;
  /** Milliseconds of the host's clock that end the run; 60,000 if neither this nor `until` is given. Infinity for never. */
  readonly timeout?: number;
  /** Ends the run once it is aborted. */
  readonly signal?: AbortSignal;
}

/** Why a run ended. `time`: virtual nanoseconds since the machines were connected. */
export type LinkResult =
  /** A machine came back by itself: the first one (0) or the second (1). */
  | { readonly reason: 'exit'; readonly machine: 0 | 1; readonly exit: Exit; readonly time: number }
  /** Both are halted, nothing is on its way, and no device will wake one of them. */
  | { readonly reason: 'idle'; readonly time: number }
  | { readonly reason: 'until' | 'timeout' | 'aborted'; readonly time: number };

const DEFAULT_WINDOW = 100_000;
const DEFAULT_TIMEOUT = 60_000;
/** Milliseconds between two turns of the host's event loop. */
const TURN_MS = 5;

const NOTHING = new Uint8Array(0);

/** One end: a machine, and what it sent in the window. */
class End {
  /** Its clock when it was connected, in ticks. */
  readonly origin: number;
  sent: number[] = [];
  halted = false;
  readonly close: () => void;

  constructor(
    readonly pc: Pc,
    readonly index: 0 | 1,
  ) {
    this.origin = pc.vm.clock.ticks;
    this.close = pc.onSerial((byte) => void this.sent.push(byte));
  }

  /** Hands over what waits to be typed, then runs to `time` ns after the origin. Null if it gets there or sleeps, else why it came back. */
  runTo(time: number): Exit | null {
    const { vm } = this.pc;
    this.pc.type(NOTHING);
    const { exit } = vm.runSlice(Infinity, { until: { ticks: this.origin + vm.clock.ticksAt(time), events: 0, waiting: false } });
    this.halted = exit.kind === 'hlt';
    return exit.kind === 'limit' || this.halted ? null : exit;
  }
}

/** Two machines whose COM1 ports are wired to each other. They run in turn, a window of virtual time each. */
export class SerialLink {
  private readonly ends: readonly [End, End];
  /** Virtual nanoseconds of a window, and since the machines were connected, and which end goes on in the window after them. */
  private readonly window: number;
  private elapsed = 0;
  private next: 0 | 1 = 0;
  private isClosed = false;

  /** For `connectSerial`. */
  constructor(a: Pc, b: Pc, { window = DEFAULT_WINDOW }: LinkOptions) {
    this.ends = [new End(a, 0), new End(b, 1)];
    const tick = Math.max(a.vm.clock.nsPerTick, b.vm.clock.nsPerTick);
    this.window = Math.ceil(window / tick) * tick;
  }

  /** Virtual nanoseconds since the machines were connected, at the end of the last whole window. */
  get time(): number {
    return this.elapsed;
  }

  /**
   * Runs both machines until one comes back by itself, both wait for nothing, or a bound is reached; says which. The host's event loop
   * gets turns meanwhile. A further run goes on where this one ended. What is typed at a machine meanwhile reaches it too. InputError once
   * the link is closed; other errors as `vm.runSlice`.
   */
  async run(options: LinkRunOptions = {}): Promise<LinkResult> {
    checkLinkRun(options);
    const { until = Infinity, timeout = until < Infinity ? Infinity : DEFAULT_TIMEOUT, signal } = options;
    const end = performance.now() + timeout;
    for (let turn = performance.now() + TURN_MS; ; ) {
      if (this.time >= until) return { reason: 'until', time: this.time };
      if (signal?.aborted) return { reason: 'aborted', time: this.time };
      if (performance.now() >= end) return { reason: 'timeout', time: this.time };
      const result = this.runWindow();
      if (result) return result;
      if (performance.now() < turn) continue;
      await yieldToHost();
      turn = performance.now() + TURN_MS;
    }
  }

  /** Takes the wire away: what a machine sends reaches the other no more. */
  close(): void {
    this.isClosed = true;
    for (const end of this.ends) end.close();
  }

  /** Runs both to the window's end, and hands over what they sent. Null if it got so far and something is left to wait for. */
  private runWindow(): LinkResult | null {
    if (this.isClosed) throw new InputError('the link is closed');
    const target = this.elapsed + this.window;
    for (const end of this.ends.slice(this.next)) {
      this.next = end.index;
      const exit = end.runTo(target);
      if (exit) return { reason: 'exit', machine: end.index, exit, time: this.time };
    }
    this.next = 0;
    this.elapsed = target;
    const [a, b] = this.ends;
    const isIdle = a.halted && b.halted && a.sent.length + b.sent.length === 0;
    handOver(a, b);
    handOver(b, a);
    return isIdle ? { reason: 'idle', time: this.time } : null;
  }
}

function handOver(from: End, to: End): void {
  const { sent } = from;
  from.sent = [];
  to.pc.type(Uint8Array.from(sent));
}

/**
 * Wires COM1 of two machines to each other: what one sends, the other receives, at the end of the window of virtual time in which it was
 * sent. Bytes that the other has no room for wait for it. `run` of the link runs both. Two runs of the same guests are the same to the
 * bit. KvmError EINVAL for what is no PC; InputError for a machine and itself.
 */
export function connectSerial(a: Pc, b: Pc, options: LinkOptions = {}): SerialLink {
  requirePc('a', a);
  requirePc('b', b);
  checkLinkOptions(options);
  if (a.vm === b.vm) throw new InputError('a machine cannot be connected to itself');
  return new SerialLink(a, b, options);
}
