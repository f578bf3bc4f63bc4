import { describe, expect, it } from 'vitest';
import { Modem, Uart16550 } from '../../src/devices/uart-16550.ts';
import { Wire } from './wires.ts';

interface Fixture {
  device: Uart16550;
  irq: Wire;
  output: number[];
  out(reg: number, value: number): void;
  in(reg: number): number;
}

function uart(): Fixture {
  const irq = new Wire();
  const output: number[] = [];
  const device = new Uart16550(irq, (byte) => output.push(byte));
  return { device, irq, output, out: (reg, value) => device.write(reg, 1, value), in: (reg) => device.read(reg, 1) };
}

describe('NS16550A', () => {
  it('has the register values the data sheet gives at reset', () => {
    const u = uart();
    expect([1, 2, 3, 4, 5].map(u.in)).toEqual([0, 0x01, 0, 0, 0x60]);
    expect(u.irq.level).toBe(0);
  });

  it('sends bytes and is empty again at once', () => {
    const u = uart();
    for (const byte of [0x48, 0x69]) {
      expect(u.in(5) & 0x20).toBe(0x20);
      u.out(0, byte);
    }
    expect(u.output).toEqual([0x48, 0x69]);
  });

  it('keeps the divisor behind DLAB and the scratch register', () => {
    const u = uart();
    u.out(3, 0x80);
    u.out(0, 0x01);
    u.out(1, 0x02);
    expect([u.in(0), u.in(1)]).toEqual([1, 2]);
    u.out(3, 0x03);
    expect(u.in(1)).toBe(0);
    expect(u.output).toEqual([]);
    u.out(7, 0xa5);
    expect(u.in(7)).toBe(0xa5);
  });

  it('breaks wide accesses into bytes', () => {
    const u = uart();
    u.device.write(6, 2, 0x5a00);
    expect(u.in(7)).toBe(0x5a);
    expect(u.device.read(7, 4)).toBe(0xffffff5a);
  });

  it('receives one byte at a time without the FIFO and loses nothing', () => {
    const u = uart();
    u.out(1, 1);
    expect(u.device.receive([1, 2, 3])).toBe(3);
    const got: number[] = [];
    while (u.in(5) & 1) {
      expect(u.irq.level).toBe(1);
      expect(u.in(2)).toBe(0x04);
      got.push(u.in(0));
    }
    expect(got).toEqual([1, 2, 3]);
    expect(u.irq.level).toBe(0);
  });

  it.each([
    [0, 1],
    [1, 4],
    [2, 8],
    [3, 14],
  ])('FIFO trigger %i interrupts from %i bytes, with a time-out below', (field, level) => {
    const u = uart();
    u.out(2, (field << 6) | 1);
    u.out(1, 1);
    for (let n = 1; n <= 16; n++) {
      u.device.receive([n]);
      expect(u.in(2)).toBe(n >= level ? 0xc4 : 0xcc);
    }
  });

  it('clears the FIFO by FCR bit 1 and by switching it', () => {
    const u = uart();
    u.out(2, 1);
    u.device.receive([1, 2, 3]);
    u.out(2, 3);
    expect(u.in(5) & 1).toBe(0);
    u.device.receive([4]);
    u.out(2, 0);
    expect(u.in(5) & 1).toBe(0);
    expect(u.in(2)).toBe(0x01);
  });

  it('raises the THR-empty interrupt when enabled and after each byte; reading IIR takes it back', () => {
    const u = uart();
    u.out(1, 2);
    expect(u.irq.level).toBe(1);
    expect([u.in(2), u.in(2)]).toEqual([0x02, 0x01]);
    expect(u.irq.level).toBe(0);
    u.out(0, 65);
    expect(u.irq.level).toBe(1);
    u.out(1, 0);
    expect(u.irq.level).toBe(0);
  });

  it('loops back data and modem lines, disconnects the input and reports overrun', () => {
    const u = uart();
    u.out(4, 0x10);
    u.device.receive([0x77]);
    u.out(0, 0x41);
    u.out(0, 0x42);
    expect(u.output).toEqual([]);
    expect(u.in(5)).toBe(0x63);
    expect(u.in(5)).toBe(0x61);
    expect(u.in(0)).toBe(0x41);
    expect(u.in(5) & 1).toBe(0);
    for (const [mcr, msr] of [
      [0x11, 0x20],
      [0x12, 0x10],
      [0x14, 0x40],
      [0x18, 0x80],
      [0x1f, 0xf0],
    ]) {
      u.out(4, mcr!);
      expect(u.in(6) & 0xf0).toBe(msr);
    }
    u.out(4, 0);
    expect(u.in(0)).toBe(0x77);
  });

  it('latches modem changes: RI only at its trailing edge', () => {
    const u = uart();
    u.out(1, 8);
    u.device.setModem(Modem.CTS | Modem.DSR | Modem.DCD | Modem.RI);
    expect(u.irq.level).toBe(0);
    u.device.setModem(Modem.DSR);
    expect(u.irq.level).toBe(1);
    expect(u.in(2)).toBe(0x00);
    expect([u.in(6), u.in(6)]).toEqual([0x2d, 0x20]);
    expect(u.irq.level).toBe(0);
  });

  it('reports interrupts in order of priority', () => {
    const u = uart();
    u.out(4, 0x10);
    u.in(6);
    u.out(0, 1);
    u.out(0, 2);
    u.out(4, 0x13);
    u.out(1, 0xf);
    expect(u.in(2)).toBe(0x06);
    u.in(5);
    expect(u.in(2)).toBe(0x04);
    u.in(0);
    expect(u.in(2)).toBe(0x02);
    expect(u.in(2)).toBe(0x00);
    u.in(6);
    expect(u.in(2)).toBe(0x01);
  });
});
