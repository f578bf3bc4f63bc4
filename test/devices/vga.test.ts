// The registers of a VGA (IBM PS/2 Video Subsystem Technical Reference, "VGA Function").

import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.ts';
import { textMode } from '../../src/devices/vga-text-mode.ts';
import { Vga } from '../../src/devices/vga.ts';

/** Ports as they are on a PC. */
function vga() {
  const device = new Vga();
  const read = (port: number): number => device.read(port - 0x3b0, 1);
  const write = (port: number, ...bytes: number[]): void => bytes.forEach((byte) => device.write(port - 0x3b0, 1, byte));
  const set = (port: number, index: number, value: number): void => device.write(port - 0x3b0, 2, index + 256 * value);
  const get = (port: number, index: number): number => {
    write(port, index);
    return read(port + 1);
  };
  return { device, read, write, set, get };
}

describe('banks by index and data', () => {
  it.each([
    ['sequencer', 0x3c4, 4],
    ['graphics controller', 0x3ce, 8],
    ['CRT controller', 0x3d4, 0x18],
  ])('%s', (_name, port, last) => {
    const { set, get, read } = vga();
    set(port, last, 0x5a);
    expect([read(port), get(port, last), get(port, 0xf0)]).toEqual([last, 0x5a, 0xff]);
    set(port, 0xf0, 1);
    expect(get(port, last)).toBe(0x5a);
  });

  it('the CRT controller answers at its monochrome address too', () => {
    const { set, get } = vga();
    set(0x3b4, 0x0f, 0x12);
    expect(get(0x3d4, 0x0f)).toBe(0x12);
  });

  // "Vertical Retrace End Register": bit 7 protects registers 00 to 07; line compare bit 8 in 07 is not protected.
  it('the first eight of the CRT controller are protected', () => {
    const { set, get } = vga();
    set(0x3d4, 1, 0x27);
    set(0x3d4, 7, 0x00);
    expect([get(0x3d4, 1), get(0x3d4, 7)]).toEqual([0x4f, 0x0f]);
    set(0x3d4, 0x11, 0x0e);
    set(0x3d4, 1, 0x27);
    expect(get(0x3d4, 1)).toBe(0x27);
  });

  it('the attribute controller takes index and data in turn at one port, from the index after a read of the status', () => {
    const { read, write } = vga();
    write(0x3c0, 0x30, 0x0b, 0x21);
    read(0x3da);
    write(0x3c0, 0x30);
    expect([read(0x3c0), read(0x3c1)]).toEqual([0x30, 0x0b]);
    read(0x3ba);
    write(0x3c0, 0x21);
    expect(read(0x3c1)).toBe(0x01);
  });
});

describe('the DAC', () => {
  it('takes and gives three components a colour, and goes on to the next', () => {
    const { read, write } = vga();
    write(0x3c8, 0xff);
    write(0x3c9, 1, 2, 3, 4, 0xc5, 6);
    expect([read(0x3c7), read(0x3c8)]).toEqual([0, 1]);
    write(0x3c7, 0xff);
    expect([read(0x3c7), ...Array.from({ length: 6 }, () => read(0x3c9))]).toEqual([3, 1, 2, 3, 4, 5, 6]);
    write(0x3c6, 0x3f);
    expect(read(0x3c6)).toBe(0x3f);
  });

  it('holds the 64 colours of the EGA', () => {
    const { read, write } = vga();
    write(0x3c7, 0x14); // brown: red, and a third of green
    expect([read(0x3c9), read(0x3c9), read(0x3c9)]).toEqual([0x2a, 0x15, 0]);
  });
});

describe('the status registers', () => {
  it('misc output and feature control are read elsewhere than written', () => {
    const { read, write } = vga();
    expect(read(0x3cc)).toBe(0x67);
    write(0x3c2, 0x63);
    write(0x3da, 1);
    expect([read(0x3cc), read(0x3ca), read(0x3c2), read(0x3c3)]).toEqual([0x63, 1, 0x10, 1]);
  });

  it('tell where the beam is: 449 lines 70 times a second, two of them in retrace', () => {
    const { device, read } = vga();
    let blank = 0;
    let retrace = 0;
    let rises = 0;
    let last = 0;
    const step = 100;
    const second = 1e9 / 10;
    for (let now = 0; now < second; now += step) {
      device.advance(now);
      const status = read(0x3da);
      blank += status & 1;
      retrace += (status >>> 3) & 1;
      if (status & 8 & ~last) rises++;
      last = status;
    }
    expect(rises).toBe(7);
    expect(retrace / (second / step)).toBeCloseTo(2 / 449, 3);
    expect(blank / (second / step)).toBeCloseTo(1 - (400 / 449) * (80 / 100), 2);
  });
});

describe('the text mode that they say', () => {
  it('is 80 by 25 at B8000H with a cursor in the first cell', () => {
    expect(textMode(vga().device.registers)).toEqual({
      columns: 80,
      rows: 25,
      base: 0xb8000,
      cells: 0x4000,
      start: 0,
      pitch: 80,
      blink: true,
      cursor: 0,
    });
  });

  it.each<[string, (v: ReturnType<typeof vga>) => void, object]>([
    ['50 rows of 8 lines', ({ set }) => set(0x3d4, 9, 0x47), { rows: 50 }],
    ['25 rows of 16 doubled lines of a 400 line screen are 12', ({ set }) => set(0x3d4, 9, 0x8f), { rows: 12 }],
    [
      'a start address',
      ({ set }) => {
        set(0x3d4, 0xc, 1);
        set(0x3d4, 0xd, 2);
      },
      { start: 258 },
    ],
    ['a pitch', ({ set }) => set(0x3d4, 0x13, 64), { pitch: 128 }],
    ['monochrome', ({ set }) => set(0x3ce, 6, 0x0a), { base: 0xb0000 }],
    ['the whole window', ({ set }) => set(0x3ce, 6, 0x00), { base: 0xa0000, cells: 0x10000 }],
    [
      'a cursor',
      ({ set }) => {
        set(0x3d4, 0xe, 2);
        set(0x3d4, 0xf, 3);
      },
      { cursor: 515 },
    ],
    ['no cursor', ({ set }) => set(0x3d4, 0xa, 0x20), { cursor: null }],
    ['a cursor that ends before it begins', ({ set }) => set(0x3d4, 0xa, 0x0f), { cursor: null }],
    [
      'bright backgrounds',
      ({ read, write }) => {
        read(0x3da);
        write(0x3c0, 0x30, 0x04);
      },
      { blink: false },
    ],
    [
      '480 lines',
      ({ set }) => {
        set(0x3d4, 0x11, 0);
        set(0x3d4, 0x12, 0xdf);
        set(0x3d4, 7, (0x1f & ~0x40) | 0x02);
      },
      { rows: 30 },
    ],
  ])('%s', (_name, program, expected) => {
    const screen = vga();
    program(screen);
    expect(textMode(screen.device.registers)).toMatchObject(expected);
  });

  it('is none in a graphics mode', () => {
    const screen = vga();
    screen.set(0x3ce, 6, 0x05);
    expect(textMode(screen.device.registers)).toBeNull();
  });
});

it('a saved state with a bank of another length is refused', () => {
  const { device } = vga();
  const saved = device.save();
  expect(() => device.restore({ ...saved, crtc: [1, 2] })).toThrow(InputError);
  expect(device.save()).toEqual(saved);
});
