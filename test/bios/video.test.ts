// INT 10H: what it writes to text memory, where it leaves the cursor, and what it tells.

import { describe, expect, it } from 'vitest';
import { BiosRig } from './support.ts';

const TEXT = 0xb8000;
const cell = (rig: BiosRig, row: number, column: number, page = 0): number => rig.u16(TEXT + page * 0x1000 + 2 * (row * 80 + column));
const at = (row: number, column: number): number => (row << 8) | column;
const cursor = (rig: BiosRig, page = 0): number => rig.call(0x10, { eax: 0x0300, ebx: page << 8 }).dx;
function move(rig: BiosRig, row: number, column: number, page = 0): void {
  rig.call(0x10, { eax: 0x0200, ebx: page << 8, edx: at(row, column) });
}
const type = (rig: BiosRig, text: string): void => [...text].forEach((c) => rig.call(0x10, { eax: 0x0e00 | c.charCodeAt(0), ebx: 7 }));
/** What the adapter's registers say, which is what a screen shows. */
const shown = (rig: BiosRig): { start: number; cursor: number } => {
  const register = (index: number): number => {
    rig.board.ports.write(0x3d4, 1, index, 0);
    return rig.board.ports.read(0x3d5, 1, 0)!;
  };
  return { start: register(12) * 256 + register(13), cursor: register(14) * 256 + register(15) };
};

describe('teletype', () => {
  it('types with the attribute of the place and moves the cursor', () => {
    const rig = new BiosRig();
    rig.write(TEXT + 2, [0x20, 0x1e]);
    type(rig, 'AB');
    expect([cell(rig, 0, 0), cell(rig, 0, 1), cursor(rig)]).toEqual([0x0741, 0x1e42, at(0, 2)]);
    expect(shown(rig)).toEqual({ start: 0, cursor: 2 });
  });

  it.each([
    ['\r', at(5, 10), at(5, 0)],
    ['\n', at(5, 10), at(6, 10)],
    ['\b', at(5, 10), at(5, 9)],
    ['\b', at(5, 0), at(5, 0)],
    ['\x07', at(5, 10), at(5, 10)],
    ['x', at(5, 79), at(6, 0)],
  ])('%j from %i goes to %i', (character, from, to) => {
    const rig = new BiosRig();
    move(rig, from >> 8, from & 0xff);
    type(rig, character);
    expect(cursor(rig)).toBe(to);
  });

  it('scrolls at the bottom, and the new line has the attribute of the last character', () => {
    const rig = new BiosRig();
    type(rig, 'top');
    rig.call(0x10, { eax: 0x0920, ebx: 0x4f, ecx: 1, edx: 0 });
    move(rig, 1, 0);
    type(rig, 'second');
    move(rig, 24, 79);
    rig.call(0x10, { eax: 0x0920, ebx: 0x2e, ecx: 1 });
    type(rig, 'x');
    expect([rig.row(0), cell(rig, 23, 79), cell(rig, 24, 0), cursor(rig)]).toEqual(['second', 0x2e78, 0x2e20, at(24, 0)]);
  });
});

describe('characters', () => {
  it('AH = 09H writes character and attribute, the cursor stays; AH = 08H reads them', () => {
    const rig = new BiosRig();
    move(rig, 3, 78);
    rig.call(0x10, { eax: 0x092a, ebx: 0x1f, ecx: 4 });
    expect([cell(rig, 3, 77), cell(rig, 3, 78), cell(rig, 4, 1), cell(rig, 4, 2)]).toEqual([0x0720, 0x1f2a, 0x1f2a, 0x0720]);
    expect(cursor(rig)).toBe(at(3, 78));
    expect(rig.call(0x10, { eax: 0x0800 }).ax).toBe(0x1f2a);
  });

  it('AH = 0AH leaves the attributes; a count beyond the screen ends with it', () => {
    const rig = new BiosRig();
    rig.write(TEXT + 2 * (24 * 80 + 79), [0x20, 0x35]);
    move(rig, 24, 79);
    rig.call(0x10, { eax: 0x0a21, ebx: 0x1f, ecx: 0xffff });
    expect(cell(rig, 24, 79)).toBe(0x3521);
    expect(rig.u16(TEXT + 2 * 25 * 80)).toBe(0x0720);
  });

  it.each([
    [0, [0x41, 0x42], 0x1741, at(2, 3)],
    [1, [0x41, 0x42], 0x1741, at(2, 5)],
    [2, [0x41, 0x2e, 0x42, 0x2e], 0x2e41, at(2, 3)],
    [3, [0x41, 0x2e, 0x42, 0x2e], 0x2e41, at(2, 5)],
  ])('AX = 130%iH writes a string', (mode, string, first, end) => {
    const rig = new BiosRig();
    move(rig, 2, 3);
    rig.write(0x20010, string);
    rig.call(0x10, { eax: 0x1300 | mode, ebx: 0x17, ecx: 2, edx: at(2, 3), ebp: 0x10 }, { es: 0x2000 });
    expect([cell(rig, 2, 3), cell(rig, 2, 4) & 0xff, cursor(rig)]).toEqual([first, 0x42, end]);
  });
});

