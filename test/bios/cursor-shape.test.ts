// The cursor's shape: what programs read is what they asked for; the CRT controller has lines of the cell that there is.

import { describe, expect, it } from 'vitest';
import { BiosRig, MIB } from './support.ts';

const CURSOR_SHAPE = 0x460;
/** Registers 0AH and 0BH of the CRT controller, in one word. */
function lines({ board: { ports } }: BiosRig): number {
  const register = (index: number): number => {
    ports.write(0x3d4, 1, index, 0);
    return ports.read(0x3d5, 1, 0)!;
  };
  return register(0x0a) * 256 + register(0x0b);
}
const asked = (rig: BiosRig): number => rig.call(0x10, { eax: 0x0300 }).cx;
function ask(rig: BiosRig, shape: number): void {
  rig.call(0x10, { eax: 0x0100, ecx: shape });
}

describe.each([0, 1, 2, 3, 7])('after mode %i was set', (mode) => {
  it('it is 0607H to programs, an underline off the last line to the screen', () => {
    const rig = new BiosRig({ memory: MIB });
    ask(rig, 0x0007);
    rig.call(0x10, { eax: mode });
    expect([asked(rig), rig.u16(CURSOR_SHAPE)]).toEqual([0x0607, 0x0607]);
    expect(lines(rig)).toBe(0x0d0e);
  });
});

describe('AH = 01H', () => {
  // By the rules of IBM's VGA BIOS, in a cell of 16 lines.
  it.each([
    ["CGA's underline", 0x0607, 0x0d0e],
    ["the monochrome adapter's underline", 0x0b0c, 0x0d0e],
    ['one line at the bottom', 0x0707, 0x0e0e],
    ['a thick underline', 0x0507, 0x0c0e],
    ['a block', 0x0007, 0x000f],
    ['the lower half', 0x0407, 0x080f],
    ['one line at the top', 0x0000, 0x0000],
    ['lines of the upper half', 0x0103, 0x0103],
    ['lines that go round the cell', 0x0602, 0x020f],
    ['none', 0x2000, 0x2000],
    ['none, with lines', 0x2607, 0x2607],
  ])('%s: it reads as asked; the screen shows what looks alike', (_name, shape, expected) => {
    const rig = new BiosRig();
    ask(rig, shape);
    expect([asked(rig), rig.u16(CURSOR_SHAPE), lines(rig)]).toEqual([shape, shape, expected]);
  });

  it('without emulation, the lines are those of the cell', () => {
    const rig = new BiosRig();
    expect(rig.call(0x10, { eax: 0x1201, ebx: 0x34 }).al).toBe(0x12);
    ask(rig, 0x0607);
    expect([asked(rig), lines(rig)]).toEqual([0x0607, 0x0607]);
    rig.call(0x10, { eax: 0x1200, ebx: 0x34 });
    ask(rig, 0x0607);
    expect(lines(rig)).toBe(0x0d0e);
  });

  it.each([0, 1, 2, 8, 14, 32, 0xffff])('whatever cell height a guest writes (%i), every shape is stored', (height) => {
    const rig = new BiosRig();
    for (let first = 0; first < 256; first += 5) {
      rig.write(0x485, [height & 0xff, height >> 8]);
      ask(rig, first * 256 + 7);
      expect(asked(rig)).toBe(first * 256 + 7);
    }
  });
});
