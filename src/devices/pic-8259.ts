// One 8259A interrupt controller. Facts are from Intel's 8259A data sheet; section titles are quoted.
//
// pic-pair.ts wires the PC/AT's pair of them. Only the 8086 mode of the interrupt sequence is modelled: acknowledge gives one
// vector. ICW4's buffered-mode bits concern pins, of which a model has none.

import type { AccessWidth, Device, DeviceState, IrqLine } from '../base/device.ts';
import { readByBytes, writeByBytes } from './byte-access.ts';
import { checkState, copyState, int } from './state.ts';
import type { StateOf } from './state.ts';

const Icw1 = { IC4: 1, SNGL: 2, LTIM: 8, INIT: 0x10 } as const;
const Icw4 = { AEOI: 2, SFNM: 0x10 } as const;
const Ocw2 = { EOI: 0x20, SL: 0x40, R: 0x80 } as const;
const Ocw3 = { RIS: 1, RR: 2, POLL: 4, SELECT: 8, SMM: 0x20, ESMM: 0x40 } as const;

/** `initStep` is the ICW awaited at A0 = 1 (2, 3, 4), 0 when none is. */
const SCHEMA = {
  lines: int(0xff),
  irr: int(0xff),
  imr: int(0xff),
  isr: int(0xff),
  vectorBase: int(0xf8),
  icw1: int(0x1f),
  icw3: int(0xff),
  icw4: int(0x1f),
  initStep: int(4),
  ready: int(1),
  lowest: int(7),
  rotateInAutoEoi: int(1),
  specialMask: int(1),
  readIsr: int(1),
  poll: int(1),
};

/** How a chip is wired. */
export interface PicWiring {
  /** The INT pin. */
  readonly output: IrqLine;
  /** Inputs to which another chip's INT pin is connected, as a mask. */
  readonly cascade?: number;
  /** Inputs that are level-triggered whatever ICW1 says, as a mask. */
  levelTriggered?(): number;
}

export class Pic8259 implements Device {
  private state = this.initial();

  constructor(
    readonly name: string,
    private readonly wiring: PicWiring,
  ) {}

  reset(): void {
    this.state = this.initial();
    this.update();
  }

  /** Input IR0 … IR7. */
  input(number: number): IrqLine {
    const bit = 1 << number;
    return { set: (level) => this.setLine(bit, level) };
  }

  /** Whether the mask register holds input 0 … 7 back. */
  masked(input: number): boolean {
    return (this.state.imr & (1 << input)) !== 0;
  }

  /** Whether the INT pin is high. */
  pending(): boolean {
    return this.resolve() >= 0;
  }

  /**
   * The INTA sequence. Returns the input that is now in service, or -1 if the request has gone: the chip then answers with IR7's
   * vector and leaves its ISR bit clear ("Edge and Level Triggered Modes": default IR7).
   */
  acknowledge(): number {
    const { state } = this;
    const input = this.resolve();
    // INT drops between INTA pulses even if another request waits, so that whoever listens hears of that one anew.
    this.wiring.output.set(0);
    if (input >= 0) {
      const bit = 1 << input;
      if ((this.levelMask() & bit) === 0) state.irr &= ~bit;
      if ((state.icw4 & Icw4.AEOI) === 0) state.isr |= bit;
      else if (state.rotateInAutoEoi) state.lowest = input;
    }
    this.update();
    return input;
  }

  /** The vector of an input; -1 is the default IR7. */
  vector(input: number): number {
    return this.state.vectorBase | (input < 0 ? 7 : input);
  }

  /** To be called when what `levelTriggered` gives has changed: a level-triggered input requests while it is high. */
  triggerModeChanged(): void {
    this.state.irr |= this.state.lines & this.levelMask();
    this.update();
  }

  read(offset: number, width: AccessWidth): number {
    return readByBytes(offset, width, 2, (register) => this.readRegister(register));
  }

  write(offset: number, width: AccessWidth, value: number): void {
    writeByBytes(offset, width, value, 2, (register, byte) => {
      if (register === 1) this.writeData(byte);
      else if (byte & Icw1.INIT) this.writeIcw1(byte);
      else if (byte & Ocw3.SELECT) this.writeOcw3(byte);
      else this.writeOcw2(byte);
      this.update();
    });
  }

  save(): DeviceState {
    return copyState(this.state);
  }

  restore(state: DeviceState): void {
    const checked = checkState(this.name, SCHEMA, state);
    this.state = checked;
    checked.vectorBase &= 0xf8;
  }

  /** The data sheet leaves the state before ICW1 open; here everything is masked, and INT stays low until initialised. */
  private initial(): StateOf<typeof SCHEMA> {
    return {
      lines: 0,
      irr: 0,
      imr: 0xff,
      isr: 0,
      vectorBase: 0,
      icw1: 0,
      icw3: 0,
      icw4: 0,
      initStep: 0,
      ready: 0,
      lowest: 7,
      rotateInAutoEoi: 0,
      specialMask: 0,
      readIsr: 0,
      poll: 0,
    };
  }

