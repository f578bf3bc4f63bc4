// The MC146818 real-time clock with its CMOS RAM, as PCs have it: an index register and a data register (Motorola, "MC146818
// Real-Time Clock Plus RAM"). It knows virtual time alone: a run shows the same dates whenever it is made.
//
//   A  7 UIP, an update is near | 6:4 DV, divider | 3:0 RS, periodic rate
//   B  7 SET | 6 PIE | 5 AIE | 4 UIE | 3 SQWE | 2 DM, binary | 1 24/12 | 0 DSE (kept, without effect)
//   C  7 IRQF | 6 PF | 5 AF | 4 UF, all cleared by reading | D  7 VRT, the battery is good

import type { AccessWidth, Device, DeviceState, IrqLine } from '../base/device.ts';
import { InputError } from '../base/errors.ts';
import { readByBytes, writeByBytes } from './byte-access.ts';
import { nanosecondsOf, ticksAt } from './pit-clock.ts';
import { nextAlarm } from './rtc-alarm.ts';
import { CLOCK_REGISTERS, YEAR_0, YEAR_10000, clockRegisters, secondsOf, wrapYears } from './rtc-calendar.ts';
import type { Coding } from './rtc-calendar.ts';
import { checkState, copyState, int, list } from './state.ts';
import type { StateOf } from './state.ts';

/** The time base: 32.768 kHz. Times within the device are its pulses. */
const HZ = 32768;
export const CMOS_BYTES = 128;
const PORTS = 2;
const Reg = { A: 0xa, B: 0xb, C: 0xc, D: 0xd } as const;
const UIP = 0x80;
const B = { SET: 0x80, PIE: 0x40, AIE: 0x20, UIE: 0x10, DM: 4, H24: 2 } as const;
const C = { IRQF: 0x80, PF: 0x40, AF: 0x20, UF: 0x10 } as const;
const VRT = 0x80;
/** DV 11x holds the divider; the first update comes half a second after it is let go ("Divider Control"). */
const DIVIDER_RESET = 0x60;
const HALF_SECOND = HZ / 2;
/** UIP goes up 244 µs before an update, which takes 1984 µs ("Update Cycle"); registers change at its end. */
const UPDATE_TICKS = 73;

const MAX_TICK = ticksAt(Number.MAX_SAFE_INTEGER, HZ);
const SCHEMA = {
  index: int(0xff),
  a: int(0x7f),
  b: int(0xff),
  c: int(0x70),
  /** Pulses seen; the pulse that ends the divider's first second; the calendar in that second, in seconds since the year 0. */
  tick: int(MAX_TICK),
  firstUpdate: int(MAX_TICK + HZ, HALF_SECOND),
  base: int(YEAR_10000 - YEAR_0 - 1),
  /** CMOS RAM. The bytes of the clock's registers hold its time while it stands still. */
  ram: list(0xff, CMOS_BYTES),
};

export interface RtcOptions {
  /** What the clock shows at virtual time 0, in seconds since 1970 (UTC). */
  readonly epoch: number;
  /** CMOS RAM at power-on, by offset; 0 where nothing is given. */
  readonly cmos?: ReadonlyMap<number, number>;
}

export class RtcMc146818 implements Device {
  readonly name = 'rtc';
  private state: StateOf<typeof SCHEMA>;

  constructor(
    private readonly irq: IrqLine,
    private readonly options: RtcOptions,
  ) {
    this.state = this.initial(0);
  }

  /** As the firmware leaves it: running, BCD, 24 hours, periodic rate 1024 Hz, no interrupts. */
  private initial(tick: number): StateOf<typeof SCHEMA> {
    const ram = Array.from({ length: CMOS_BYTES }, (_, offset) => this.options.cmos?.get(offset) ?? 0);
    return { index: 0, a: 0x26, b: B.H24, c: 0, tick, firstUpdate: HZ, base: wrapYears(this.options.epoch) - YEAR_0, ram };
  }

  /** Power-on, battery and all: the clock shows what it would have shown had nobody set it. */
  reset(): void {
    this.state = this.initial(this.state.tick);
    this.irq.set(0);
  }

  advance(now: number): void {
    const { state } = this;
    const to = ticksAt(now, HZ);
    if (to <= state.tick) return;
    if (this.nextPeriodic() <= to) state.c |= C.PF;
    if (this.nextUpdate() <= to) state.c |= C.UF;
    if (this.nextAlarm() <= to) state.c |= C.AF;
    state.tick = to;
    this.drive();
  }

  deadline(): number {
    const { b, c } = this.state;
    let tick = Infinity;
    if (b & B.PIE && !(c & C.PF)) tick = Math.min(tick, this.nextPeriodic());
    if (b & B.UIE && !(c & C.UF)) tick = Math.min(tick, this.nextUpdate());
    if (b & B.AIE && !(c & C.AF)) tick = Math.min(tick, this.nextAlarm());
    return nanosecondsOf(tick, HZ);
  }

  /** The index register cannot be read: the bus floats. */
  read(offset: number, width: AccessWidth): number {
    return readByBytes(offset, width, PORTS, (port) => (port === 0 ? 0xff : this.readRegister(this.state.index % CMOS_BYTES)));
  }

