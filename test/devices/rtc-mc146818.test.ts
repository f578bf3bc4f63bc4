import { describe, expect, it } from 'vitest';
import { RtcMc146818 } from '../../src/devices/rtc-mc146818.ts';
import { Wire } from './wires.ts';

const SECOND = 1e9;
/** 2000-01-01. */
const EPOCH = 946684800;

interface Rtc {
  readonly device: RtcMc146818;
  readonly wire: Wire;
  get(register: number): number;
  set(register: number, value: number): void;
}

function rtc(epoch = EPOCH): Rtc {
  const wire = new Wire();
  const device = new RtcMc146818(wire, { epoch, cmos: new Map([[0x40, 7]]) });
  return {
    device,
    wire,
    get(register) {
      device.write(0, 1, register);
      return device.read(1, 1);
    },
    set(register, value) {
      device.write(0, 1, register);
      device.write(1, 1, value);
    },
  };
}

/** Century, year, month, day, hours, minutes, seconds, day of the week. */
const shown = ({ get }: Rtc): number[] => [0x32, 9, 8, 7, 4, 2, 0, 6].map(get);

describe('the clock', () => {
  it('starts at the epoch and follows virtual time', () => {
    const clock = rtc();
    expect(shown(clock)).toEqual([0x20, 0, 1, 1, 0, 0, 0, 7]);
    clock.device.advance(SECOND - 1);
    expect(clock.get(0)).toBe(0);
    clock.device.advance(SECOND);
    expect(clock.get(0)).toBe(1);
    clock.device.advance((59 * 86400 + 23 * 3600 + 59 * 60 + 59) * SECOND);
    expect(shown(clock)).toEqual([0x20, 0, 2, 0x29, 0x23, 0x59, 0x59, 3]);
  });

  it('codes in binary and by twelve hours when told to', () => {
    const clock = rtc(EPOCH + 13 * 3600 + 45 * 60);
    clock.set(0xb, 0x04);
    expect([4, 2, 0x32].map(clock.get)).toEqual([0x81, 45, 20]);
    clock.set(0xb, 0x00);
    expect([4, 2].map(clock.get)).toEqual([0x81, 0x45]);
    for (const [hour, code] of [
      [0, 0x12],
      [11, 0x11],
      [12, 0x92],
      [23, 0x91],
    ] as const) {
      const at = rtc(EPOCH + hour * 3600);
      at.set(0xb, 0);
      expect(at.get(4)).toBe(code);
    }
  });

  it('is set while SET holds it, and goes on from there', () => {
    const clock = rtc();
    clock.device.advance(5 * SECOND);
    clock.set(0xb, 0x92);
    expect(clock.get(0xb)).toBe(0x82);
    clock.device.advance(20.5 * SECOND);
    expect(clock.get(0)).toBe(5);
    [
      [0x32, 0x19],
      [9, 0x99],
      [8, 0x12],
      [7, 0x31],
      [4, 0x23],
      [2, 0x59],
      [0, 0x58],
    ].forEach(([r, v]) => clock.set(r!, v!));
    expect(clock.get(9)).toBe(0x99);
    clock.set(0xb, 2);
    expect(shown(clock)).toEqual([0x19, 0x99, 0x12, 0x31, 0x23, 0x59, 0x58, 6]);
    // The divider went on meanwhile: the second ends with that of virtual time.
    clock.device.advance(22 * SECOND);
    expect(shown(clock)).toEqual([0x20, 0, 1, 1, 0, 0, 0, 7]);
  });

  it('written while it runs, the change counts at once; a date that is none is made one', () => {
    const clock = rtc();
    clock.set(7, 0x31);
    clock.set(8, 0x02);
    expect(shown(clock).slice(2, 4)).toEqual([3, 2]);
  });

  it('first updates half a second after its divider is let go', () => {
    const clock = rtc();
    clock.device.advance(0.9 * SECOND);
    clock.set(0xa, 0x76);
    clock.device.advance(3.25 * SECOND);
    expect(clock.get(0)).toBe(0);
    clock.set(0xa, 0x26);
    clock.device.advance(3.74 * SECOND);
    expect(clock.get(0)).toBe(0);
    clock.device.advance(3.76 * SECOND);
    expect(clock.get(0)).toBe(1);
  });

  it('announces an update by UIP, unless it stands still', () => {
    const clock = rtc();
    for (const [ns, uip] of [
      [0, 0],
      [0.99777e9, 0],
      [0.9978e9, 0x80],
      [0.99999e9, 0x80],
      [1e9, 0],
    ] as const) {
      clock.device.advance(ns);
      expect([ns, clock.get(0xa) & 0x80]).toEqual([ns, uip]);
    }
    clock.device.advance(1.9999e9);
    clock.set(0xb, 0x82);
    expect(clock.get(0xa)).toBe(0x26);
  });
});