  /** A request lasts only while its line is high: in edge mode too it must stay until the first INTA. */
  private setLine(bit: number, level: 0 | 1): void {
    const { state } = this;
    if (level === 1) {
      if ((state.lines & bit) !== 0) return;
      state.lines |= bit;
      state.irr |= bit;
    } else {
      state.lines &= ~bit;
      state.irr &= ~bit;
    }
    this.update();
  }

  private levelMask(): number {
    return this.state.icw1 & Icw1.LTIM ? 0xff : (this.wiring.levelTriggered?.() ?? 0);
  }

  /** "Initialization Command Words": what ICW1 does by itself, a to f. */
  private writeIcw1(value: number): void {
    const { state } = this;
    state.icw1 = value & 0x1f;
    state.imr = 0;
    state.isr = 0;
    state.irr = state.lines & this.levelMask();
    state.lowest = 7;
    state.icw3 = 0;
    state.icw4 = 0;
    state.rotateInAutoEoi = 0;
    state.specialMask = 0;
    state.readIsr = 0;
    state.poll = 0;
    state.ready = 0;
    state.initStep = 2;
  }

  /** A0 = 1: the ICW that is awaited, else OCW1. */
  private writeData(value: number): void {
    const { state } = this;
    switch (state.initStep) {
      case 2:
        state.vectorBase = value & 0xf8;
        state.initStep = state.icw1 & Icw1.SNGL ? this.stepAfterIcw3() : 3;
        break;
      case 3:
        state.icw3 = value;
        state.initStep = this.stepAfterIcw3();
        break;
      case 4:
        state.icw4 = value & 0x1f;
        state.initStep = 0;
        break;
      default:
        state.imr = value;
        return;
    }
    state.ready = state.initStep === 0 ? 1 : 0;
  }

  private stepAfterIcw3(): number {
    return this.state.icw1 & Icw1.IC4 ? 4 : 0;
  }

  /** "Operation Control Word 2": R, SL and EOI select, L2:0 name an input. */
  private writeOcw2(value: number): void {
    const { state } = this;
    const level = value & 7;
    switch (value & (Ocw2.R | Ocw2.SL | Ocw2.EOI)) {
      case Ocw2.EOI:
        this.nonSpecificEoi();
        break;
      case Ocw2.SL | Ocw2.EOI:
        state.isr &= ~(1 << level);
        break;
      case Ocw2.R | Ocw2.EOI: {
        const ended = this.nonSpecificEoi();
        if (ended >= 0) state.lowest = ended;
        break;
      }
      case Ocw2.R | Ocw2.SL | Ocw2.EOI:
        state.isr &= ~(1 << level);
        state.lowest = level;
        break;
      case Ocw2.R | Ocw2.SL:
        state.lowest = level;
        break;
      case Ocw2.R:
        state.rotateInAutoEoi = 1;
        break;
      case 0:
        state.rotateInAutoEoi = 0;
        break;
      default: // SL alone: no operation
        break;
    }
  }

  private writeOcw3(value: number): void {
    const { state } = this;
    if (value & Ocw3.POLL) state.poll = 1;
    else if (value & Ocw3.RR) state.readIsr = value & Ocw3.RIS;
    if (value & Ocw3.ESMM) state.specialMask = value & Ocw3.SMM ? 1 : 0;
  }

  /**
   * Ends the interrupt in service of highest priority and returns it, or -1. In special mask mode those that are masked are
   * passed over ("End of Interrupt").
   */
  private nonSpecificEoi(): number {
    const { state } = this;
    const isr = state.specialMask ? state.isr & ~state.imr : state.isr;
    for (let i = 1; i <= 8; i++) {
      const input = (state.lowest + i) & 7;
      if (isr & (1 << input)) {
        state.isr &= ~(1 << input);
        return input;
      }
    }
    return -1;
  }

  private readRegister(register: number): number {
    const { state } = this;
    if (state.poll) {
      // "Poll Command": the read is the acknowledge.
      state.poll = 0;
      const input = this.acknowledge();
      return input < 0 ? 0 : 0x80 | input;
    }
    if (register === 1) return state.imr;
    return state.readIsr ? state.isr : state.irr;
  }

  /**
   * The input that INT stands for, -1 for none. An input in service blocks itself and those of lower priority, except: one
   * that is masked, in special mask mode; one that another chip drives, in special fully nested mode.
   */
  private resolve(): number {
    const { state } = this;
    if (!state.ready) return -1;
    const requests = state.irr & ~state.imr;
    if (requests === 0) return -1;
    let blocking = state.isr;
    if (state.specialMask) blocking &= ~state.imr;
    if (state.icw4 & Icw4.SFNM) blocking &= ~(this.wiring.cascade ?? 0);
    for (let i = 1; i <= 8; i++) {
      const input = (state.lowest + i) & 7;
      if (blocking & (1 << input)) return -1;
      if (requests & (1 << input)) return input;
    }
    return -1;
  }

  private update(): void {
    this.wiring.output.set(this.resolve() >= 0 ? 1 : 0);
  }
}
