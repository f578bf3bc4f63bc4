// Every device, one table: reset, read everything, save → mutate → restore → save equal, garbage refused.

import { describe, expect, it } from 'vitest';
import type { AccessWidth, Device, DeviceState, StateValue } from '../../src/base/device.ts';
import { InputError } from '../../src/base/errors.ts';
import { CoprocessorError } from '../../src/devices/coprocessor-error.ts';
import { DebugExit } from '../../src/devices/debug-exit.ts';
import { Debugcon } from '../../src/devices/debugcon.ts';
import { Elcr } from '../../src/devices/elcr.ts';
import { I8042 } from '../../src/devices/i8042.ts';
import { Pic8259 } from '../../src/devices/pic-8259.ts';
import { Pit8254 } from '../../src/devices/pit-8254.ts';
import { RESET_CONTROL_PORTS, ResetControl } from '../../src/devices/reset-control.ts';
import { RtcMc146818 } from '../../src/devices/rtc-mc146818.ts';
import { KEY_NAMES } from '../../src/devices/scan-codes.ts';
import type { KeyName } from '../../src/devices/scan-codes.ts';
import { SystemControlA } from '../../src/devices/system-control-a.ts';
import { SystemControlB } from '../../src/devices/system-control-b.ts';
import { Uart16550 } from '../../src/devices/uart-16550.ts';
import { VGA_PORTS, Vga } from '../../src/devices/vga.ts';
import type { DeviceWires } from '../../src/machine/device-table.ts';
import { createPcBoard } from '../../src/machine/pc-board.ts';
import { BUFFER, LENGTH, MAILBOX, Mailbox } from './mailbox.ts';
import { NO_MEMORY, Wire, random } from './wires.ts';

interface Case {
  readonly name: string;
  readonly registers: number;
  make(): Device;
  input?(device: Device, random: number): void;
}

const nothing = (): void => {};
const wires = (): DeviceWires => ({
  irq: new Wire(),
  memory: NO_MEMORY,
  now: () => 0,
  deadlineChanged: nothing,
  sink: () => nothing,
  move: nothing,
});

const DEVICES: readonly Case[] = [
  {
    name: 'uart',
    registers: 8,
    make: () => new Uart16550(new Wire(), nothing),
    input: (uart, r) => (uart as Uart16550).receive([r & 0xff, r >>> 24]),
  },
  {
    name: 'pic-master',
    registers: 2,
    make: () => new Pic8259('pic-master', { output: new Wire() }),
    input: (pic, r) => (pic as Pic8259).input(r & 7).set(r & 8 ? 1 : 0),
  },
  { name: 'elcr', registers: 2, make: () => new Elcr(nothing) },
  { name: 'pit', registers: 4, make: () => new Pit8254(new Wire()) },
  { name: 'system-control-b', registers: 1, make: () => new SystemControlB(new Pit8254(new Wire())) },
  { name: 'system-control-a', registers: 1, make: () => new SystemControlA(nothing, new Wire()) },
  { name: 'rtc', registers: 2, make: () => new RtcMc146818(new Wire(), { epoch: 0 }) },
  {
    name: 'i8042',
    registers: 5,
    make: () => new I8042(new Wire(), nothing, new Wire()),
    input: (keyboard, r) => (keyboard as I8042).key(KEY_NAMES[(r >>> 8) % KEY_NAMES.length] as KeyName, (r & 1) === 0),
  },
  { name: 'reset-control', registers: RESET_CONTROL_PORTS, make: () => new ResetControl(nothing) },
  { name: 'vga', registers: VGA_PORTS, make: () => new Vga() },
  {
    name: 'coprocessor-error',
    registers: 1,
    make: () => new CoprocessorError(new Wire()),
    input: (device, r) => void (device as CoprocessorError).ferr((r & 1) === 0),
  },
  { name: 'debug-exit', registers: 4, make: () => new DebugExit(nothing) },
  { name: 'debugcon', registers: 1, make: () => new Debugcon(nothing) },
  { name: 'mailbox', registers: BUFFER + LENGTH, make: () => new Mailbox(wires()) },
];

const WIDTHS: readonly AccessWidth[] = [1, 2, 4];

/** Pseudo-random accesses, input and time. */
function exercise(device: Device, { registers, input }: Case, seed: number, from: number, steps: number): number {
  const next = random(seed);
  let now = from;
  for (let i = 0; i < steps; i++) {
    now += next() % 200_000;
    device.advance?.(now);
    const offset = next() % registers;
    const width = WIDTHS[next() % 3]!;
    if (next() & 1) device.write(offset, width, next() % 2 ** (8 * width), 0);
    else device.read(offset, width, 0);
    input?.(device, next());
  }
  return now;
}

