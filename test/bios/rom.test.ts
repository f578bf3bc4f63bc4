// The ROM's bytes are the instructions that stand beside them, by an independent disassembler.

import { describe, expect, it } from 'vitest';
import { Decoder, DecoderOptions, Formatter, FormatterSyntax } from 'iced-x86';
import { RESET_VECTOR, ROM_BASE, buildRom } from '../../src/machine/bios/rom.ts';

const rom = buildRom();
const byteAt = (offset: number): number => rom.bytes[ROM_BASE + offset - rom.base]!;

function disassemble(offset: number, length: number): string {
  const bytes = Uint8Array.from({ length }, (_, n) => byteAt(offset + n));
  const decoder = new Decoder(16, bytes, DecoderOptions.None);
  decoder.ip = BigInt(offset);
  const formatter = new Formatter(FormatterSyntax.Nasm);
  const text = formatter.format(decoder.decode());
  expect(decoder.position).toBe(length);
  return text;
}

describe('the ROM', () => {
  it('fills the segment to its end', () => expect(rom.base + rom.bytes.length).toBe(0x100000));

  it.each(rom.lines.filter(({ text }) => !/^j|^int 3h/.test(text)))('$text', ({ offset, length, text }) => {
    const normal = (shown: string): string => shown.replace(/\b0+(?=[0-9a-f])/gi, '').toLowerCase();
    expect(normal(disassemble(offset, length))).toBe(normal(text));
  });

  const jumps = rom.lines.filter(({ text }) => /^j(n?c|mp) \D/.test(text));

  it.each(jumps)('$text goes to an instruction of the ROM', ({ offset, length, text }) => {
    const [mnemonic, target] = disassemble(offset, length)
      .split(' ')
      .filter((part) => part !== 'short');
    expect(text.split(' ')[0]).toBe({ jb: 'jc', jae: 'jnc', jmp: 'jmp' }[mnemonic!]);
    expect(rom.lines.map((line) => line.offset)).toContain(parseInt(target!, 16));
  });

  it('starts at the reset vector by a far jump, and goes to 0000:7C00 by another', () => {
    expect(disassemble(RESET_VECTOR, 5)).toMatch(/^jmp 0?f000h:0?e000h$/i);
    const boot = rom.lines.find(({ text }) => text === 'jmp 0:7C00h')!;
    expect(disassemble(boot.offset, boot.length)).toMatch(/^jmp 0*h?:7c00h$/i);
  });

  it('has the model byte and a date where PCs have them', () => {
    expect(byteAt(0xfffe)).toBe(0xfc);
    expect(String.fromCharCode(...Array.from({ length: 8 }, (_, n) => byteAt(0xfff5 + n)))).toMatch(/^\d\d\/\d\d\/\d\d$/);
  });
});
