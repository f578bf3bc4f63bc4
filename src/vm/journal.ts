// What reached a machine from outside, and when. With the machine as it was at the start, this is all that it takes to have the run
// again, to the bit. Positions are those of the whole machine, so one journal fits any number of vCPUs, either engine and any tracking.

import type { StateValue } from '../base/device.ts';
import type { MemslotRequest } from '../mmu/memslots.ts';
import type { ActivityName } from './vcpu.ts';

/**
 * An instruction boundary. `ticks` is virtual time; `events` counts, since the machine was built, what takes no time and may lie
 * between two instructions: events delivered, answers to accesses, inputs.
 */
export interface Position {
  /** Virtual time in ticks. */
  readonly ticks: number;
  /** What took no time so far: events delivered, answers to accesses, inputs. */
  readonly events: number;
}

/** Below 0 if `a` comes before `b`. */
export const comparePositions = (a: Position, b: Position): number => a.ticks - b.ticks || a.events - b.events;

/** Registers as they are given, with 64-bit values as hexadecimal text. */
export type PlainRegisters = { readonly [name: string]: StateValue };

/** Everything by which the outside acts on a machine. All of it is plain data, with bytes among it (StateValue). */
export type Input =
  /** For a device of the platform: what is typed, a packet, the level of a gate. */
  | { readonly kind: 'device'; readonly device: string; readonly data: StateValue }
  | { readonly kind: 'interrupt'; readonly vcpu: number; readonly vector: number }
  | { readonly kind: 'nmi' | 'reset'; readonly vcpu: number }
  | { readonly kind: 'activity'; readonly vcpu: number; readonly activity: ActivityName }
  | { readonly kind: 'regs' | 'sregs'; readonly vcpu: number; readonly values: PlainRegisters }
  | { readonly kind: 'memory'; readonly gpa: number; readonly bytes: Uint8Array }
  | { readonly kind: 'memslot'; readonly request: MemslotRequest }
  /** The caller's answer to an `io` or `mmio` exit. For a write there is nothing to answer: the value is what was written. */
  | { readonly kind: 'answer'; readonly vcpu: number; readonly value: number }
  /** Nothing: a place at which a replay can compare. */
  | { readonly kind: 'mark' };

/** A moment of a run, with what tells whether another run that comes there is the same. */
export interface Moment {
  /** Where in the run it is. */
  readonly at: Position;
  /** An access has left the machine and waits for its answer. */
  readonly waiting: boolean;
  /** A checksum of the registers of all vCPUs, 32 bits. */
  readonly check: number;
}

/** An input, and the moment at which it took effect. */
export interface JournalEntry extends Moment {
  readonly input: Input;
}

/** A journal as plain data. */
export interface JournalData {
  /** Where the recording began. */
  readonly start: Moment;
  /** In order. */
  readonly entries: readonly JournalEntry[];
  /** Where it was stopped. */
  readonly end: Moment;
}

/** A journal that is being written; `Vm.record` gives one. */
export class Journal {
  private readonly list: JournalEntry[] = [];
  private stopped: Moment | null = null;

  /**
   * `now` gives the present moment; `onStop` is called once.
   * @internal
   */
  constructor(
    readonly start: Moment,
    private readonly now: () => Moment,
    private readonly onStop: () => void,
  ) {}

  /** What was taken down so far, in order. */
  get entries(): readonly JournalEntry[] {
    return this.list;
  }

  /**
   * For the machine.
   * @internal
   */
  add(entry: JournalEntry): void {
    this.list.push(entry);
  }

  /** Ends the recording, between two slices; further inputs are not taken down. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = this.now();
    this.onStop();
  }

  /** What was recorded up to now, or to `stop`. */
  data(): JournalData {
    return { start: this.start, entries: [...this.list], end: this.stopped ?? this.now() };
  }
}
