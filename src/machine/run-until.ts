// Runs a machine until it says what is waited for. Where a run stops depends on the guest alone: right after the byte that completes
// the text, at a fixed virtual time for the screen, at an exit, at an instruction. Only a timeout or an aborted signal is the host's.

import { yieldToHost } from '../vm/yield-to-host.ts';
import type { Exit, SliceResult } from '../vm/exit.ts';
import type { Vm } from '../vm/vm.ts';
import type { Board } from './board.ts';
import { FEED_NS } from './serial-typing.ts';
import type { SerialTyping } from './serial-typing.ts';
import { screenLines, textScreen } from './text-screen.ts';
import { fixedPattern } from './text-watch.ts';
import type { Pattern, TextWatch } from './text-watch.ts';

/** What ends a run of `pc.runUntil`; of several the first. */
export interface RunUntilOptions {
  /**
   * Text on COM1, UTF-8, that ends the run: a pattern or the text itself. What was said before counts too, up to the end of the last
   * match. A match reaches back 4,096 bytes at most.
   */
  readonly serial?: Pattern;
  /** The same for the debug console. */
  readonly debugcon?: Pattern;
  /** Text on the screen: its lines, joined by newlines. The screen is looked at each 10 ms of virtual time, and at the run's end. */
  readonly screen?: Pattern;
  /** Retired instructions, over all vCPUs, that end the run. */
  readonly limit?: number;
  /** Milliseconds of the host's clock that end the run; 60,000 if neither this nor `limit` is given. Infinity for never. */
  readonly timeout?: number;
  /** Ends the run once it is aborted. */
  readonly signal?: AbortSignal;
}

/** Why a run ended. `retired`: instructions retired in it, over all vCPUs. */
export type RunUntilResult =
  /** The text was found: what `RegExp.exec` gives. */
  | { readonly reason: 'serial' | 'debugcon' | 'screen'; readonly match: RegExpExecArray; readonly retired: number }
  /** The machine came back by itself. `vcpu`: index of the vCPU that was executing. */
  | { readonly reason: 'exit'; readonly exit: Exit; readonly vcpu: number; readonly retired: number }
  | { readonly reason: 'limit' | 'timeout' | 'aborted'; readonly retired: number };

/** What a run needs of the PC. */
export interface RunHost {
  readonly vm: Vm;
  readonly board: Board;
  readonly typing: SerialTyping;
  readonly watches: { readonly serial: TextWatch; readonly debugcon: TextWatch };
  /** One slice, which a match or a full line ends early. */
  runSlice(limit: number, options: { readonly milliseconds: number; readonly until?: number }): SliceResult;
}

const DEFAULT_TIMEOUT = 60_000;
/** Milliseconds between two turns of the host's event loop. */
const SLICE_MS = 5;
/** Virtual nanoseconds between two looks at the screen. */
const LOOK_NS = 10_000_000;
const CHANNELS = ['serial', 'debugcon'] as const;

export async function runUntil(host: RunHost, options: RunUntilOptions): Promise<RunUntilResult> {
  const { limit = Infinity, timeout = limit < Infinity ? Infinity : DEFAULT_TIMEOUT, signal } = options;
  const end = performance.now() + timeout;
  const screen = options.screen === undefined ? null : fixedPattern(options.screen);
  for (const channel of CHANNELS) {
    const pattern = options[channel];
    host.watches[channel].watch(pattern === undefined ? null : fixedPattern(pattern));
  }
  try {
    let retired = 0;
    let found = said(host) ?? seen(host, screen);
    const look = new Schedule(host.vm, LOOK_NS);
    const feed = new Schedule(host.vm, FEED_NS);
    host.typing.feed();
    for (;;) {
      if (found) return { ...found, retired };
      if (retired >= limit) return { reason: 'limit', retired };
      if (signal?.aborted) return { reason: 'aborted', retired };
      if (performance.now() >= end) return { reason: 'timeout', retired };
      const until = Math.min(screen ? look.next : Infinity, host.typing.pending ? feed.next : Infinity);
      const milliseconds = Math.min(SLICE_MS, Math.max(0, end - performance.now()));
      const result = host.runSlice(limit - retired, { milliseconds, ...(until < Infinity ? { until } : {}) });
      retired += result.retired;
      const { exit, vcpu } = result;
      const isLast = exit.kind !== 'limit' || retired >= limit;
      if (feed.isDue(result)) host.typing.feed();
      found = said(host) ?? (look.isDue(result) || isLast ? seen(host, screen) : null);
      if (exit.kind !== 'limit' && !found) return { reason: 'exit', exit, vcpu, retired };
      await yieldToHost();
    }
  } finally {
    for (const channel of CHANNELS) host.watches[channel].watch(null);
  }
}

/** Moments at whole multiples of a step of virtual nanoseconds. Slices, which the host's clock cuts, do not move them. */
class Schedule {
  next: number;

  constructor(
    private readonly vm: Vm,
    private readonly step: number,
  ) {
    this.next = this.after(0);
  }

  /** Whether the moment is there, or all vCPUs sleep beyond it; then it is followed by the next. */
  isDue({ sleepsUntil = 0 }: SliceResult): boolean {
    const isDue = this.vm.clock.nanoseconds() >= this.next || sleepsUntil > this.next;
    if (isDue) this.next = this.after(sleepsUntil);
    return isDue;
  }

  /** The first such moment after now, and not before `at`. */
  private after(at: number): number {
    const { clock } = this.vm;
    return Math.ceil(Math.max(clock.nanoseconds() + clock.nsPerTick, at) / this.step) * this.step;
  }
}

type Found = Extract<RunUntilResult, { readonly match: RegExpExecArray }>;

function said({ watches }: RunHost): Omit<Found, 'retired'> | null {
  for (const reason of CHANNELS) {
    const match = watches[reason].take();
    if (match) return { reason, match };
  }
  return null;
}

function seen(host: RunHost, pattern: RegExp | null): Omit<Found, 'retired'> | null {
  const screen = pattern && textScreen(host);
  const match = screen && pattern.exec(screenLines(screen).join('\n'));
  return match ? { reason: 'screen', match } : null;
}
