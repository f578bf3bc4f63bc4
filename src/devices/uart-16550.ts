// The NS16550A UART. Facts are from National Semiconductor's PC16550D data sheet; section titles are quoted.
//
//   offset  DLAB = 0 read / write   DLAB = 1
//   0       RBR / THR               DLL
//   1       IER                     DLM
//   2       IIR / FCR
//   3       LCR      7 DLAB
//   4       MCR      4 loopback | 3 OUT2 | 2 OUT1 | 1 RTS | 0 DTR
//   5       LSR      6 TEMT | 5 THRE | 1 OE | 0 DR
//   6       MSR      7 DCD | 6 RI | 5 DSR | 4 CTS | 3:0 what of these changed
//   7       SCR
//
// The line has no speed: the transmitter is empty again at once, and the character time-out of the receive FIFO elapses at
// once. A line without noise has no parity or framing errors, so of LSR's error bits only OE is ever set.

import type { AccessWidth, Device, DeviceState, IrqLine, StateValue } from '../base/device.ts';
import { InputError } from '../base/errors.ts';
import { readByBytes, writeByBytes } from './byte-access.ts';
import { checkState, copyState, int, list } from './state.ts';
import type { StateOf } from './state.ts';

const FIFO_SIZE = 16;
const BACKLOG_LIMIT = 65536;
/** Receive FIFO trigger levels by FCR 7:6 ("FIFO Control Register"). */
const TRIGGER = [1, 4, 8, 14];
/** The divisor for 9600 baud from 1.8432 MHz; the data sheet leaves it open at reset. */
const DEFAULT_DIVISOR = 12;

const Ier = { RECEIVED: 1, THR_EMPTY: 2, LINE_STATUS: 4, MODEM_STATUS: 8 } as const;
const Iir = { MODEM_STATUS: 0, NONE: 1, THR_EMPTY: 2, RECEIVED: 4, LINE_STATUS: 6, TIMEOUT: 12, FIFOS: 0xc0 } as const;
const Fcr = { ENABLE: 1, CLEAR_RECEIVER: 2, KEPT: 0xc9 } as const;
const Lcr = { DLAB: 0x80 } as const;
const Mcr = { DTR: 1, RTS: 2, OUT1: 4, OUT2: 8, LOOPBACK: 16 } as const;
const Lsr = { DATA_READY: 1, OVERRUN: 2, THR_EMPTY: 0x20, TRANSMITTER_EMPTY: 0x40 } as const;
/** Levels of the modem inputs, as in MSR 7:4. */
export const Modem = { CTS: 0x10, DSR: 0x20, RI: 0x40, DCD: 0x80 } as const;

const SCHEMA = {
  ier: int(0xf),
  fcr: int(0xff),
  lcr: int(0xff),
  mcr: int(0x1f),
  msr: int(0xff),
  scr: int(0xff),
  dll: int(0xff),
  dlm: int(0xff),
  overrun: int(1),
  thrEmptyPending: int(1),
  modem: int(0xf0),
  fifo: list(0xff, FIFO_SIZE),
  backlog: list(0xff, BACKLOG_LIMIT),
};

const REGISTERS = 8;

export class Uart16550 implements Device {
  readonly name: string;
  private state: StateOf<typeof SCHEMA>;
  /** Bytes at the front of the backlog that were taken already: to remove each at once would move all that are behind it. */
  private taken = 0;

  /** `irq` is the INTR pin; `onByte` gets each byte transmitted. */
  constructor(
    private readonly irq: IrqLine,
    private readonly onByte: (byte: number) => void,
    name = 'uart',
  ) {
    this.name = name;
    this.state = this.initial();
  }

  reset(): void {
    this.state = this.initial();
    this.taken = 0;
    this.update();
  }

  /**
   * Bytes arriving on the line. What the FIFO cannot take waits, as if flow control held the sender back: nothing is lost, however
   * slow the guest is. Returns how many were accepted (all, up to 64 KiB waiting).
   */
  receive(bytes: ArrayLike<number>): number {
    const { backlog } = this.state;
    const accepted = Math.min(bytes.length, this.room);
    for (let i = 0; i < accepted; i++) backlog.push(bytes[i]! & 0xff);
    this.refill();
    this.update();
    return accepted;
  }

