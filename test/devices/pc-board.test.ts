import { describe, expect, it } from 'vitest';
import type { PlatformState } from '../../src/base/platform.ts';
import { InputError } from '../../src/base/errors.ts';
import type { Board } from '../../src/machine/board.ts';
import { createPcBoard } from '../../src/machine/pc-board.ts';
import { NO_MEMORY } from './wires.ts';

function machine(): { board: Board; log: string[]; at(ns: number): void } {
  const log: string[] = [];
  let now = 0;
  const board: Board = createPcBoard(
    {
      memory: NO_MEMORY,
      now: () => now,
      input: (device, data) => board.input!(device, data),
      interruptChanged: (vcpu) => log.push(`interrupt ${vcpu}`),
      deadlineChanged: () => log.push('deadline'),
      a20Changed: (open) => log.push(`a20 ${open ? 'open' : 'closed'}`),
    },
    {
      sink: (name) => (byte) => void log.push(`${name} ${byte}`),
      debugExit: (v) => log.push(`exit ${v}`),
      reset: () => log.push('reset'),
    },
    { lowRam: 64 * 2 ** 20, highRam: 2 ** 30 },
  );
  return {
    board,
    log,
    at(ns) {
      now = ns;
      board.timeline.advance(ns);
    },
  };
}

/** Vectors from 0x20 and 0x28; only `unmasked` lets requests through. */
function initialisePics(board: Board, unmasked: number): void {
  for (const [port, base, cascade, mask] of [
    [0x20, 0x20, 4, ~unmasked & 0xff],
    [0xa0, 0x28, 2, (~unmasked >> 8) & 0xff],
  ] as const) {
    board.ports.write(port, 1, 0x11, 0);
    for (const value of [base, cascade, 1, mask]) board.ports.write(port + 1, 1, value, 0);
  }
}

