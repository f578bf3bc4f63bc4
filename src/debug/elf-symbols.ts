// Symbols of code in an ELF file of either class: .symtab, with the sections and segments that it is read against. Field names are
// those of the System V ABI, "Object Files". An image need not be one that can be loaded.

import type { ImageReader } from '../boot/bytes.ts';
import { isElf } from '../boot/elf.ts';

/** A name and where it stands. `size` is 0 where the file gives none. */
export interface NamedAddress {
  readonly name: string;
  readonly address: bigint;
  readonly size: bigint;
}

/** A range of addresses as it is linked, and where it is loaded. */
export interface LinkedRange {
  readonly virtual: bigint;
  readonly physical: bigint;
  readonly size: bigint;
}

export interface ElfSymbols {
  readonly symbols: readonly NamedAddress[];
  readonly ranges: readonly LinkedRange[];
}

const SHT_SYMTAB = 2;
const SHF_EXECINSTR = 4n;
const SHN_LORESERVE = 0xff00;
const PT_LOAD = 1;
/** Symbol types that name code: STT_NOTYPE (assembly), STT_FUNC, STT_GNU_IFUNC. */
const CODE_TYPES: ReadonlySet<number> = new Set([0, 2, 10]);
const STT_FUNC = 2;
const STB_LOCAL = 0;

/** Where the fields lie in each class. */
// biome-ignore format: a table
const LAYOUT = {
  32: {
    phoff: 28, shoff: 32, phentsize: 42, phnum: 44, shentsize: 46, shnum: 48,
    section: { type: 4, flags: 8, offset: 16, size: 20, link: 24 }, segment: { offset: 4, vaddr: 8, paddr: 12, memsz: 20 },
    symbol: { bytes: 16, value: 4, size: 8, info: 12, shndx: 14 },
  },
  64: {
    phoff: 32, shoff: 40, phentsize: 54, phnum: 56, shentsize: 58, shnum: 60,
    section: { type: 4, flags: 8, offset: 24, size: 32, link: 40 }, segment: { offset: 8, vaddr: 16, paddr: 24, memsz: 40 },
    symbol: { bytes: 24, value: 8, size: 16, info: 4, shndx: 6 },
  },
} as const;

interface Section {
  readonly type: number;
  readonly executable: boolean;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

/** InputError, one line, for a file that is no ELF file or whose tables do not lie within it. None have no symbols but no error. */
export function readElfSymbols(file: ImageReader): ElfSymbols {
  if (!isElf(file.bytes)) throw file.error(0, 'not an ELF file');
  const elfClass = file.u8(4, 'the ELF identification');
  if (elfClass !== 1 && elfClass !== 2) throw file.error(4, `EI_CLASS is ${elfClass}: neither ELFCLASS32 nor ELFCLASS64`);
  const reader = new Reader(file, elfClass === 1 ? 32 : 64);
  return { symbols: reader.symbols(), ranges: reader.ranges() };
}

class Reader {
  private readonly layout: (typeof LAYOUT)[32 | 64];

  constructor(
    private readonly file: ImageReader,
    private readonly width: 32 | 64,
  ) {
    this.layout = LAYOUT[width];
  }

  private word(at: number, what: string): bigint {
    return this.width === 64 ? this.file.u64(at, what) : BigInt(this.file.u32(at, what));
  }

  ranges(): LinkedRange[] {
    const { file, layout } = this;
    const phoff = Number(this.word(layout.phoff, 'the ELF header'));
    const size = file.u16(layout.phentsize, 'the ELF header');
    const ranges: LinkedRange[] = [];
    for (let n = 0; n < file.u16(layout.phnum, 'the ELF header'); n++) {
      const at = phoff + n * size;
      if (file.u32(at, `program header ${n}`) !== PT_LOAD) continue;
      const field = (name: keyof typeof layout.segment): bigint => this.word(at + layout.segment[name], `program header ${n}`);
      ranges.push({ virtual: field('vaddr'), physical: field('paddr'), size: field('memsz') });
    }
    return ranges;
  }

  private sections(): Section[] {
    const { file, layout } = this;
    const shoff = Number(this.word(layout.shoff, 'the ELF header'));
    if (shoff === 0) return [];
    const entry = file.u16(layout.shentsize, 'the ELF header');
    const section = (n: number): Section => {
      const at = shoff + n * entry;
      const what = `section header ${n}`;
      return {
        type: file.u32(at + layout.section.type, what),
        executable: (this.word(at + layout.section.flags, what) & SHF_EXECINSTR) !== 0n,
        offset: Number(this.word(at + layout.section.offset, what)),
        size: Number(this.word(at + layout.section.size, what)),
        link: file.u32(at + layout.section.link, what),
      };
    };
    // More than fit into e_shnum are counted in the size of section 0.
    const count = file.u16(layout.shnum, 'the ELF header') || section(0).size;
    if (shoff + count * entry > file.length) {
      throw file.error(layout.shoff, `its ${count} section headers reach beyond the end of the file`);
    }
    return Array.from({ length: count }, (_, n) => section(n));
  }

  symbols(): NamedAddress[] {
    const sections = this.sections();
    const table = sections.find(({ type }) => type === SHT_SYMTAB);
    const names = table && sections[table.link];
    if (!table || !names) return [];
    const { file } = this;
    for (const { offset, size } of [table, names]) {
      if (offset + size > file.length) throw file.error(offset, 'the symbol table reaches beyond the end of the file');
    }
    const { bytes: entry, value, size, info, shndx } = this.layout.symbol;
    const found: (NamedAddress & { readonly rank: number })[] = [];
    for (let at = table.offset; at + entry <= table.offset + table.size; at += entry) {
      const kind = file.u8(at + info, 'a symbol');
      const index = file.u16(at + shndx, 'a symbol');
      if (!CODE_TYPES.has(kind & 15) || index >= SHN_LORESERVE || sections[index]?.executable !== true) continue;
      const name = this.text(names, file.u32(at, 'a symbol'));
      if (name === '') continue;
      // Of several names of one address a function's comes first, and a global one.
      const rank = ((kind & 15) === STT_FUNC ? 2 : 0) + (kind >> 4 === STB_LOCAL ? 0 : 1);
      found.push({ name, address: this.word(at + value, 'a symbol'), size: this.word(at + size, 'a symbol'), rank });
    }
    return found.sort((a, b) => b.rank - a.rank);
  }

  private text({ offset, size }: Section, at: number): string {
    const { bytes } = this.file;
    const start = offset + Math.min(at, size);
    const end = bytes.indexOf(0, start);
    return new TextDecoder().decode(bytes.subarray(start, end < 0 || end > offset + size ? offset + size : end));
  }
}
