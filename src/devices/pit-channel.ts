// One counter of the 8254. Facts are from Intel's 8254 data sheet, "Mode Definitions" and "Programming the 8254".
//
// Time is the tick: the number of CLK pulses since virtual time 0. The counting element is not stepped: `element` is what it
// held at tick `since`, and the next tick at which something happens is known (`nextEvent`). A count written during tick T is
// loaded at T + 1, as the data sheet's diagrams have it.

import { int } from './state.ts';
import type { StateOf } from './state.ts';

const MAX_TICK = Number.MAX_SAFE_INTEGER;
const NEVER = -1;

export const PIT_CHANNEL_SCHEMA = {
  /** The control word's low six bits: 5:4 RW | 3:1 mode | 0 BCD. */
  control: int(0x3f),
  /** The count register: 1 … 65536 (10000 in BCD). */
  reload: int(65536, 1),
  /** A count has been written since the control word. */
  programmed: int(1),
  /** 1 from the writing of a control word or count until it is in the counting element. */
  nullCount: int(1),
  /** RW 3: the low byte has been written (`lowByte`), the high byte is awaited. */
  highAwaited: int(1),
  lowByte: int(0xff),
  element: int(65536),
  since: int(MAX_TICK),
  counting: int(1),
  loadAt: int(MAX_TICK, NEVER),
  /** Modes 0, 1, 4, 5: 0 before the terminal count, 1 during the strobe (4, 5), 2 after it. */
  phase: int(2),
  out: int(1),
  gate: int(1),
  /** RW 3: the next read gives the high byte. */
  readHigh: int(1),
  latchedCount: int(65535, NEVER),
  latchedStatus: int(255, NEVER),
};

export type PitChannelState = StateOf<typeof PIT_CHANNEL_SCHEMA>;

/** A counter as after reset, which the data sheet leaves open: mode 0, nothing programmed, OUT low. */
// biome-ignore format: a table
export const initialChannel = (gate: number): PitChannelState => ({
  control: 0x30, reload: 65536, programmed: 0, nullCount: 1, highAwaited: 0, lowByte: 0, element: 0, since: 0, counting: 0, loadAt: NEVER,
  phase: 2, out: 0, gate, readHigh: 0, latchedCount: NEVER, latchedStatus: NEVER,
});

export class PitChannel {
  state: PitChannelState;

  /** `onOut` hears of each change of OUT. */
  constructor(
    gate: number,
    private readonly onOut: (level: 0 | 1) => void,
  ) {
    this.state = initialChannel(gate);
  }

  /** 0 … 5; the mode field's highest bit does not count in modes 2 and 3. */
  private get mode(): number {
    const bits = (this.state.control >> 1) & 7;
    return bits > 5 ? bits - 4 : bits;
  }

  private get modulus(): number {
    return this.state.control & 1 ? 10000 : 65536;
  }

  /** Tick of the next change of any state; Infinity for none. */
  nextEvent(): number {
    const { loadAt } = this.state;
    const count = this.countEvent();
    return loadAt === NEVER ? count : Math.min(loadAt, count);
  }

  /** Lets everything up to and including tick `to` happen. */
  advance(to: number): void {
    for (let next = this.nextEvent(); next <= to; next = this.nextEvent()) {
      if (next === this.state.loadAt) this.load(next);
      else this.terminal(next, to);
    }
  }

  /** "Control Word Format": OUT takes the mode's initial level, counting waits for a new count. */
  writeControl(control: number): void {
    const { state } = this;
    state.control = control & 0x3f;
    state.programmed = 0;
    state.nullCount = 1;
    state.highAwaited = 0;
    state.readHigh = 0;
    state.latchedCount = NEVER;
    state.latchedStatus = NEVER;
    state.counting = 0;
    state.loadAt = NEVER;
    state.phase = 2;
    this.setOut(this.mode === 0 ? 0 : 1);
  }

  /** A write to the counter's port during tick `now`. */
  writeCount(byte: number, now: number): void {
    const { state } = this;
    const access = state.control >> 4;
    if (access === 3 && !state.highAwaited) {
      state.lowByte = byte;
      state.highAwaited = 1;
      // Mode 0: "writing the first byte disables counting. OUT is set low immediately."
      if (this.mode === 0) this.stopModeZero(now);
      return;
    }
    state.highAwaited = 0;
    const raw = access === 1 ? byte : access === 2 ? byte << 8 : state.lowByte | (byte << 8);
    const value = state.control & 1 ? fromBcd(raw) : raw;
    state.reload = value === 0 ? this.modulus : value;
    state.nullCount = 1;
    const first = !state.programmed;
    state.programmed = 1;
    switch (this.mode) {
      case 0:
        this.stopModeZero(now);
        state.loadAt = now + 1;
        break;
      case 4:
        state.loadAt = now + 1;
        break;
      case 2:
      case 3:
        // A later count takes effect at the end of the period or half-period.
        if (first) state.loadAt = now + 1;
        break;
      default: // Modes 1 and 5 load at the trigger.
        break;
    }
  }