describe('windows', () => {
  const screen = (): BiosRig => {
    const rig = new BiosRig();
    for (let row = 0; row < 25; row++)
      rig.write(
        TEXT + row * 160,
        Array.from({ length: 160 }, (_, n) => (n % 2 ? 0x07 : 0x41 + row)),
      );
    return rig;
  };

  it('scroll up within their edges', () => {
    const rig = screen();
    rig.call(0x10, { eax: 0x0602, ebx: 0x1700, ecx: at(2, 10), edx: at(6, 19) });
    expect([2, 4, 5, 6].map((row) => cell(rig, row, 10))).toEqual([0x0745, 0x0747, 0x1720, 0x1720]);
    expect([cell(rig, 2, 9), cell(rig, 2, 20), cell(rig, 7, 10)]).toEqual([0x0743, 0x0743, 0x0748]);
  });

  it('scroll down', () => {
    const rig = screen();
    rig.call(0x10, { eax: 0x0701, ebx: 0x1700, ecx: at(2, 10), edx: at(6, 19) });
    expect([2, 3, 6].map((row) => cell(rig, row, 19))).toEqual([0x1720, 0x0743, 0x0746]);
  });

  it.each([0x0600, 0x0619, 0x0700])('AX = %i clears, to the edge of the screen at most', (eax) => {
    const rig = screen();
    rig.call(0x10, { eax, ebx: 0x2000, ecx: at(1, 70), edx: at(255, 255) });
    expect([cell(rig, 0, 70), cell(rig, 1, 69), cell(rig, 1, 70), cell(rig, 24, 79)]).toEqual([0x0741, 0x0742, 0x2020, 0x2020]);
    expect(rig.u16(TEXT + 2 * 25 * 80)).toBe(0x0720);
  });

  it('without an inside change nothing', () => {
    const rig = screen();
    rig.call(0x10, { eax: 0x0600, ebx: 0x2000, ecx: at(5, 5), edx: at(4, 4) });
    expect(cell(rig, 5, 5)).toBe(0x0746);
  });
});

describe('modes and pages', () => {
  it('AH = 00H clears the screen and tells by AH = 0FH; bit 7 of AL leaves it', () => {
    const rig = new BiosRig();
    type(rig, 'x');
    rig.call(0x10, { eax: 0x0083 });
    expect(cell(rig, 0, 0)).toBe(0x0778);
    rig.call(0x10, { eax: 0x0003 });
    expect([cell(rig, 0, 0), cursor(rig)]).toEqual([0x0720, 0]);
    expect(rig.call(0x10, { eax: 0x0f00 })).toMatchObject({ ax: 0x5003, bx: 0 });
    rig.call(0x10, { eax: 0x0001 });
    expect(rig.call(0x10, { eax: 0x0f00 }).ax).toBe(0x2801);
  });

  it('modes of graphics are not set; who runs the machine is told of each once', () => {
    const said: string[] = [];
    const rig = new BiosRig({ notice: (text) => said.push(text) });
    for (const eax of [0x13, 0x04, 0x13, 0x93]) rig.call(0x10, { eax });
    expect(rig.call(0x10, { eax: 0x0f00 }).al).toBe(3);
    expect(said).toEqual([
      'the guest asked for graphics mode 13h, which is not drawn',
      'the guest asked for graphics mode 04h, which is not drawn',
    ]);
  });

  it('mode 7 is at B0000H', () => {
    const rig = new BiosRig();
    rig.call(0x10, { eax: 0x0007 });
    type(rig, 'm');
    expect([rig.u16(0xb0000), rig.u16(0x463)]).toEqual([0x076d, 0x3b4]);
  });

  it('each page has a cursor; AH = 05H shows one', () => {
    const rig = new BiosRig();
    move(rig, 7, 8, 2);
    expect([cursor(rig, 2), cursor(rig, 0), shown(rig).cursor]).toEqual([at(7, 8), 0, 0]);
    rig.call(0x10, { eax: 0x0502 });
    expect(shown(rig)).toEqual({ start: 0x1000, cursor: 0x1000 + 7 * 80 + 8 });
    type(rig, 'p');
    expect([cell(rig, 7, 8, 2), cell(rig, 7, 8)]).toEqual([0x0770, 0x0720]);
  });

  it('says that the adapter is a VGA', () => {
    expect(new BiosRig().call(0x10, { eax: 0x1a00 })).toMatchObject({ al: 0x1a, bx: 8 });
    expect(new BiosRig().call(0x10, { eax: 0x1200, ebx: 0x10 })).toMatchObject({ bx: 3 });
    expect(new BiosRig().call(0x10, { eax: 0x1130 })).toMatchObject({ cx: 16, edx: 24 });
  });
});

describe('what guests may do to the data area', () => {
  it.each([
    ['no columns', 0x44a, [0, 0]],
    ['too many columns', 0x44a, [0xff, 0xff]],
    ['a page size of ones', 0x44c, [0xff, 0xff]],
    ['no rows', 0x484, [0]],
    ['a page that is not there', 0x462, [0xff]],
    ['a cursor off the screen', 0x450, [0xff, 0xff]],
    ["another adapter's port", 0x463, [0x60, 0]],
  ])('%s', (_name, gpa, bytes) => {
    const rig = new BiosRig();
    rig.write(gpa, bytes);
    type(rig, 'abc\n\r');
    rig.call(0x10, { eax: 0x0601, ebx: 0x0700, ecx: 0, edx: at(24, 79) });
    const outside = [...rig.read(0xb7000, 0x1000), ...rig.read(0xc0000, 0x1000)];
    expect(outside.every((byte) => byte === 0)).toBe(true);
  });
});