describe('interrupts', () => {
  it('periodic: at the rate of register A, until C is read', () => {
    const { device, wire, get, set } = rtc();
    expect(device.deadline()).toBe(Infinity);
    set(0xb, 0x42);
    let count = 0;
    for (;;) {
      const due = device.deadline();
      if (due > SECOND) break;
      device.advance(due);
      expect([wire.level, device.deadline(), get(0xc), wire.level]).toEqual([1, Infinity, 0xc0 | (due === SECOND ? 0x10 : 0), 0]);
      count++;
    }
    expect([count, wire.rises]).toEqual([1024, 1024]);
  });

  it.each([
    [1, 256],
    [2, 128],
    [3, 8192],
    [15, 2],
  ])('rate %i is %i Hz', (rate, hertz) => {
    const { device, set } = rtc();
    set(0xa, 0x20 | rate);
    set(0xb, 0x42);
    expect(device.deadline()).toBe(Math.ceil(SECOND / hertz));
  });

  it('rate 0 never comes', () => {
    const { device, set } = rtc();
    set(0xa, 0x20);
    set(0xb, 0x42);
    expect(device.deadline()).toBe(Infinity);
  });

  it('update-ended: every second; one that is pending when it is enabled comes at once', () => {
    const { device, wire, get, set } = rtc();
    set(0xa, 0x20);
    device.advance(1.5 * SECOND);
    expect(wire.level).toBe(0);
    set(0xb, 0x12);
    expect([wire.level, get(0xc), get(0xc), wire.level, device.deadline()]).toEqual([1, 0x90, 0, 0, 2 * SECOND]);
  });

  it.each([
    ['at a time', [0x30, 0x15, 0x10], 10 * 3600 + 15 * 60 + 30],
    ['every hour', [0x05, 0x02, 0xff], 125],
    ['every second', [0xc0, 0xc0, 0xc0], 1],
    ['at the time it is, tomorrow', [0, 0, 0], 86400],
    ['never', [0x60, 0, 0], Infinity],
  ])('alarm %s', (_name, [seconds, minutes, hours], after) => {
    const { device, wire, get, set } = rtc();
    set(0xa, 0x20);
    [
      [1, seconds!],
      [3, minutes!],
      [5, hours!],
      [0xb, 0x22],
    ].forEach(([register, value]) => set(register!, value!));
    expect(device.deadline()).toBe(after * SECOND);
    device.advance(Math.min(after, 200_000) * SECOND);
    expect([wire.level, get(0xc) & 0xa0]).toEqual(after === Infinity ? [0, 0] : [1, 0xa0]);
  });
});

it('CMOS RAM: kept as written; C and D are read-only, the index cannot be read', () => {
  const { device, get, set } = rtc();
  set(0x40 | 0x80, 9);
  expect([get(0x40), get(0x50)]).toEqual([9, 0]);
  set(0xc, 0xff);
  set(0xd, 0);
  expect([get(0xc), get(0xd), device.read(0, 1), device.read(1, 2)]).toEqual([0, 0x80, 0xff, 0xff80]);
});