  /** A read of the counter's port: latched status first, then the latched count, else the counting element as it is. */
  readCount(now: number): number {
    const { state } = this;
    if (state.latchedStatus !== NEVER) {
      const status = state.latchedStatus;
      state.latchedStatus = NEVER;
      return status;
    }
    const access = state.control >> 4;
    const value = state.latchedCount === NEVER ? this.readableCount(now) : state.latchedCount;
    const high = access === 2 || (access === 3 && state.readHigh === 1);
    if (access === 3) state.readHigh ^= 1;
    if (access !== 3 || high) state.latchedCount = NEVER;
    return high ? value >> 8 : value & 0xff;
  }

  /** Counter latch command; a count already latched stays. */
  latchCount(now: number): void {
    if (this.state.latchedCount === NEVER) this.state.latchedCount = this.readableCount(now);
  }

  /** "Read-Back Command", status byte: 7 OUT | 6 null count | 5:0 as last programmed. */
  latchStatus(): void {
    const { state } = this;
    if (state.latchedStatus === NEVER) state.latchedStatus = (state.out << 7) | (state.nullCount << 6) | state.control;
  }

  /** The GATE input, during tick `now` ("Gate Pin Operations Summary"). */
  setGate(level: number, now: number): void {
    const { state } = this;
    if (level === state.gate) return;
    state.gate = level;
    const { mode } = this;
    if (mode === 1 || mode === 5) {
      if (level && state.programmed) state.loadAt = now + 1;
    } else if (!level) {
      if (mode === 4 && state.phase === 1) {
        this.setOut(1);
        state.phase = 2;
      }
      this.freeze(now);
      if (mode !== 0 && mode !== 4) this.setOut(1);
    } else if (mode === 0 || mode === 4) {
      if (state.programmed && state.nullCount === 0 && !(mode === 0 && state.highAwaited)) {
        state.counting = 1;
        state.since = now;
      }
    } else if (state.programmed) {
      state.loadAt = now + 1;
    }
  }

  /** Tick of the next change that counting down leads to. */
  private countEvent(): number {
    const { state } = this;
    if (!state.counting) return Infinity;
    const { element, since } = state;
    switch (this.mode) {
      case 2:
        return state.out ? since + element - 1 : since + element;
      case 3:
        return since + (state.out ? Math.ceil(element / 2) : Math.floor(element / 2));
      default:
        return state.phase === 2 ? Infinity : since + element + state.phase;
    }
  }

  /** The counting element takes over the count register. */
  private load(at: number): void {
    const { state, mode } = this;
    state.loadAt = NEVER;
    state.element = state.reload;
    state.since = at;
    state.nullCount = 0;
    state.phase = 0;
    state.counting = mode === 1 || mode === 5 ? 1 : state.gate;
    if (mode === 1) this.setOut(0);
    else if (mode !== 0) this.setOut(1);
  }

  /** What happens at tick `at` because of the count. `to` bounds how far whole periods may be skipped. */
  private terminal(at: number, to: number): void {
    const { state, mode } = this;
    if (mode === 2 || mode === 3) {
      const ends = mode === 3 || !state.out;
      if (ends) {
        state.element = state.reload;
        state.since = at;
        state.nullCount = 0;
      }
      this.setOut(state.out ? 0 : 1);
      // Periods nobody looked at leave no trace but the last edges: a latch that is set stays set.
      if (ends && state.out && state.loadAt === NEVER) {
        const period = state.reload;
        state.since += Math.max(0, Math.floor((to - at) / period) - 1) * period;
      }
    } else if (mode === 4 || mode === 5) {
      state.phase++;
      this.setOut(state.phase === 1 ? 0 : 1);
    } else {
      state.phase = 2;
      this.setOut(1);
    }
  }

  private stopModeZero(now: number): void {
    this.freeze(now);
    this.state.loadAt = NEVER;
    this.state.phase = 2;
    this.setOut(0);
  }

  private freeze(now: number): void {
    const { state } = this;
    state.element = this.count(now);
    state.since = now;
    state.counting = 0;
  }

  /** The counting element at `now`, binary. In mode 3 it starts each half-period even and goes down by two. */
  private count(now: number): number {
    const { element, since, counting } = this.state;
    if (!counting) return element;
    const elapsed = now - since;
    const value = this.mode === 3 ? element - (element % 2) - 2 * elapsed : element - elapsed;
    const { modulus } = this;
    return ((value % modulus) + modulus) % modulus;
  }

  private readableCount(now: number): number {
    const value = this.count(now) % this.modulus;
    return this.state.control & 1 ? toBcd(value) : value;
  }

  private setOut(level: 0 | 1): void {
    if (this.state.out === level) return;
    this.state.out = level;
    this.onOut(level);
  }
}

/** Four BCD digits to a number; digits above 9 count as what they are. */
function fromBcd(bcd: number): number {
  return (bcd & 0xf) + ((bcd >> 4) & 0xf) * 10 + ((bcd >> 8) & 0xf) * 100 + (bcd >> 12) * 1000;
}

function toBcd(value: number): number {
  const digit = (unit: number): number => Math.floor(value / unit) % 10;
  return digit(1) | (digit(10) << 4) | (digit(100) << 8) | (digit(1000) << 12);
}
