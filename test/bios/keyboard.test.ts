// INT 09H and 16H: scan codes in by the keyboard controller, keystrokes out.

import { describe, expect, it } from 'vitest';
import { INTERNALS } from '../../src/base/internals.ts';
import { Request } from '../../src/base/request.ts';
import { BiosRig, CLI, HLT, INT, PUSHF, STI } from './support.ts';

/** A machine into whose controller scan codes of set 1 are put, as by its command D2H, and taken by IRQ 1. */
function typed(...codes: number[]): BiosRig {
  const rig = new BiosRig();
  press(rig, ...codes);
  return rig;
}

/** MOV AL, D2H; OUT 64H, AL; MOV AL, code; OUT 60H, AL, and some time for the interrupt. */
function press(rig: BiosRig, ...codes: number[]): void {
  const put = codes.flatMap((code) => [0xb0, 0xd2, 0xe6, 0x64, 0xb0, code, 0xe6, 0x60, 0x90, 0x90]);
  rig.run([STI, ...put, CLI, HLT], {}, 100_000);
}

/** Everything in the ring, by AH = 11H and 10H. */
function keys(rig: BiosRig, peek = 0x1100, take = 0x1000): number[] {
  const all: number[] = [];
  while (!rig.call(0x16, { eax: peek }).zf) all.push(rig.call(0x16, { eax: take }).ax);
  return all;
}

const up = (code: number): number => code | 0x80;
const A = 0x1e;
const ONE = 0x02;
const F1 = 0x3b;
const F11 = 0x57;
const LEFT_SHIFT = 0x2a;
const RIGHT_SHIFT = 0x36;
const CTRL = 0x1d;
const ALT = 0x38;
const CAPS = 0x3a;
const NUM = 0x45;
const E0 = 0xe0;
const HOME = 0x47;
const ENTER = 0x1c;
const SLASH = 0x35;
const DELETE = 0x53;
const BREAK = 0x46;

describe('keystrokes', () => {
  it.each<[string, number[], number[]]>([
    ['a letter; its release is none', [A, up(A)], [0x1e61]],
    ['with Shift, left or right', [LEFT_SHIFT, A, up(LEFT_SHIFT), RIGHT_SHIFT, A, up(RIGHT_SHIFT), A], [0x1e41, 0x1e41, 0x1e61]],
    [
      'with Caps Lock, which Shift undoes',
      [CAPS, up(CAPS), A, LEFT_SHIFT, A, ONE, up(LEFT_SHIFT), CAPS, A],
      [0x1e41, 0x1e61, 0x0221, 0x1e61],
    ],
    ['with Ctrl and with Alt', [CTRL, A, up(CTRL), ALT, A, ONE, up(ALT)], [0x1e01, 0x1e00, 0x7800]],
    ['signs', [0x27, 0x28, 0x2b, LEFT_SHIFT, 0x27, 0x28, 0x2b, 0x0c], [0x273b, 0x2827, 0x2b5c, 0x273a, 0x2822, 0x2b7c, 0x0c5f]],
    [
      'function keys',
      [F1, LEFT_SHIFT, F1, up(LEFT_SHIFT), CTRL, F1, up(CTRL), ALT, F1, up(ALT), F11],
      [0x3b00, 0x5400, 0x5e00, 0x6800, 0x8500],
    ],
    ['the keypad, and with Num Lock', [HOME, NUM, up(NUM), HOME, LEFT_SHIFT, HOME], [0x4700, 0x4737, 0x4700]],
    ['grey keys', [E0, HOME, E0, ENTER, E0, SLASH], [0x47e0, 0xe00d, 0xe02f]],
    ['grey keys with the shifts that keyboards make up', [E0, LEFT_SHIFT, E0, HOME, A], [0x47e0, 0x1e61]],
    ['Pause is none', [0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5, A], [0x1e61]],
  ])('%s', (_name, codes, expected) => expect(keys(typed(...codes))).toEqual(expected));

  it('programs for 84 keys see grey keys as the others, and the rest not', () => {
    expect(keys(typed(E0, HOME, F11, E0, ENTER, E0, SLASH, A), 0x0100, 0x0000)).toEqual([0x4700, 0x1c0d, 0x352f, 0x1e61]);
  });

  it('the ring holds 15; what is typed beyond is lost', () => {
    const rig = typed(...Array.from({ length: 20 }, (_, n) => 0x10 + (n % 10)));
    expect(keys(rig)).toHaveLength(15);
    press(rig, A);
    expect(keys(rig)).toEqual([0x1e61]);
  });

  it('AH = 02H and 12H tell the shifts', () => {
    expect(typed(LEFT_SHIFT, CTRL, ALT, CAPS).call(0x16, { eax: 0x0200 }).al).toBe(0x4e);
    const rig = typed(E0, CTRL);
    expect([rig.call(0x16, { eax: 0x0200 }).al, rig.call(0x16, { eax: 0x1200 }).ax]).toEqual([4, 0x0004]);
    press(rig, E0, up(CTRL));
    expect(rig.call(0x16, { eax: 0x0200 }).al).toBe(0);
  });

  it('AH = 05H puts one in', () => {
    const rig = new BiosRig();
    expect(rig.call(0x16, { eax: 0x0500, ecx: 0x1234 }).al).toBe(0);
    expect(keys(rig)).toEqual([0x1234]);
  });

  it('AH = 01H leaves the key where it is', () => {
    const rig = typed(A);
    expect(rig.call(0x16, { eax: 0x0100 })).toMatchObject({ ax: 0x1e61, zf: false });
    expect(rig.call(0x16, { eax: 0x0100 })).toMatchObject({ ax: 0x1e61, zf: false });
    expect(rig.call(0x16, { eax: 0x0000 }).ax).toBe(0x1e61);
    expect(rig.call(0x16, { eax: 0x0100 })).toMatchObject({ zf: true });
  });

  it.each([
    [0x41a, [0xff, 0xff]],
    [0x41c, [0x1f, 0]],
    [0x480, [0xff, 0xff, 0xff, 0xff]],
    [0x482, [0, 0]],
  ])('a ring spoilt at %i is emptied', (gpa, bytes) => {
    const rig = typed(A);
    rig.write(gpa, bytes);
    expect(rig.call(0x16, { eax: 0x0100 }).zf).toBe(true);
    press(rig, A);
    expect(keys(rig)).toEqual([0x1e61]);
  });
});