  /** How many more bytes `receive` would accept. */
  get room(): number {
    return BACKLOG_LIMIT - (this.state.backlog.length - this.taken);
  }

  /** Bytes on the line. */
  accept(data: StateValue): number {
    if (!(data instanceof Uint8Array)) throw new InputError(`what comes to ${this.name} is no bytes`);
    return this.receive(data);
  }

  /** Sets the levels of the modem inputs: a combination of `Modem` bits. */
  setModem(levels: number): void {
    this.state.modem = levels & 0xf0;
    this.modemChanged();
    this.update();
  }

  read(offset: number, width: AccessWidth): number {
    return readByBytes(offset, width, REGISTERS, (register) => this.readRegister(register));
  }

  write(offset: number, width: AccessWidth, value: number): void {
    writeByBytes(offset, width, value, REGISTERS, (register, byte) => this.writeRegister(register, byte));
  }

  save(): DeviceState {
    this.removeTaken();
    return copyState(this.state);
  }

  restore(state: DeviceState): void {
    this.state = checkState(this.name, SCHEMA, state);
    this.taken = 0;
  }

  private initial(): StateOf<typeof SCHEMA> {
    const modem = Modem.CTS | Modem.DSR | Modem.DCD;
    return {
      ier: 0,
      fcr: 0,
      lcr: 0,
      mcr: 0,
      msr: modem,
      scr: 0,
      dll: DEFAULT_DIVISOR,
      dlm: 0,
      overrun: 0,
      thrEmptyPending: 0,
      modem,
      fifo: [],
      backlog: [],
    };
  }

  private readRegister(register: number): number {
    const { state } = this;
    const dlab = (state.lcr & Lcr.DLAB) !== 0;
    switch (register) {
      case 0:
        return dlab ? state.dll : this.readData();
      case 1:
        return dlab ? state.dlm : state.ier;
      case 2:
        return this.readIir();
      case 3:
        return state.lcr;
      case 4:
        return state.mcr;
      case 5:
        return this.readLsr();
      case 6:
        return this.readMsr();
      default:
        return state.scr;
    }
  }

  private writeRegister(register: number, value: number): void {
    const { state } = this;
    const dlab = (state.lcr & Lcr.DLAB) !== 0;
    switch (register) {
      case 0:
        if (dlab) state.dll = value;
        else this.transmit(value);
        break;
      case 1:
        if (dlab) state.dlm = value;
        else this.writeIer(value);
        break;
      case 2:
        this.writeFcr(value);
        break;
      case 3:
        state.lcr = value;
        break;
      case 4:
        this.writeMcr(value);
        break;
      case 7:
        state.scr = value;
        break;
      // "Line Status Register", "Modem Status Register": writing them is for factory testing.
      default:
        break;
    }
    this.update();
  }

  private transmit(byte: number): void {
    const { state } = this;
    if (state.mcr & Mcr.LOOPBACK) {
      if (state.fifo.length < this.capacity()) state.fifo.push(byte);
      else state.overrun = 1;
    } else {
      this.onByte(byte);
    }
    state.thrEmptyPending = 1;
  }

  private readData(): number {
    const byte = this.state.fifo.shift() ?? 0;
    this.refill();
    this.update();
    return byte;
  }

  /** "Interrupt Enable Register": enabling the THR-empty interrupt while the THR is empty raises it. */
  private writeIer(value: number): void {
    const { state } = this;
    if ((value & Ier.THR_EMPTY) === 0) state.thrEmptyPending = 0;
    else if ((state.ier & Ier.THR_EMPTY) === 0) state.thrEmptyPending = 1;
    state.ier = value & 0xf;
  }

