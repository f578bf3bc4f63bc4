// The text screen as data.

import { describe, expect, it } from 'vitest';
import { characterOf } from '../../src/machine/code-page-437.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { Pc } from '../../src/machine/pc.ts';
import { screenLines, textScreen } from '../../src/machine/text-screen.ts';

const TEXT = 0xb8000;

function pc(): Pick<Pc, 'vm' | 'board'> & {
  put(cell: number, text: string, attribute?: number): void;
  crtc(index: number, value: number): void;
} {
  const machine = createPc({ memory: 2 ** 20 });
  return {
    ...machine,
    put: (cell, text, attribute = 7) =>
      machine.vm.writeMemory(TEXT + 2 * cell, Uint8Array.from([...text].flatMap((c) => [c.charCodeAt(0), attribute]))),
    crtc: (index, value) => {
      machine.board.ports.write(0x3d4, 2, index + 256 * value, 0);
    },
  };
}

describe('code page 437', () => {
  it('has 256 characters of one unit each, printable ASCII among them', () => {
    const all = Array.from({ length: 256 }, (_, code) => characterOf(code));
    expect(all.every((character) => character.length === 1)).toBe(true);
    for (let code = 0x20; code < 0x7f; code++) expect(all[code]).toBe(String.fromCharCode(code));
    expect([all[0x01], all[0x80], all[0xb0], all[0xc4], all[0xdb], all[0xe1], all[0xfe]]).toEqual(['☺', 'Ç', '░', '─', '█', 'ß', '■']);
  });
});

describe('the text screen', () => {
  it('is 25 rows of 80 cells, each with its character and colours', () => {
    const machine = pc();
    machine.put(0, 'A', 0x1e);
    machine.put(80 * 24 + 79, '\xdb', 0xcf);
    const screen = textScreen(machine)!;
    expect([screen.rows.length, screen.rows[0]!.length, screen.columns]).toEqual([25, 80, 80]);
    expect(screen.rows[0]![0]).toEqual({ character: 'A', foreground: 14, background: 1, blink: false });
    expect(screen.rows[24]![79]).toEqual({ character: '█', foreground: 15, background: 4, blink: true });
    expect(screen.cursor).toEqual({ row: 0, column: 0 });
  });

  it('follows start address and cursor', () => {
    const machine = pc();
    machine.put(80, 'second line');
    machine.crtc(0x0d, 80);
    machine.crtc(0x0f, 80 + 85);
    const screen = textScreen(machine)!;
    expect(screenLines(screen)).toEqual(['second line']);
    expect(screen.cursor).toEqual({ row: 1, column: 5 });
    machine.crtc(0x0f, 79);
    expect(textScreen(machine)!.cursor).toBeNull();
  });

  it('goes on at the start of the window after its end', () => {
    const machine = pc();
    machine.put(0x3fff, 'x');
    machine.put(0, 'y');
    machine.crtc(0x0c, 0x3f);
    machine.crtc(0x0d, 0xff);
    expect(screenLines(textScreen(machine)!)).toEqual(['xy']);
  });

  it('is of other sizes when the CRT controller says so, and none in a graphics mode', () => {
    const machine = pc();
    machine.crtc(0x09, 0x07);
    expect(textScreen(machine)!.rows.length).toBe(50);
    machine.board.ports.write(0x3ce, 2, 0x0506, 0);
    expect(textScreen(machine)).toBeNull();
  });

  it('shows bright backgrounds when attributes do not blink', () => {
    const machine = pc();
    machine.put(0, 'b', 0xf0);
    machine.board.ports.read(0x3da, 1, 0);
    machine.board.ports.write(0x3c0, 1, 0x30, 0);
    machine.board.ports.write(0x3c0, 1, 0, 0);
    expect(textScreen(machine)!.rows[0]![0]).toEqual({ character: 'b', foreground: 0, background: 15, blink: false });
  });

  it("comes back with the machine's state", () => {
    const first = pc();
    const second = pc();
    first.crtc(0x0f, 81);
    second.vm.restore(JSON.parse(JSON.stringify(first.vm.save())) as ReturnType<typeof first.vm.save>);
    expect(textScreen(second)!.cursor).toEqual({ row: 1, column: 1 });
  });
});
