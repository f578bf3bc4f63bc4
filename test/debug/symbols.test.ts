import { describe, expect, it } from 'vitest';
import { InputError, Symbols } from '../../src/index.ts';
import { symbolText } from '../../src/debug/symbols.ts';
import { elfWithSymbols } from './elf-with-symbols.ts';

const text = (symbols: Symbols, address: bigint): string | null => {
  const found = symbols.at(address);
  return found && symbolText(found);
};

describe.each([32, 64] as const)('symbols of an ELF%i file', (width) => {
  const high = width === 64 ? 0xffffffff80000000n : 0xc0000000n;
  const bytes = elfWithSymbols(
    { width, entry: high, segments: [{ paddr: 0x100000, vaddr: high, bytes: Array<number>(0x100).fill(0x90) }] },
    [
      { name: 'start', value: high, size: 8, info: 0x10 },
      { name: '_ZN6kernel4mainEv', value: high + 0x20n, size: 0x10 },
      { name: 'local_alias', value: high + 0x20n, info: 2 },
      { name: 'table', value: high + 0x28n, info: 0x11 },
      { name: 'data', value: high + 0x29n, info: 0x10, section: 2 },
      { name: 'CONSTANT', value: high + 0x2an, info: 0x10, section: 0xfff1 },
      { name: 'last', value: high + 0x80n },
    ],
  );
  const symbols = Symbols.parse('kernel', bytes);

  it('name code by the nearest one before it, C++ names as they are', () => {
    expect(symbols.count).toBe(3);
    expect(text(symbols, high)).toBe('start');
    expect(text(symbols, high + 0x1fn)).toBe('start+0x1f');
    expect(text(symbols, high + 0x20n)).toBe('_ZN6kernel4mainEv');
    expect(text(symbols, high + 0x2en)).toBe('_ZN6kernel4mainEv+0xe');
    expect(text(symbols, high + 0xffn)).toBe('last+0x7f');
  });

  it('end with the segment', () => {
    expect(text(symbols, high + 0x100n)).toBeNull();
    expect(text(symbols, high - 1n)).toBeNull();
  });

  it('name code that still runs where it was loaded', () => {
    expect(text(symbols, 0x100021n)).toBe('_ZN6kernel4mainEv+0x1');
    expect(text(symbols, 0x100100n)).toBeNull();
  });

  it('have ranges', () => {
    expect(symbols.rangeOf('_ZN6kernel4mainEv')).toEqual({ from: high + 0x20n, to: high + 0x80n });
    expect(symbols.rangeOf('last')).toEqual({ from: high + 0x80n, to: high + 0x100n });
    expect(symbols.rangeOf('table')).toBeNull();
  });

  it('are refused, naming the file, where the tables lie beyond its end', () => {
    for (let length = 20; length < bytes.length; length += 7) {
      expect(() => Symbols.parse('cut', bytes.subarray(0, length)), String(length)).toThrow(/^cut: /);
    }
  });

  it('are refused if there are none', () => {
    const stripped = elfWithSymbols({ width, entry: 0x100000, segments: [{ paddr: 0x100000, bytes: [0xf4] }] }, []);
    expect(() => Symbols.parse('stripped', stripped)).toThrow(
      new InputError('stripped: the ELF file has no symbols of code (it was stripped)'),
    );
  });
});

describe('symbols of a System.map', () => {
  const parse = (lines: string): Symbols => Symbols.parse('System.map', new TextEncoder().encode(lines));

  it('are those of code', () => {
    const symbols = parse('0000000000000000 A fixed\nffffffff81000000 T _text\nffffffff81000040 t helper\nffffffff82000000 D jiffies\n');
    expect(symbols.count).toBe(2);
    expect(text(symbols, 0xffffffff81000044n)).toBe('helper+0x4');
    expect(text(symbols, 0x10n)).toBeNull();
    expect(text(symbols, 0xffffffff82000000n)).toBeNull();
  });

  it('have a range by each of their names', () => {
    const symbols = parse('00001000 T memcpy\n00001000 W __memcpy\n00001040 T memset\n00002000 t twice\n00003000 t twice\n');
    expect(symbols.rangeOf('__memcpy')).toEqual({ from: 0x1000n, to: 0x1040n });
    expect(symbols.rangeOf('memcpy')).toEqual({ from: 0x1000n, to: 0x1040n });
    expect(symbols.rangeOf('twice')).toEqual({ from: 0x2000n, to: 0x3000n });
  });

  it('may have 32-bit addresses and modules', () => {
    expect(text(parse('c0100000 T startup_32\nc0100100 t init_module\t[e1000]\n'), 0xc0100102n)).toBe('init_module+0x2');
  });

  it('are refused where no line names code', () => {
    expect(() => parse('hello')).toThrow(new InputError("System.map: neither an ELF file nor a System.map: no line is 'ADDRESS t NAME'"));
  });
});