/** `state` with a field too many, one missing, or one that is of `values`; also within its parts. */
function spoilt(state: DeviceState, values: readonly unknown[]): unknown[] {
  return [
    { ...state, unknown: 1 },
    ...Object.entries(state).flatMap(([key, field]) => {
      const { [key]: _dropped, ...without } = state;
      const isPart = typeof field === 'object' && field !== null && !Array.isArray(field) && !(field instanceof Uint8Array);
      const parts = isPart ? spoilt(field as DeviceState, values) : [];
      return [without, ...[...values, ...parts].map((value) => ({ ...state, [key]: value }))];
    }),
  ];
}

/** Everything a guest can read, in order. */
const readAll = (device: Device, registers: number): number[] =>
  Array.from({ length: registers }, (_, offset) => device.read(offset, 1, 0));

describe.each(DEVICES)('device conformance: $name', (entry) => {
  const { make, registers, name } = entry;

  it('has the name its saved state goes by', () => {
    expect(make().name).toBe(name);
  });

  it('resets to the state of a fresh device', () => {
    const device = make();
    const fresh = device.save();
    exercise(device, entry, 1, 0, 300);
    device.reset();
    const { tick: _tick, refresh: _refresh, ...state } = device.save();
    const { tick: _freshTick, refresh: _freshRefresh, ...expected } = fresh;
    expect(state).toEqual(expected);
  });

  it('gives values of the width that is read, for every register', () => {
    const device = make();
    exercise(device, entry, 2, 0, 100);
    for (let offset = 0; offset < registers; offset++) {
      for (const width of WIDTHS) {
        const value = device.read(offset, width, 0);
        expect(Number.isInteger(value) && value >= 0 && value < 2 ** (8 * width)).toBe(true);
      }
    }
  });

  it('restores, in a fresh device and in itself, what it saved', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const device = make();
      const now = exercise(device, entry, seed, 0, 200);
      const saved = device.save();
      const frozen = structuredClone(saved);
      exercise(device, entry, seed + 1000, now, 50);
      expect(saved).toEqual(frozen);
      device.restore(saved);
      expect(device.save()).toEqual(saved);

      const other = make();
      other.restore(frozen);
      expect(other.save()).toEqual(saved);
      // Both go on alike from here.
      exercise(device, entry, seed + 2000, now, 100);
      exercise(other, entry, seed + 2000, now, 100);
      expect(other.save()).toEqual(device.save());
      expect(readAll(other, registers)).toEqual(readAll(device, registers));
    }
  });

  it('refuses what cannot come from outside with an InputError, and keeps its state', () => {
    const device = make();
    exercise(device, entry, 4, 0, 200);
    const saved = device.save();
    const garbage = [null, 7, 'x', {}, [1], [[]], [{ key: 'KeyA' }], [{ key: 'KeyQQ', down: true }], { length: 1 }];
    for (const data of garbage) {
      if (device.accept) expect(() => device.accept!(data as StateValue), JSON.stringify(data)).toThrow(InputError);
      expect(device.save()).toEqual(saved);
    }
  });

  it('refuses garbage with an InputError and keeps its state', () => {
    const device = make();
    exercise(device, entry, 3, 0, 200);
    const saved = device.save();
    const values = ['1', null, -2, 1.5, NaN, 2 ** 60, true, [[]], [-1], [256.5], Array(1e5).fill(0)];
    const garbage: unknown[] = [null, 7, 'x', [], ...spoilt(saved, [...values, new Uint8Array(3), {}])];
    for (const state of garbage) {
      expect(() => device.restore(state as DeviceState), JSON.stringify(state)?.slice(0, 80)).toThrow(InputError);
      expect(device.save()).toEqual(saved);
    }
  });
});

it('the table holds every device of the board', () => {
  const board = createPcBoard(
    { memory: NO_MEMORY, now: () => 0, input: () => 0, interruptChanged: nothing, deadlineChanged: nothing, a20Changed: nothing },
    { sink: () => nothing, debugExit: nothing, reset: nothing },
    { extra: [MAILBOX] },
  );
  const tested = new Set(DEVICES.map(({ name }) => name).concat('pic-slave'));
  expect(new Set(board.devices.map(({ name }) => name))).toEqual(tested);
});
