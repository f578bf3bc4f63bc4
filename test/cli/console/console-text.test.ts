import { describe, expect, it } from 'vitest';
import { ConsoleText } from '../../../src/cli/console/console-text.ts';

/** The lines of `bytes`, the last one unended. */
function read(text: string | readonly number[]): string[] {
  const lines = [''];
  const reader = new ConsoleText({
    character: (code) => {
      lines[lines.length - 1] += String.fromCodePoint(code);
    },
    lineEnd: () => lines.push(''),
  });
  for (const byte of typeof text === 'string' ? Buffer.from(text) : text) reader.byte(byte);
  return lines;
}

describe('a console as text', () => {
  it.each<[string, string | readonly number[], string[]]>([
    ['line feeds end lines', 'a\n\nb', ['a', '', 'b']],
    ['so do carriage returns, with a line feed or without', 'a\r\nb\rc', ['a', 'b', 'c']],
    ['colours are left out', '\x1b[1;31mred\x1b[0m text', ['red text']],
    ['so are titles, character sets and single sequences', '\x1b]0;title\x07a\x1b(Bb\x1bcc\x1bP1$r\x1b\\d', ['abcd']],
    ['control characters are left out, but for the tabulator', 'a\0\x07b\tc\x7f', ['ab\tc']],
    ['UTF-8 in one to four bytes', 'é€😀', ['é€😀']],
    ['what is no UTF-8 is shown as such', [0x61, 0xff, 0x62, 0xc3, 0x63, 0xa0], ['a\ufffdb\ufffdc\ufffd']],
    ['a sequence that breaks off does not swallow the next line', '\x1b[12\nab\x1b]x\ncd', ['', 'ab', 'cd']],
  ])('%s', (_name, text, lines) => expect(read(text)).toEqual(lines));
});
