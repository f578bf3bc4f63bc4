// INT 08H, 1AH, 1CH, 4AH and 70H: ticks, the real-time clock and its alarm.

import { describe, expect, it } from 'vitest';
import { BiosRig, STI } from './support.ts';

const TICKS = 0x46c;
const MIDNIGHT = 0x470;
/** A second of virtual time: 100 million instructions, of which a sleeping guest executes few. */
const sleep = (rig: BiosRig, steps: number): void => void rig.run([STI, 0xf4, 0xeb, 0xfd], {}, steps);
/** Puts a handler at 0000:0610 that counts at 0000:0600. */
function count(rig: BiosRig, vector: number): void {
  rig.write(0x610, [0x2e, 0xfe, 0x06, 0x00, 0x06, 0xcf]);
  rig.write(4 * vector, [0x10, 0x06, 0, 0]);
}

describe('timer ticks', () => {
  it('18.2 a second, each with INT 1CH', () => {
    const rig = new BiosRig();
    count(rig, 0x1c);
    const before = rig.vm.clock.nanoseconds();
    sleep(rig, 2000);
    const seconds = (rig.vm.clock.nanoseconds() - before) / 1e9;
    expect(rig.u32(TICKS)).toBeGreaterThan(20);
    expect(Math.abs(rig.u32(TICKS) - seconds * 18.2065)).toBeLessThan(2);
    expect(rig.u8(0x600)).toBe(rig.u32(TICKS));
  });

  it('at midnight the count starts again, and a flag says so until it is read', () => {
    const rig = new BiosRig();
    rig.write(TICKS, [0xaf, 0x00, 0x18, 0x00]);
    sleep(rig, 40);
    expect(rig.u8(MIDNIGHT)).toBe(1);
    expect(rig.u32(TICKS)).toBeLessThan(5);
    expect(rig.call(0x1a, { eax: 0x00ff }).al).toBe(1);
    expect(rig.call(0x1a, { eax: 0x00ff }).al).toBe(0);
  });

  it('AH = 01H sets the count, AH = 00H reads it', () => {
    const rig = new BiosRig();
    expect(rig.call(0x1a, { eax: 0x0100, ecx: 0x12, edx: 0x3456 }).cf).toBe(false);
    expect(rig.call(0x1a, { eax: 0 })).toMatchObject({ cx: 0x12, dx: 0x3456, cf: false });
  });
});

describe('the real-time clock', () => {
  it('tells time and date in BCD', () => {
    const rig = new BiosRig({ epoch: Date.UTC(2024, 1, 29, 13, 47, 21) / 1000 });
    expect(rig.call(0x1a, { eax: 0x0200 })).toMatchObject({ cx: 0x1347, dx: 0x2100, cf: false });
    expect(rig.call(0x1a, { eax: 0x0400 })).toMatchObject({ cx: 0x2024, dx: 0x0229, cf: false });
  });

  it('can be set', () => {
    const rig = new BiosRig();
    rig.call(0x1a, { eax: 0x0300, ecx: 0x2359, edx: 0x5800 });
    rig.call(0x1a, { eax: 0x0500, ecx: 0x1999, edx: 0x1231 });
    expect(rig.call(0x1a, { eax: 0x0200 }).cx).toBe(0x2359);
    expect(rig.call(0x1a, { eax: 0x0400 })).toMatchObject({ cx: 0x1999, dx: 0x1231 });
  });

  it('calls INT 4AH at an alarm; one at a time', () => {
    const rig = new BiosRig();
    count(rig, 0x4a);
    expect(rig.call(0x1a, { eax: 0x0600, ecx: 0x0000, edx: 0x0200 }).cf).toBe(false);
    expect(rig.call(0x1a, { eax: 0x0600, ecx: 0x0000, edx: 0x0300 }).cf).toBe(true);
    sleep(rig, 4000);
    expect(rig.vm.clock.nanoseconds()).toBeGreaterThan(2e9);
    expect(rig.u8(0x600)).toBe(1);
    expect(rig.call(0x1a, { eax: 0x0700 }).cf).toBe(false);
    expect(rig.call(0x1a, { eax: 0x0600, ecx: 0x0000, edx: 0x0300 }).cf).toBe(false);
  });

  it.each([0x0800, 0xb101, 0xff00])('AX = %i is not there: CF', (eax) => {
    expect(new BiosRig().call(0x1a, { eax }).cf).toBe(true);
  });
});

describe('interrupts that nobody serves', () => {
  it('are ended and masked', () => {
    const rig = new BiosRig();
    const { ports } = rig.board;
    // COM1's transmitter interrupt, unmasked.
    ports.write(0x21, 1, ports.read(0x21, 1, 0)! & ~0x10, 0);
    ports.write(0x3fc, 1, 8, 0);
    ports.write(0x3f9, 1, 2, 0);
    sleep(rig, 200);
    expect(ports.read(0x21, 1, 0)! & 0x10).toBe(0x10);
    const before = rig.u32(TICKS);
    sleep(rig, 200);
    expect(rig.u32(TICKS)).toBeGreaterThan(before);
  });
});
