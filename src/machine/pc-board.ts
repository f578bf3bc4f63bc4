// The PC board, as rows of a table (device-table.ts). Only here is it said at which port a device of the PC answers, and to which
// interrupt it is wired.

import { requireBoolean } from '../base/arguments.ts';
import { InputError } from '../base/errors.ts';
import type { PlatformHost } from '../base/platform.ts';
import { A20Gate } from '../devices/a20-gate.ts';
import { CoprocessorError } from '../devices/coprocessor-error.ts';
import { DebugExit } from '../devices/debug-exit.ts';
import { Debugcon } from '../devices/debugcon.ts';
import { COMMAND, I8042 } from '../devices/i8042.ts';
import { PicPair } from '../devices/pic-pair.ts';
import { Pit8254 } from '../devices/pit-8254.ts';
import { RESET_CONTROL_PORTS, ResetControl } from '../devices/reset-control.ts';
import { RtcMc146818 } from '../devices/rtc-mc146818.ts';
import { KEY_NAMES } from '../devices/scan-codes.ts';
import { SystemControlA } from '../devices/system-control-a.ts';
import { SystemControlB } from '../devices/system-control-b.ts';
import { Uart16550 } from '../devices/uart-16550.ts';
import { VGA_PORTS, Vga } from '../devices/vga.ts';
import { checkKeys, checkSerialBytes } from './check-arguments.ts';
import type { A20Control, Board, BoardOutputs } from './board.ts';
import { cmosMemory } from './cmos-memory.ts';
import { DeviceTable } from './device-table.ts';
import type { DeviceRow } from './device-table.ts';

const Irq = { PIT: 0, KEYBOARD: 1, CASCADE: 2, COM1: 4, RTC: 8, FPU: 13, LAST: 15 } as const;
/** The processor that the interrupt controller, FERR# and IGNNE# are wired to: the one that starts. */
const PROCESSOR = 0;
/** Inputs that go to no device: to the A20 gate, and to the line that resets the board. */
const A20 = 'a20';
const RESET = 'reset';
/** 2000-01-01 00:00:00 UTC, in seconds since 1970. */
export const DEFAULT_EPOCH = 946684800;

export interface PcBoardOptions {
  /** Bytes of RAM from GPA 0 and from 4 GiB, which CMOS RAM tells guests. */
  readonly lowRam?: number;
  readonly highRam?: number;
  /** What the clock shows at virtual time 0, in seconds since 1970. */
  readonly epoch?: number;
  /** Devices beside the board's; they are saved with it. */
  readonly extra?: readonly DeviceRow[];
  /** See `Platform.powerOn`. */
  readonly powerOn?: () => void;
}

export interface PcBoard extends Board {
  /** The A20 gate for firmware. Firmware runs within the machine, so what it does is no input. */
  readonly gate: A20Control;
}

