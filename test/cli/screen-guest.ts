// A guest for the screen and the keyboard: it says hello in colour, then sleeps in HLT and shows the scan code of each key that
// is pressed as two hexadecimal digits; Escape ends it with status 3.

import { assemble, u16, u32 } from '../support/code.ts';

export const AT = 0x10000;
const CODE_SELECTOR = 0x10;
const out = (port: number, ...values: number[]): number[] => values.flatMap((value) => [0xb0, value, 0xe6, port]);
const HELLO = 'Hello, screen';
const TEXT = 0xb8000;
const cells = (text: string, attribute: number): number[] => [...text].flatMap((character) => [character.charCodeAt(0), attribute]);

/** `hz`: also let the PIT interrupt so often, as firmware does 18 times a second; 0 for never. */
export function screenGuest({ hz = 0 } = {}): Uint8Array {
  const divisor = Math.round(1193182 / hz);
  const timer = hz === 0 ? [] : [...out(0x43, 0x34), ...out(0x40, divisor & 0xff, divisor >>> 8)];
  const mask = hz === 0 ? 0xfd : 0xfc;
  const code = assemble(
    AT,
    0xfc,
    0x0f,
    0x01,
    0x1d,
    { abs32: 'idtr' },
    out(0x20, 0x11),
    out(0x21, 0x20, 4, 1, mask),
    timer,
    // Blanks, then the greeting; EDI stays where digits go: the third line.
    0xbf,
    u32(TEXT),
    0xb9,
    u32(2000),
    0xb8,
    u32(0x0720),
    0xf3,
    0x66,
    0xab,
    0xbe,
    { abs32: 'hello' },
    0xbf,
    u32(TEXT),
    0xb9,
    u32(2 * HELLO.length),
    0xf3,
    0xa4,
    0xbf,
    u32(TEXT + 320),
    { label: 'loop' },
    0xfb,
    0xf4,
    0xeb,
    { rel8: 'loop' },
    { label: 'timer' },
    0x50,
    out(0x20, 0x20),
    0x58,
    0xcf,
    { label: 'key' },
    0x50,
    0xe4,
    0x60,
    0xa8,
    0x80,
    0x75,
    { rel8: 'done' },
    0x3c,
    0x01,
    0x74,
    { rel8: 'escape' },
    0x88,
    0xc4,
    0xc0,
    0xe8,
    4,
    0xe8,
    { rel32: 'digit' },
    0x88,
    0xe0,
    0x24,
    15,
    0xe8,
    { rel32: 'digit' },
    { label: 'done' },
    out(0x20, 0x20),
    0x58,
    0xcf,
    // CMP AL,10; SBB AL,69H; DAS: a digit of AL; MOV AH,7; the character with its attribute.
    { label: 'digit' },
    0x3c,
    10,
    0x1c,
    0x69,
    0x2f,
    0xaa,
    0xb0,
    7,
    0xaa,
    0xc3,
    { label: 'escape' },
    out(0xf4, 1),
    { label: 'hello' },
    cells(HELLO, 0x1e),
    { label: 'idtr' },
    u16(0x22 * 8 - 1),
    { abs32: 'idt' },
    { label: 'idt' },
  );
  const { at, bytes } = code;
  const gate = (handler: number): number[] => [...u16(handler & 0xffff), ...u16(CODE_SELECTOR), ...u16(0x8e00), ...u16(handler >>> 16)];
  const idt = [...Array<number>(0x20 * 8).fill(0), ...gate(at['timer']!), ...gate(at['key']!)];
  return Uint8Array.from([...bytes, ...idt]);
}