describe('PC board', () => {
  it('has its devices at their ports', () => {
    const { board, log } = machine();
    board.ports.write(0x3f8, 1, 65, 0);
    board.ports.write(0xe9, 1, 66, 0);
    board.ports.write(0xf4, 4, 0xdeadbeef, 0);
    board.ports.write(0xf4, 1, 5, 0);
    expect(log).toEqual(['serial 65', 'debugcon 66', 'exit 3735928559', 'exit 5']);
    expect([0xe9, 0xf4, 0x3fd, 0x3fa, 0x21, 0xa1, 0x43, 0x4d0, 0x80].map((port) => board.ports.read(port, 1, 0))).toEqual([
      0xe9,
      0,
      0x60,
      1,
      0xff,
      0xff,
      0xff,
      0,
      null,
    ]);
    expect(board.mmio.read(0xfee00000, 4, 0)).toBeNull();
  });

  it('wires the UART to IRQ 4', () => {
    const { board, log } = machine();
    initialisePics(board, 0xff);
    board.ports.write(0x3f9, 1, 1, 0);
    expect(board.serialInput([0x61])).toBe(1);
    expect(log).toEqual(['interrupt 0']);
    expect(board.interruptPending(0)).toBe(true);
    expect(board.acknowledgeInterrupt(0)).toBe(0x24);
    expect(board.ports.read(0x3f8, 1, 0)).toBe(0x61);
    expect(board.interruptPending(0)).toBe(false);
  });

  // SDM vol. 1, "MS-DOS Compatibility Sub-mode": FERR# to IRQ 13; a write to port F0 drops it and asserts IGNNE# until FERR# goes.
  it('wires x87 errors to IRQ 13, and port F0 to IGNNE#', () => {
    const { board } = machine();
    initialisePics(board, 0x2004);
    expect([board.floatError!(0, true), board.interruptPending(0)]).toEqual([false, true]);
    expect(board.acknowledgeInterrupt(0)).toBe(0x2d);
    expect(board.floatError!(0, true)).toBe(false);
    board.ports.write(0xf0, 1, 0, 0);
    expect([board.floatError!(0, true), board.floatError!(0, false), board.floatError!(0, true)]).toEqual([true, false, false]);
  });

  it('wires the PIT to IRQ 0 and tells when its deadline moves', () => {
    const { board, log, at } = machine();
    initialisePics(board, 1);
    expect(board.timeline.deadline()).toBe(Infinity);
    for (const [port, value] of [
      [0x43, 0x34],
      [0x40, 0x9c],
      [0x40, 0x2e],
    ])
      board.ports.write(port!, 1, value!, 0);
    // OUT going high as mode 2 is set is an edge of its own.
    expect(board.acknowledgeInterrupt(0)).toBe(0x20);
    board.ports.write(0x20, 1, 0x20, 0);
    expect(log).toEqual(['interrupt 0', 'deadline']);
    let ticks = 0;
    while (board.timeline.deadline() <= 100_000_000) {
      at(board.timeline.deadline());
      if (!board.interruptPending(0)) continue;
      expect(board.acknowledgeInterrupt(0)).toBe(0x20);
      board.ports.write(0x20, 1, 0x20, 0);
      ticks++;
    }
    expect(ticks).toBe(9);
  });

  it('counter 2 through port 0x61, looked at without a deadline', () => {
    const { board, at } = machine();
    board.ports.write(0x61, 1, 1, 0);
    for (const [port, value] of [
      [0x43, 0xb0],
      [0x42, 0xff],
      [0x42, 0x00],
    ])
      board.ports.write(port!, 1, value!, 0);
    at(200_000);
    expect(board.ports.read(0x61, 1, 0)! & 0x21).toBe(0x01);
    at(300_000);
    expect(board.ports.read(0x61, 1, 0)! & 0x21).toBe(0x21);
  });

  it('tells memory sizes by CMOS RAM, with their checksum', () => {
    const { board } = machine();
    const cmos = (at: number): number => {
      board.ports.write(0x70, 1, at, 0);
      return board.ports.read(0x71, 1, 0)!;
    };
    const word = (at: number): number => cmos(at) | (cmos(at + 1) << 8);
    expect([word(0x15), word(0x17), word(0x30), word(0x34), word(0x5b) | (cmos(0x5d) << 16)]).toEqual([
      640,
      63 * 1024,
      63 * 1024,
      48 * 16,
      2 ** 14,
    ]);
    let sum = 0;
    for (let at = 0x10; at <= 0x2d; at++) sum += cmos(at);
    expect((cmos(0x2e) << 8) | cmos(0x2f)).toBe(sum);
    expect(cmos(9) | (cmos(0x32) << 8)).toBe(0x2000);
  });

  it('wires the keyboard controller to IRQ 1 and the clock to IRQ 8', () => {
    const { board, at } = machine();
    initialisePics(board, 0x106);
    board.ports.write(0x64, 1, 0xaa, 0);
    expect(board.acknowledgeInterrupt(0)).toBe(0x21);
    expect([board.ports.read(0x64, 1, 0)! & 1, board.ports.read(0x60, 1, 0), board.ports.read(0x64, 1, 0)! & 1]).toEqual([1, 0x55, 0]);
    board.ports.write(0x20, 1, 0x20, 0);
    board.ports.write(0x70, 1, 0xb, 0);
    board.ports.write(0x71, 1, 0x12, 0);
    expect(board.timeline.deadline()).toBe(1e9);
    at(1e9);
    expect(board.acknowledgeInterrupt(0)).toBe(0x28);
  });

  it.each([
    [0x64, [0xfe]],
    [0x92, [3]],
  ] as const)('hands a request for a reset at port %i on', (port, values) => {
    const { board, log } = machine();
    for (const value of values) board.ports.write(port, 1, value, 0);
    expect(log).toEqual(['reset']);
  });

  it('restores in a fresh board what another saved, and refuses garbage without a trace', () => {
    const one = machine();
    initialisePics(one.board, 0xffff);
    one.board.ports.write(0x3f9, 1, 1, 0);
    one.board.serialInput([1, 2, 3]);
    for (const [port, value] of [
      [0x43, 0x36],
      [0x40, 0],
      [0x40, 0],
    ])
      one.board.ports.write(port!, 1, value!, 0);
    one.at(1_000_000);
    const saved = JSON.parse(JSON.stringify(one.board.save())) as PlatformState;

    const two = machine();
    two.at(1_000_000);
    two.board.restore(saved);
    expect(two.log).toEqual(['deadline', 'interrupt 0']);
    expect(two.board.save()).toEqual(saved);
    expect(two.board.timeline.deadline()).toBe(one.board.timeline.deadline());
    expect([one.board.acknowledgeInterrupt(0), two.board.acknowledgeInterrupt(0)]).toEqual([0x20, 0x20]);

    const before = two.board.save();
    const { uart: _uart, ...without } = saved;
    for (const state of [null, {}, without, { ...saved, disk: {} }, { ...saved, 'pic-master': { ...saved['pic-master'], imr: 256 } }]) {
      expect(() => two.board.restore(state as PlatformState)).toThrow(InputError);
      expect(two.board.save()).toEqual(before);
    }
  });

  it('resets every device and drops INTR', () => {
    const { board } = machine();
    const fresh = board.save();
    initialisePics(board, 0xffff);
    board.ports.write(0x3f9, 1, 2, 0);
    expect(board.interruptPending(0)).toBe(true);
    board.reset();
    expect(board.interruptPending(0)).toBe(false);
    expect(board.save()).toEqual(fresh);
  });

  // IBM PS/2 Technical Reference, "System Control Port A": its bit 1 and the keyboard controller's gate are ORed.
  it('closes the A20 gate when both its inputs are closed', () => {
    const { board, log } = machine();
    const command = (...bytes: number[]): void => {
      board.ports.write(0x64, 1, bytes[0]!, 0);
      for (const byte of bytes.slice(1)) board.ports.write(0x60, 1, byte, 0);
    };
    expect([board.a20.open, board.ports.read(0x92, 1, 0)]).toEqual([true, 0]);
    board.ports.write(0x92, 1, 2, 0);
    command(0xd1, 0xdd);
    expect(log).toEqual([]);
    board.ports.write(0x92, 1, 0, 0);
    command(0xdf);
    board.a20.set(false);
    expect([board.a20.open, board.ports.read(0x92, 1, 0)]).toEqual([false, 0]);
    board.ports.write(0x92, 1, 2, 0);
    command(0xd1, 0xdf);
    board.a20.set(false);
    board.a20.set(true);
    expect([board.a20.open, board.ports.read(0x92, 1, 0)]).toEqual([true, 2]);
    const closed = 'a20 closed';
    const open = 'a20 open';
    expect(log.filter((line) => line.startsWith('a20'))).toEqual([closed, open, closed, open, closed, open]);
  });

  it('restores the A20 gate, and opens it at reset', () => {
    const { board, log } = machine();
    board.a20.set(false);
    const saved = board.save();
    board.reset();
    expect(board.a20.open).toBe(true);
    board.restore(saved);
    expect(board.a20.open).toBe(false);
    expect(log.filter((line) => line.startsWith('a20'))).toEqual(['a20 closed', 'a20 open', 'a20 closed']);
  });
});