/** Builds the board into `host`; `outputs` receives what the guest says. InputError for `extra` that clash (device-table.ts). */
export function createPcBoard(host: PlatformHost, outputs: BoardOutputs, options: PcBoardOptions = {}): PcBoard {
  const { lowRam = 0, highRam = 0, epoch = DEFAULT_EPOCH, extra = [], powerOn } = options;
  let intr: 0 | 1 = 0;
  const pics = new PicPair({
    set(level) {
      const rises = level > intr;
      intr = level;
      if (rises) host.interruptChanged(PROCESSOR);
    },
  });
  const irq = (number: number): ReturnType<PicPair['irq']> | null =>
    Number.isInteger(number) && number >= 0 && number <= Irq.LAST && number !== Irq.CASCADE ? pics.irq(number) : null;
  const a20 = new A20Gate((open) => host.a20Changed(open));
  // These are reached not by accesses alone, but also by other devices or by the board's owner.
  const pit = new Pit8254(pics.irq(Irq.PIT));
  const uart = new Uart16550(pics.irq(Irq.COM1), outputs.sink('serial'));
  const keyboard = new I8042(pics.irq(Irq.KEYBOARD), outputs.reset, a20.input(1));
  const systemControlA = new SystemControlA(outputs.reset, a20.input(0));
  const vga = new Vga();
  const coprocessor = new CoprocessorError(pics.irq(Irq.FPU));

  // Interrupt controllers last: reset drops every line before the controllers forget them.
  // biome-ignore format: a table
  const rows: readonly DeviceRow[] = [
    { at: 0xcf8, length: RESET_CONTROL_PORTS, make: () => new ResetControl(outputs.reset) },
    { at: 0x3f8, length: 8, irq: Irq.COM1, make: () => uart },
    { at: 0x40, length: 4, irq: Irq.PIT, make: () => pit },
    { at: 0x61, length: 1, make: () => new SystemControlB(pit) },
    { at: 0x92, length: 1, make: () => systemControlA },
    { at: 0x70, length: 2, irq: Irq.RTC, make: (wires) => new RtcMc146818(wires.irq, { epoch, cmos: cmosMemory(lowRam, highRam) }) },
    { at: 0x60, length: 1, also: [{ at: 0x64, length: 1, offset: COMMAND }], irq: Irq.KEYBOARD, make: () => keyboard },
    { at: 0x3b0, length: VGA_PORTS, make: () => vga },
    { at: 0xf0, length: 1, irq: Irq.FPU, make: () => coprocessor },
    { at: 0xf4, length: 4, make: () => new DebugExit(outputs.debugExit) },
    { at: 0xe9, length: 1, also: [{ at: 0x402, length: 1 }], make: ({ sink }) => new Debugcon(sink('debugcon')) },
    ...extra,
    { at: 0x4d0, length: 2, make: () => pics.elcr },
    { at: 0xa0, length: 2, make: () => pics.slave },
    { at: 0x20, length: 2, make: () => pics.master },
  ];
  const table = new DeviceTable(rows, { platform: host, sink: outputs.sink, irq, masked: (number) => pics.masked(number) });

  const gate: A20Control = {
    get open() {
      return a20.open;
    },
    set(open) {
      keyboard.setA20(open);
      systemControlA.setA20(open);
    },
  };

  return {
    name: 'pc',
    devices: table.devices,
    ports: table.ports,
    mmio: table.mmio,
    timeline: table.timeline,
    interruptPending: (vcpu) => vcpu === PROCESSOR && pics.pending(),
    acknowledgeInterrupt: () => pics.acknowledge(),
    canInterrupt: (vcpu) => vcpu === PROCESSOR,
    // FERR# of the other vCPUs leads nowhere: they find IGNNE# asserted.
    floatError: (vcpu, asserted) => vcpu !== PROCESSOR || coprocessor.ferr(asserted),
    blocks: table.blocks,
    vga,
    a20: {
      get open() {
        return a20.open;
      },
      set(open) {
        requireBoolean('open', open);
        host.input(A20, open);
      },
    },
    gate,
    keyboardInput(keys) {
      checkKeys(keys, KEY_NAMES);
      return host.input(
        keyboard.name,
        keys.map(({ key, down }) => ({ key, down })),
      );
    },
    serialInput(bytes) {
      checkSerialBytes(bytes);
      return host.input(uart.name, Uint8Array.from(bytes));
    },
    get serialRoom() {
      return uart.room;
    },
    input(name, data) {
      if (name === RESET) {
        table.reset();
        return 1;
      }
      if (name !== A20) return table.input(name, data);
      if (typeof data !== 'boolean') throw new InputError('the A20 gate is opened by true and closed by false');
      gate.set(data);
      return 1;
    },
    ...(powerOn ? { powerOn } : {}),
    save: () => table.save(),
    restore(state) {
      table.restore(state);
      intr = pics.pending() ? 1 : 0;
      if (intr) host.interruptChanged(PROCESSOR);
    },
    reset: () => void host.input(RESET, null),
  };
}