  /** Bit 7 of the index masks NMI, of which this machine has no source. */
  write(offset: number, width: AccessWidth, value: number): void {
    writeByBytes(offset, width, value, PORTS, (port, byte) => {
      if (port === 0) this.state.index = byte;
      else this.writeRegister(this.state.index % CMOS_BYTES, byte);
    });
  }

  save(): DeviceState {
    return copyState(this.state);
  }

  restore(state: DeviceState): void {
    const checked = checkState(this.name, SCHEMA, state);
    if (checked.ram.length !== CMOS_BYTES) throw new InputError(`saved state of ${this.name}: ram has not ${CMOS_BYTES} bytes`);
    if (checked.firstUpdate > checked.tick + HZ) throw new InputError(`saved state of ${this.name}: its divider started in the future`);
    this.state = checked;
  }

  private get coding(): Coding {
    return { binary: (this.state.b & B.DM) !== 0, hours24: (this.state.b & B.H24) !== 0 };
  }

  private get dividerHeld(): boolean {
    return (this.state.a & DIVIDER_RESET) === DIVIDER_RESET;
  }

  private get standsStill(): boolean {
    return (this.state.b & B.SET) !== 0 || this.dividerHeld;
  }

  /** The pulse at which the divider counted 0. */
  private get origin(): number {
    return this.state.firstUpdate - HZ;
  }

  /** Whole seconds since then. */
  private get elapsed(): number {
    return Math.floor((this.state.tick - this.origin) / HZ);
  }

  /** What the running clock shows, in seconds since 1970. */
  private get seconds(): number {
    return wrapYears(this.state.base + YEAR_0 + this.elapsed);
  }

  private readRegister(register: number): number {
    const { state } = this;
    switch (register) {
      case Reg.A:
        return state.a | (!this.standsStill && this.nextUpdate() - state.tick <= UPDATE_TICKS ? UIP : 0);
      case Reg.B:
        return state.b;
      case Reg.C: {
        const value = state.c | (this.interrupting ? C.IRQF : 0);
        state.c = 0;
        this.drive();
        return value;
      }
      case Reg.D:
        return VRT;
      default:
        if (!this.standsStill && CLOCK_REGISTERS.includes(register)) return this.registersNow().get(register)!;
        return state.ram[register]!;
    }
  }

  private writeRegister(register: number, value: number): void {
    const { state } = this;
    switch (register) {
      case Reg.A:
        this.changeControl(() => {
          state.a = value & ~UIP;
        });
        break;
      case Reg.B:
        // "A high SET also clears the UIE bit."
        this.changeControl(() => {
          state.b = value & B.SET ? value & ~B.UIE : value;
        });
        this.drive();
        break;
      case Reg.C:
      case Reg.D:
        break;
      default:
        if (this.standsStill || !CLOCK_REGISTERS.includes(register)) state.ram[register] = value;
        else this.setRunning(register, value);
    }
  }

  private registersNow(): ReadonlyMap<number, number> {
    return clockRegisters(this.seconds, this.coding);
  }

  /** A clock that stops leaves its time in the registers; one that starts takes it from there. */
  private changeControl(change: () => void): void {
    const { state } = this;
    const stood = this.standsStill;
    const held = this.dividerHeld;
    const registers = stood ? null : this.registersNow();
    change();
    if (held && !this.dividerHeld) state.firstUpdate = state.tick + HALF_SECOND;
    if (this.standsStill)
      registers?.forEach((value, register) => {
        state.ram[register] = value;
      });
    else if (stood) this.setBase(secondsOf((register) => state.ram[register]!, this.coding));
  }

  private setRunning(register: number, value: number): void {
    const registers = new Map(this.registersNow()).set(register, value);
    this.setBase(secondsOf((offset) => registers.get(offset)!, this.coding));
  }

  /** From now on the clock shows `seconds`. */
  private setBase(seconds: number): void {
    this.state.base = wrapYears(seconds - this.elapsed) - YEAR_0;
  }

  /** The next pulse of the periodic interrupt. RS 1 and 2 give 256 and 128 Hz, others 65536 / 2^RS Hz. */
  private nextPeriodic(): number {
    const {
      origin,
      state: { a, tick },
    } = this;
    const rate = a & 0xf;
    if (rate === 0 || this.dividerHeld) return Infinity;
    const period = 1 << (rate < 3 ? rate + 6 : rate - 1);
    return origin + (Math.floor((tick - origin) / period) + 1) * period;
  }

  private nextUpdate(): number {
    return this.standsStill ? Infinity : this.origin + (this.elapsed + 1) * HZ;
  }

  private nextAlarm(): number {
    if (this.standsStill) return Infinity;
    return this.origin + (this.elapsed + nextAlarm(this.seconds, this.state.ram, this.coding)) * HZ;
  }

  private get interrupting(): boolean {
    return (this.state.b & this.state.c & (B.PIE | B.AIE | B.UIE)) !== 0;
  }

  private drive(): void {
    this.irq.set(this.interrupting ? 1 : 0);
  }
}
