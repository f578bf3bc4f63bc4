import { beforeEach, describe, expect, it } from 'vitest';
import { PicPair } from '../../src/devices/pic-pair.ts';
import { Wire } from './wires.ts';

let intr: Wire;
let pics: PicPair;

const command = (value: number): void => pics.master.write(0, 1, value);
const mask = (value: number): void => pics.master.write(1, 1, value);
const raise = (irq: number): void => pics.irq(irq).set(1);
const drop = (irq: number): void => pics.irq(irq).set(0);
const isr = (): number => {
  command(0x0b);
  return pics.master.read(0, 1);
};
const irr = (): number => {
  command(0x0a);
  return pics.master.read(0, 1);
};

/** The PC's usual initialisation: vectors 0x20 and 0x28, cascade at IR2. */
function initialise(icw4 = 1, icw1 = 0x11): void {
  for (const [chip, base, cascade] of [
    [pics.master, 0x20, 4],
    [pics.slave, 0x28, 2],
  ] as const) {
    chip.write(0, 1, icw1);
    chip.write(1, 1, base);
    chip.write(1, 1, cascade);
    chip.write(1, 1, icw4);
  }
}

beforeEach(() => {
  intr = new Wire();
  pics = new PicPair(intr);
  initialise();
});

describe('8259A', () => {
  it('asks for nothing before it is initialised, and is masked', () => {
    const fresh = new PicPair(intr);
    fresh.irq(0).set(1);
    expect(fresh.pending()).toBe(false);
    expect(fresh.master.read(1, 1)).toBe(0xff);
  });

  it('gives vectors by priority and blocks lower levels until EOI', () => {
    raise(4);
    raise(1);
    expect(intr.level).toBe(1);
    expect(pics.acknowledge()).toBe(0x21);
    expect(isr()).toBe(0x02);
    expect(intr.level).toBe(0);
    raise(0);
    expect(pics.acknowledge()).toBe(0x20);
    command(0x20);
    expect(isr()).toBe(0x02);
    expect(intr.level).toBe(0);
    command(0x20);
    expect(pics.acknowledge()).toBe(0x24);
    command(0x64);
    expect([isr(), irr()]).toEqual([0, 0]);
  });

  it('masks by OCW1 and keeps the request', () => {
    mask(0x10);
    raise(4);
    expect([intr.level, irr(), pics.master.read(1, 1)]).toEqual([0, 0x10, 0x10]);
    mask(0);
    expect(pics.acknowledge()).toBe(0x24);
  });

  it('requests once an edge; a line that falls before INTA leaves the default IR7', () => {
    raise(4);
    expect(pics.acknowledge()).toBe(0x24);
    command(0x20);
    expect(intr.level).toBe(0);
    drop(4);
    raise(4);
    drop(4);
    expect(intr.level).toBe(0);
    expect(pics.acknowledge()).toBe(0x27);
    expect(isr()).toBe(0);
  });

  it('level-triggered by ELCR: requests again while the line is high; only the lines that may be', () => {
    pics.elcr.write(0, 2, 0xffff);
    expect(pics.elcr.read(0, 2)).toBe(0xdef8);
    raise(5);
    expect(pics.acknowledge()).toBe(0x25);
    command(0x20);
    expect(pics.acknowledge()).toBe(0x25);
    drop(5);
    command(0x20);
    expect(intr.level).toBe(0);
  });

  it('level-triggered by ICW1 LTIM; a level survives ICW1, an edge does not', () => {
    raise(3);
    initialise(1, 0x11);
    expect(intr.level).toBe(0);
    initialise(1, 0x19);
    expect(pics.acknowledge()).toBe(0x23);
  });

  it('cascades: slave vectors, one EOI each', () => {
    raise(12);
    raise(9);
    expect(pics.acknowledge()).toBe(0x29);
    expect(isr()).toBe(0x04);
    expect(intr.level).toBe(0);
    pics.slave.write(0, 1, 0x20);
    command(0x20);
    expect(pics.acknowledge()).toBe(0x2c);
    pics.slave.write(0, 1, 0x20);
    command(0x20);
    expect(intr.level).toBe(0);
  });

  it('special fully nested mode lets a higher request of the slave through', () => {
    raise(12);
    expect(pics.acknowledge()).toBe(0x2c);
    raise(9);
    expect(intr.level).toBe(0);
    drop(9);
    drop(12);
    initialise(0x11);
    raise(12);
    expect(pics.acknowledge()).toBe(0x2c);
    raise(9);
    expect(pics.acknowledge()).toBe(0x29);
  });

  it('automatic EOI leaves nothing in service; with rotation the served level becomes the lowest', () => {
    initialise(3);
    command(0x80);
    raise(2 + 1);
    raise(6);
    expect(pics.acknowledge()).toBe(0x23);
    expect(isr()).toBe(0);
    drop(3);
    raise(3);
    expect(pics.acknowledge()).toBe(0x26);
    command(0x00);
    expect(pics.acknowledge()).toBe(0x23);
  });

  it.each([
    ['rotate on non-specific EOI', 0xa0, 0x25],
    ['rotate on specific EOI', 0xe4, 0x25],
    ['non-specific EOI', 0x20, 0x20],
  ])('%s', (_name, ocw2, next) => {
    raise(4);
    pics.acknowledge();
    raise(5);
    raise(0);
    command(ocw2);
    expect(pics.acknowledge()).toBe(next);
  });

  it('set priority makes the level after it the highest', () => {
    command(0xc2);
    raise(1);
    raise(3);
    expect(pics.acknowledge()).toBe(0x23);
  });

  it('special mask mode: a masked level in service blocks nobody and is passed over by non-specific EOI', () => {
    raise(1);
    pics.acknowledge();
    raise(4);
    expect(intr.level).toBe(0);
    mask(0x02);
    expect(intr.level).toBe(0);
    command(0x68);
    expect(intr.level).toBe(1);
    expect(pics.acknowledge()).toBe(0x24);
    command(0x20);
    expect(isr()).toBe(0x02);
    command(0x48);
    command(0x20);
    expect(isr()).toBe(0);
  });

  it('poll: the read acknowledges', () => {
    command(0x0c);
    expect(pics.master.read(0, 1)).toBe(0);
    raise(6);
    command(0x0c);
    expect(pics.master.read(0, 1)).toBe(0x86);
    expect([isr(), intr.level]).toEqual([0x40, 0]);
  });

  it('single mode without ICW4 takes two words', () => {
    pics.master.write(0, 1, 0x12);
    pics.master.write(1, 1, 0x47);
    pics.master.write(1, 1, 0xfe);
    raise(0);
    expect(pics.master.read(1, 1)).toBe(0xfe);
    expect(pics.acknowledge()).toBe(0x40);
  });

  it('INT drops and rises again when another request waits behind an acknowledge', () => {
    initialise(3);
    raise(3);
    raise(6);
    expect(intr.rises).toBe(1);
    pics.acknowledge();
    expect([intr.level, intr.rises]).toEqual([1, 2]);
  });
});
