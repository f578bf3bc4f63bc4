// ELF files with a symbol table: what test/support/elf-builder.ts builds, with sections behind it.

import { buildElf } from '../support/elf-builder.ts';
import type { ElfSpec } from '../support/elf-builder.ts';

export interface SymbolSpec {
  readonly name: string;
  readonly value: bigint;
  readonly size?: number;
  /** STT_FUNC (2) with global binding (1) if not given. */
  readonly info?: number;
  /** 1: code, 2: data, 0xfff1: absolute. Code if not given. */
  readonly section?: number;
}

const SHF_EXECINSTR = 4;
const LAYOUT = {
  32: { shoff: 32, shentsize: 46, shnum: 48, section: 40, flags: 8, offset: 16, size: 20, link: 24, symbol: 16, at: [4, 8, 12, 14] },
  64: { shoff: 40, shentsize: 58, shnum: 60, section: 64, flags: 8, offset: 24, size: 32, link: 40, symbol: 24, at: [8, 16, 4, 6] },
} as const;

/** Sections: none, code, data, the symbols, their names. */
export function elfWithSymbols(spec: ElfSpec, symbols: readonly SymbolSpec[]): Uint8Array {
  const layout = LAYOUT[spec.width];
  const image = buildElf(spec);
  const names = new TextEncoder().encode(`\0${symbols.map(({ name }) => `${name}\0`).join('')}`);
  const tableAt = Math.ceil(image.length / 8) * 8;
  const tableSize = (symbols.length + 1) * layout.symbol;
  const namesAt = tableAt + tableSize;
  const headersAt = Math.ceil((namesAt + names.length) / 8) * 8;
  const file = new Uint8Array(headersAt + 5 * layout.section);
  const view = new DataView(file.buffer);
  const word = (at: number, value: bigint | number): void =>
    spec.width === 64 ? view.setBigUint64(at, BigInt(value), true) : view.setUint32(at, Number(value), true);
  file.set(image);
  file.set(names, namesAt);
  let nameAt = 1;
  symbols.forEach(({ name, value, size = 0, info = 0x12, section = 1 }, n) => {
    const at = tableAt + (n + 1) * layout.symbol;
    view.setUint32(at, nameAt, true);
    nameAt += new TextEncoder().encode(name).length + 1;
    word(at + layout.at[0], value);
    word(at + layout.at[1], size);
    view.setUint8(at + layout.at[2], info);
    view.setUint16(at + layout.at[3], section, true);
  });
  const header = (n: number, type: number, flags: number, offset: number, size: number, link: number): void => {
    const at = headersAt + n * layout.section;
    view.setUint32(at + 4, type, true);
    word(at + layout.flags, flags);
    word(at + layout.offset, offset);
    word(at + layout.size, size);
    view.setUint32(at + layout.link, link, true);
  };
  header(1, 1, SHF_EXECINSTR, 0, 0, 0);
  header(2, 1, 0, 0, 0, 0);
  header(3, 2, 0, tableAt, tableSize, 4);
  header(4, 3, 0, namesAt, names.length, 0);
  word(layout.shoff, headersAt);
  view.setUint16(layout.shentsize, layout.section, true);
  view.setUint16(layout.shnum, 5, true);
  return file;
}
