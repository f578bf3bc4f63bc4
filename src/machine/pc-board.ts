// The PC board: the only place that knows at which port a device answers and to which interrupt it is wired.

import type { Device, Mapping } from '../base/device.ts';
import { InputError } from '../base/errors.ts';
import type { PlatformHost, PlatformState } from '../base/platform.ts';
import { A20Gate } from '../devices/a20-gate.ts';
import { MmioBus, PortBus } from '../devices/bus.ts';
import { CoprocessorError } from '../devices/coprocessor-error.ts';
import { DebugExit } from '../devices/debug-exit.ts';
import { Debugcon } from '../devices/debugcon.ts';
import { COMMAND, I8042 } from '../devices/i8042.ts';
import { PicPair } from '../devices/pic-pair.ts';
import { Pit8254 } from '../devices/pit-8254.ts';
import { portWindow } from '../devices/port-window.ts';
import { RESET_CONTROL_PORTS, ResetControl } from '../devices/reset-control.ts';
import { RtcMc146818 } from '../devices/rtc-mc146818.ts';
import { SystemControlA } from '../devices/system-control-a.ts';
import { SystemControlB } from '../devices/system-control-b.ts';
import { Timeline } from '../devices/timeline.ts';
import { Uart16550 } from '../devices/uart-16550.ts';
import { VGA_PORTS, Vga } from '../devices/vga.ts';
import type { Board, BoardOutputs } from './board.ts';
import { cmosMemory } from './cmos-memory.ts';

const Irq = { PIT: 0, KEYBOARD: 1, COM1: 4, RTC: 8, FPU: 13 } as const;
/** 2000-01-01 00:00:00 UTC, in seconds since 1970. */
export const DEFAULT_EPOCH = 946684800;

export interface PcBoardOptions {
  /** RAM in bytes from GPA 0 and from 4 GiB, for the firmware's notes in CMOS. */
  readonly lowRam?: number;
  readonly highRam?: number;
  /** What the clock shows at virtual time 0, in seconds since 1970. */
  readonly epoch?: number;
  /** Devices with ports of their own beside the board's; they are saved with it. */
  readonly extra?: readonly Mapping[];
}

/** Builds the board into `host`; `outputs` receives what the guest says. */
export function createPcBoard(host: PlatformHost, outputs: BoardOutputs, options: PcBoardOptions = {}): Board {
  const { lowRam = 0, highRam = 0, epoch = DEFAULT_EPOCH, extra = [] } = options;
  let intr: 0 | 1 = 0;
  const pics = new PicPair({
    set(level) {
      const rises = level > intr;
      intr = level;
      if (rises) host.interruptChanged();
    },
  });
  const uart = new Uart16550(pics.irq(Irq.COM1), outputs.serial);
  const pit = new Pit8254(pics.irq(Irq.PIT));
  const systemControl = new SystemControlB(pit);
  const rtc = new RtcMc146818(pics.irq(Irq.RTC), { epoch, cmos: cmosMemory(lowRam, highRam) });
  const a20 = new A20Gate((open) => host.a20Changed(open));
  const keyboard = new I8042(pics.irq(Irq.KEYBOARD), outputs.reset, a20.input(1));
  const systemControlA = new SystemControlA(outputs.reset, a20.input(0));
  const vga = new Vga();
  const coprocessor = new CoprocessorError(pics.irq(Irq.FPU));
  const resetControl = new ResetControl(outputs.reset);
  const debugExit = new DebugExit(outputs.debugExit);
  const debugcon = new Debugcon(outputs.debugcon);

  const mappings: Mapping[] = [
    { base: 0x20, length: 2, device: pics.master },
    { base: 0xa0, length: 2, device: pics.slave },
    { base: 0x4d0, length: 2, device: pics.elcr },
    { base: 0x40, length: 4, device: pit },
    { base: 0x60, length: 1, device: keyboard },
    { base: 0x61, length: 1, device: systemControl },
    { base: 0x64, length: 1, device: portWindow(keyboard, COMMAND) },
    { base: 0x70, length: 2, device: rtc },
    { base: 0x92, length: 1, device: systemControlA },
    { base: 0x3b0, length: VGA_PORTS, device: vga },
    { base: 0x3f8, length: 8, device: uart },
    { base: 0xf0, length: 1, device: coprocessor },
    { base: 0xf4, length: 4, device: debugExit },
    { base: 0xe9, length: 1, device: debugcon },
    { base: 0xcf8, length: RESET_CONTROL_PORTS, device: resetControl },
    { base: 0x402, length: 1, device: portWindow(debugcon, 0) },
    ...extra,
  ];
  // Interrupt controllers last: reset drops every line before the controllers forget them.
  const devices: Device[] = [
    ...extra.map(({ device }) => device),
    resetControl,
    uart,
    pit,
    systemControl,
    systemControlA,
    rtc,
    keyboard,
    vga,
    coprocessor,
    debugExit,
    debugcon,
    pics.elcr,
    pics.slave,
    pics.master,
  ];

  const timeline = new Timeline(devices);
  let announced = Infinity;
  const deadlineMayHaveMoved = (): void => {
    const deadline = timeline.deadline();
    if (deadline === announced) return;
    announced = deadline;
    host.deadlineChanged();
  };
  const hooks = { now: () => host.now(), accessed: deadlineMayHaveMoved };

  const save = (): PlatformState => Object.fromEntries(devices.map((device) => [device.name, device.save()]));

  const restoreAll = (state: PlatformState): void => {
    for (const device of devices) device.restore(state[device.name]!);
  };

  return {
    name: 'pc',
    devices,
    ports: new PortBus(mappings, hooks),
    mmio: new MmioBus([], hooks),
    timeline: {
      deadline: () => timeline.deadline(),
      advance(now) {
        timeline.advance(now);
        announced = timeline.deadline();
      },
    },
    interruptPending: () => pics.pending(),
    acknowledgeInterrupt: () => pics.acknowledge(),
    floatError: (asserted) => coprocessor.ferr(asserted),
    vga,
    a20: {
      get open() {
        return a20.open;
      },
      set(open) {
        keyboard.setA20(open);
        systemControlA.setA20(open);
      },
    },
    keyboardInput(keys) {
      const refused = keys.findIndex(({ key, down }) => !keyboard.key(key, down));
      deadlineMayHaveMoved();
      return refused < 0 ? keys.length : refused;
    },
    serialInput: (bytes) => uart.receive(bytes),
    save,
    restore(state) {
      checkNames(state, devices);
      const before = save();
      try {
        restoreAll(state);
      } catch (error) {
        restoreAll(before);
        throw error;
      }
      intr = pics.pending() ? 1 : 0;
      announced = timeline.deadline();
      host.deadlineChanged();
      if (intr) host.interruptChanged();
    },
    reset() {
      for (const device of devices) device.reset();
      deadlineMayHaveMoved();
    },
  };
}

function checkNames(state: PlatformState, devices: readonly Device[]): void {
  if (typeof state !== 'object' || state === null) throw new InputError('saved state of the board is not an object');
  const known = new Set(devices.map((device) => device.name));
  for (const name of Object.keys(state)) {
    if (!known.has(name)) throw new InputError(`saved state names a device this board has not: ${JSON.stringify(name)}`);
  }
  for (const name of known) {
    if (!Object.hasOwn(state, name)) throw new InputError(`saved state lacks the device ${name}`);
  }
}
