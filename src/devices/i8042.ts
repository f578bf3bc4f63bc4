// The PC/AT's 8042 keyboard controller, with a keyboard and without an auxiliary device (IBM PC/AT Technical Reference,
// "Keyboard Controller"): data at offset 0, status and commands at offset 4.
//
//   status        7:6 errors | 4 keyboard not locked | 3 the last write was a command | 2 system flag | 1 input full | 0 output full
//   command byte  6 translate | 4 keyboard disabled | 2 system flag | 0 interrupt when the output buffer is full
//   output port   7:6 the keyboard's lines | 4 output buffer full | 1 A20 gate | 0 reset, active low

import type { AccessWidth, Device, DeviceState, IrqLine, StateValue } from '../base/device.ts';
import { InputError } from '../base/errors.ts';
import type { A20Input } from './a20-gate.ts';
import { readByBytes, writeByBytes } from './byte-access.ts';
import { KEYBOARD_SCHEMA, commandKeyboard, initialKeyboard, keysFlow, sendKey, takeKeyboardByte } from './ps2-keyboard.ts';
import type { KeyboardState } from './ps2-keyboard.ts';
import { BREAK, KEY_NAMES, scanCodes, toSet1 } from './scan-codes.ts';
import type { KeyName } from './scan-codes.ts';
import { checkState, copyState, group, int } from './state.ts';
import type { StateOf } from './state.ts';

const REGISTERS = 5;
const DATA = 0;
export const COMMAND = 4;

const Command = {
  READ_BYTE: 0x20,
  WRITE_BYTE: 0x60,
  SELF_TEST: 0xaa,
  TEST_LINES: 0xab,
  DISABLE: 0xad,
  ENABLE: 0xae,
  READ_INPUT: 0xc0,
  READ_OUTPUT: 0xd0,
  WRITE_OUTPUT: 0xd1,
  AS_KEYBOARD: 0xd2,
  A20_OFF: 0xdd,
  A20_ON: 0xdf,
  PULSE: 0xf0,
} as const;
const Status = { FULL: 1, SYSTEM: 4, COMMAND: 8, UNLOCKED: 0x10 } as const;
const Mode = { INTERRUPT: 1, SYSTEM: 4, DISABLED: 0x10, TRANSLATE: 0x40 } as const;
const Output = { NOT_RESET: 1, A20: 2, FULL: 0x10, LINES: 0xc0 } as const;
const SELF_TEST_PASSED = 0x55;
const INPUT_PORT = 0x80;
/** Nothing in the output buffer. */
const EMPTY = -1;

/** Nanoseconds that a byte takes on the wire: eleven bits at 12 kHz. Two bytes of keys come at least so far apart. */
const WIRE_TIME = 916_000;

const SCHEMA = {
  /** The command whose parameter comes next at the data port, 0 for none. */
  command: int(0xff),
  mode: int(0x7f),
  a20: int(1),
  lastWasCommand: int(1),
  buffer: int(0xff, EMPTY),
  /** The byte that was read last; whether the next byte is translated as released; from when on a key's byte may come, ns. */
  data: int(0xff),
  released: int(1),
  keyAt: int(Number.MAX_SAFE_INTEGER),
  keyboard: group(KEYBOARD_SCHEMA),
};

/** As firmware leaves it: interrupts on, translating, self-tested. */
const initial = (): Omit<StateOf<typeof SCHEMA>, 'keyboard'> => ({
  command: 0,
  mode: Mode.INTERRUPT | Mode.SYSTEM | Mode.TRANSLATE,
  a20: 1,
  lastWasCommand: 0,
  buffer: EMPTY,
  data: 0,
  released: 0,
  keyAt: 0,
});

export class I8042 implements Device {
  readonly name = 'i8042';
  private state = initial();
  private keyboard: KeyboardState = initialKeyboard();
  private now = 0;

  /**
   * `irq` is the keyboard's interrupt; `onReset` is called when the reset line is pulled; `a20` is an input of the A20 gate, open
   * at reset.
   */
  constructor(
    private readonly irq: IrqLine,
    private readonly onReset: () => void,
    private readonly a20: A20Input,
  ) {}

  /** Opens or closes the output port's input of the A20 gate. */
  setA20(open: boolean): void {
    this.state.a20 = open ? 1 : 0;
    this.a20.set(open ? 1 : 0);
  }

  /** A key goes down or up. False, and nothing happens, when the keyboard has no room for it. */
  key(name: KeyName, down: boolean): boolean {
    const taken = sendKey(this.keyboard, scanCodes(name, down));
    this.listen();
    return taken;
  }

  /** Keys going down and up, each `{ key, down }`, as far as there is room for them. */
  accept(data: StateValue): number {
    const keys = keysOf(data);
    if (!keys) throw new InputError('what comes to the keyboard is no list of keys');
    const refused = keys.findIndex(({ key, down }) => !this.key(key, down));
    return refused < 0 ? keys.length : refused;
  }

  /** When the next byte of a key arrives. */
  deadline(): number {
    const { buffer, mode, keyAt } = this.state;
    return buffer === EMPTY && !(mode & Mode.DISABLED) && keysFlow(this.keyboard) ? keyAt : Infinity;
  }

  advance(now: number): void {
    this.now = Math.max(this.now, now);
    if (this.deadline() <= now) this.listen();
  }

  reset(): void {
    this.state = initial();
    this.keyboard = initialKeyboard();
    this.irq.set(0);
    this.a20.set(1);
  }