  /** Reading the IIR takes the THR-empty interrupt back if that is the one it reports ("Interrupt Identification Register"). */
  private readIir(): number {
    const id = this.interruptId();
    if (id === Iir.THR_EMPTY) {
      this.state.thrEmptyPending = 0;
      this.update();
    }
    return id | (this.state.fcr & Fcr.ENABLE ? Iir.FIFOS : 0);
  }

  /** "FIFO Control Register": the other bits count only when bit 0 is written as 1; changing bit 0 empties the FIFOs. */
  private writeFcr(value: number): void {
    const { state } = this;
    const next = value & Fcr.ENABLE ? value & Fcr.KEPT : 0;
    if (((next ^ state.fcr) & Fcr.ENABLE) !== 0 || (next !== 0 && (value & Fcr.CLEAR_RECEIVER) !== 0)) {
      state.fifo = [];
      state.overrun = 0;
    }
    state.fcr = next;
    this.refill();
  }

  private writeMcr(value: number): void {
    this.state.mcr = value & 0x1f;
    this.modemChanged();
    this.refill();
  }

  private readLsr(): number {
    const { state } = this;
    const value = Lsr.THR_EMPTY | Lsr.TRANSMITTER_EMPTY | (state.overrun ? Lsr.OVERRUN : 0) | (state.fifo.length > 0 ? Lsr.DATA_READY : 0);
    state.overrun = 0;
    this.update();
    return value;
  }

  private readMsr(): number {
    const value = this.state.msr;
    this.state.msr &= 0xf0;
    this.update();
    return value;
  }

  /** Bytes the receiver can hold: the FIFO, or the one receiver buffer register. */
  private capacity(): number {
    return this.state.fcr & Fcr.ENABLE ? FIFO_SIZE : 1;
  }

  /** In loopback the serial input is disconnected ("Modem Control Register", bit 4). */
  private refill(): void {
    const { state } = this;
    if (state.mcr & Mcr.LOOPBACK) return;
    const { backlog, fifo } = state;
    const room = this.capacity();
    while (fifo.length < room && this.taken < backlog.length) fifo.push(backlog[this.taken++]!);
    if (this.taken * 2 >= backlog.length) this.removeTaken();
  }

  private removeTaken(): void {
    this.state.backlog.splice(0, this.taken);
    this.taken = 0;
  }

  /** Latches what changed: CTS, DSR and DCD at either edge, RI at its trailing edge. In loopback the inputs are MCR's outputs. */
  private modemChanged(): void {
    const { state } = this;
    const { mcr } = state;
    const looped =
      (mcr & Mcr.RTS ? Modem.CTS : 0) |
      (mcr & Mcr.DTR ? Modem.DSR : 0) |
      (mcr & Mcr.OUT1 ? Modem.RI : 0) |
      (mcr & Mcr.OUT2 ? Modem.DCD : 0);
    const levels = mcr & Mcr.LOOPBACK ? looped : state.modem;
    const changed = (levels ^ state.msr) & (Modem.CTS | Modem.DSR | Modem.DCD);
    const ringEnded = state.msr & ~levels & Modem.RI;
    state.msr = levels | (state.msr & 0xf) | ((changed | ringEnded) >> 4);
  }

  /** "Interrupt Identification Register": the pending interrupt of highest priority. */
  private interruptId(): number {
    const { state } = this;
    const { ier, fifo } = state;
    if (ier & Ier.LINE_STATUS && state.overrun) return Iir.LINE_STATUS;
    if (ier & Ier.RECEIVED && fifo.length > 0) {
      const trigger = state.fcr & Fcr.ENABLE ? TRIGGER[state.fcr >> 6]! : 1;
      return fifo.length >= trigger ? Iir.RECEIVED : Iir.TIMEOUT;
    }
    if (ier & Ier.THR_EMPTY && state.thrEmptyPending) return Iir.THR_EMPTY;
    if (ier & Ier.MODEM_STATUS && state.msr & 0xf) return Iir.MODEM_STATUS;
    return Iir.NONE;
  }

  private update(): void {
    this.irq.set(this.interruptId() === Iir.NONE ? 0 : 1);
  }
}