describe('waiting for a key', () => {
  it.each([0x0000, 0x1000])('AX = %i sleeps until one comes', (eax) => {
    const rig = new BiosRig();
    expect(rig.run([INT, 0x16, PUSHF, CLI, HLT], { eax }, 5000)).toEqual({ kind: 'limit' });
    // Asleep, but for 18 timer interrupts a second: most of those steps were skips of idle time.
    expect(rig.vm.vcpus[0]!.halted).toBe(true);
    const { ports } = rig.board;
    ports.write(0x64, 1, 0xd2, 0);
    ports.write(0x60, 1, A, 0);
    rig.vm[INTERNALS].cpus[0]!.request(Request.EVENT);
    expect(rig.vm.runSlice(10_000).exit).toEqual({ kind: 'hlt' });
    expect(Number(rig.regs.rax & 0xffffn)).toBe(0x1e61);
  });
});

describe('keys that do more', () => {
  it('Ctrl-Break empties the ring, leaves a 0 and a flag, and calls INT 1BH', () => {
    const rig = typed(A, A);
    // INT 1BH: MOV BYTE [CS:600H], 1; IRET, at 0000:0610.
    rig.write(0x610, [0x2e, 0xc6, 0x06, 0x00, 0x06, 1, 0xcf]);
    rig.write(4 * 0x1b, [0x10, 0x06, 0, 0]);
    press(rig, CTRL, E0, BREAK);
    expect([rig.u8(0x600), rig.u8(0x471), ...keys(rig)]).toEqual([1, 0x80, 0]);
  });

  it('Ctrl-Alt-Delete asks for a reset', () => {
    const rig = new BiosRig();
    const put = [CTRL, ALT, DELETE].flatMap((code) => [0xb0, 0xd2, 0xe6, 0x64, 0xb0, code, 0xe6, 0x60, 0x90, 0x90]);
    expect(rig.run([STI, ...put, CLI, HLT])).toEqual({ kind: 'reset' });
    expect(rig.u16(0x472)).toBe(0x1234);
  });

  it('INT 15H, AH = 4FH may change a scan code, or swallow it with CF clear', () => {
    const rig = new BiosRig();
    const hook = (...code: number[]): void => {
      rig.write(0x610, code);
      rig.write(4 * 0x15, [0x10, 0x06, 0, 0]);
    };
    hook(0xb0, 0x30, 0xcf);
    press(rig, A);
    expect(keys(rig)).toEqual([0x3062]);
    // CLC; RETF 2
    hook(0xf8, 0xca, 2, 0);
    press(rig, A);
    expect(keys(rig)).toEqual([]);
  });
});

describe('a key that was pressed before the firmware was ready', () => {
  it('is lost, but the keyboard is not', () => {
    const rig = new BiosRig();
    // Taken by the controller with interrupts closed, as during power-on.
    rig.run([CLI, 0xb0, 0xd2, 0xe6, 0x64, 0xb0, ONE, 0xe6, 0x60, HLT]);
    rig.vm.platform!.powerOn!();
    press(rig, A);
    expect(keys(rig)).toEqual([0x1e61]);
  });
});