  read(offset: number, width: AccessWidth): number {
    return readByBytes(offset, width, REGISTERS, (register) => {
      if (register === DATA) return this.readData();
      return register === COMMAND ? this.status() : 0xff;
    });
  }

  write(offset: number, width: AccessWidth, value: number): void {
    writeByBytes(offset, width, value, REGISTERS, (register, byte) => {
      if (register === DATA) this.writeData(byte);
      else if (register === COMMAND) this.writeCommand(byte);
    });
  }

  save(): DeviceState {
    return copyState({ ...this.state, keyboard: this.keyboard });
  }

  restore(state: DeviceState): void {
    const { keyboard, ...own } = checkState(this.name, SCHEMA, state);
    this.keyboard = keyboard;
    this.state = own;
    // The machine's time may be an earlier one now.
    this.now = 0;
    this.setA20(own.a20 === 1);
  }

  private status(): number {
    const { mode, lastWasCommand, buffer } = this.state;
    return (
      Status.UNLOCKED |
      (lastWasCommand ? Status.COMMAND : 0) |
      (mode & Mode.SYSTEM ? Status.SYSTEM : 0) |
      (buffer === EMPTY ? 0 : Status.FULL)
    );
  }

  /** An empty buffer gives its last byte again: handlers that are chained each read it. */
  private readData(): number {
    const { state } = this;
    if (state.buffer !== EMPTY) {
      state.data = state.buffer;
      state.buffer = EMPTY;
      state.keyAt = this.now + WIRE_TIME;
    }
    this.irq.set(0);
    this.listen();
    return state.data;
  }

  /** Puts a byte for the host into the output buffer, over what is there. */
  private put(byte: number): void {
    this.state.buffer = byte;
    this.drive();
  }

  /** Takes the keyboard's next byte when there is room and its clock line is not held. */
  private listen(): void {
    const { state, keyboard } = this;
    if (state.buffer !== EMPTY || state.mode & Mode.DISABLED || (keysFlow(keyboard) && state.keyAt > this.now)) return;
    const byte = takeKeyboardByte(keyboard);
    if (byte === null) return;
    if (!(state.mode & Mode.TRANSLATE)) return this.put(byte);
    if (byte === BREAK) {
      state.released = 1;
      return this.listen();
    }
    const { released } = state;
    state.released = 0;
    this.put(toSet1(byte) | (released ? 0x80 : 0));
  }

  private drive(): void {
    this.irq.set(this.state.buffer !== EMPTY && this.state.mode & Mode.INTERRUPT ? 1 : 0);
  }

  private writeData(byte: number): void {
    const { state } = this;
    const { command } = state;
    state.command = 0;
    state.lastWasCommand = 0;
    switch (command) {
      case Command.WRITE_BYTE:
        this.setMode(byte);
        break;
      case Command.WRITE_OUTPUT:
        this.writeOutput(byte);
        break;
      case Command.AS_KEYBOARD:
        this.put(byte);
        break;
      default:
        // Sending to the keyboard lets its clock line go.
        state.mode &= ~Mode.DISABLED;
        commandKeyboard(this.keyboard, byte);
        this.listen();
    }
  }

  private writeCommand(command: number): void {
    const { state } = this;
    state.lastWasCommand = 1;
    state.command = 0;
    switch (command) {
      case Command.READ_BYTE:
        return this.put(state.mode);
      case Command.WRITE_BYTE:
      case Command.WRITE_OUTPUT:
      case Command.AS_KEYBOARD:
        state.command = command;
        return;
      case Command.SELF_TEST:
        state.mode |= Mode.SYSTEM;
        return this.put(SELF_TEST_PASSED);
      case Command.TEST_LINES:
        return this.put(0);
      case Command.DISABLE:
        return this.setMode(state.mode | Mode.DISABLED);
      case Command.ENABLE:
        return this.setMode(state.mode & ~Mode.DISABLED);
      case Command.READ_INPUT:
        return this.put(INPUT_PORT);
      case Command.READ_OUTPUT:
        return this.put(Output.LINES | Output.NOT_RESET | (state.a20 ? Output.A20 : 0) | (state.buffer === EMPTY ? 0 : Output.FULL));
      case Command.A20_OFF:
      case Command.A20_ON:
        return this.setA20(command === Command.A20_ON);
      default:
        // 0xF0 … 0xFF pull lines 3:0 low for 6 µs, those whose bit is clear. Line 0 resets the processor.
        if (command >= Command.PULSE && !(command & Output.NOT_RESET)) this.onReset();
    }
  }

  private setMode(mode: number): void {
    this.state.mode = mode & 0x7f;
    this.listen();
    this.drive();
  }

  private writeOutput(byte: number): void {
    this.setA20((byte & Output.A20) !== 0);
    if (!(byte & Output.NOT_RESET)) this.onReset();
  }
}

interface Key {
  readonly key: KeyName;
  readonly down: boolean;
}

function keysOf(data: StateValue): readonly Key[] | null {
  const isKey = (item: StateValue): boolean => {
    if (typeof item !== 'object' || item === null) return false;
    const { key, down } = item as { readonly [field: string]: StateValue };
    return KEY_NAMES.some((name) => name === key) && typeof down === 'boolean';
  };
  return Array.isArray(data) && data.every(isKey) ? (data as unknown as readonly Key[]) : null;
}
