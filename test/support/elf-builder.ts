// Builds small image files for tests: ELF executables of either class, multiboot headers and PVH notes.

export interface SegmentSpec {
  readonly paddr: number;
  readonly bytes: ArrayLike<number>;
  /** Defaults to the number of bytes. */
  readonly memsz?: number;
  /** Defaults to `paddr`. */
  readonly vaddr?: bigint;
}

export interface ElfSpec {
  readonly width: 32 | 64;
  readonly entry: bigint | number;
  readonly segments: readonly SegmentSpec[];
  /** Contents of a PT_NOTE segment. */
  readonly note?: ArrayLike<number>;
}

const LAYOUT = {
  32: { header: 52, ph: 32, machine: 3 },
  64: { header: 64, ph: 56, machine: 62 },
} as const;

/** Offsets of ELF fields that tests damage: in the header, and in the first program header. */
// biome-ignore format: a table
export const ElfField = {
  32: {
    class: 4, data: 5, version: 6, type: 16, machine: 18, entry: 24, phoff: 28, phentsize: 42, phnum: 44,
    ph: 52, offset: 56, paddr: 64, filesz: 68, memsz: 72,
  },
  64: {
    class: 4, data: 5, version: 6, type: 16, machine: 18, entry: 24, phoff: 32, phentsize: 54, phnum: 56,
    ph: 64, offset: 72, paddr: 88, filesz: 96, memsz: 104,
  },
} as const;

/** An ET_EXEC file: header, program headers, then the segments' bytes one after the other, each 16-byte aligned. */
export function buildElf({ width, entry, segments, note }: ElfSpec): Uint8Array {
  const { header, ph, machine } = LAYOUT[width];
  const parts = [...segments.map((s) => ({ ...s, type: 1 })), ...(note ? [{ paddr: 0, bytes: note, type: 4 }] : [])];
  let end = header + parts.length * ph;
  const offsets = parts.map(({ bytes }) => {
    const offset = Math.ceil(end / 16) * 16;
    end = offset + bytes.length;
    return offset;
  });
  const file = new Uint8Array(end);
  const view = new DataView(file.buffer);
  const word = (at: number, value: bigint): void =>
    width === 64 ? view.setBigUint64(at, value, true) : view.setUint32(at, Number(value), true);
  file.set([0x7f, 0x45, 0x4c, 0x46, width / 32, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, machine, true);
  view.setUint32(20, 1, true);
  word(24, BigInt(entry));
  word(width === 64 ? 32 : 28, BigInt(header));
  view.setUint16(width === 64 ? 52 : 40, header, true);
  view.setUint16(ElfField[width].phentsize, ph, true);
  view.setUint16(ElfField[width].phnum, parts.length, true);
  parts.forEach((part, i) => {
    const at = header + i * ph;
    const { paddr, bytes, type } = part;
    const [vaddr, memsz] =
      'vaddr' in part || 'memsz' in part
        ? [(part as SegmentSpec).vaddr ?? BigInt(paddr), (part as SegmentSpec).memsz ?? bytes.length]
        : [BigInt(paddr), bytes.length];
    const fields = [BigInt(offsets[i]!), vaddr, BigInt(paddr), BigInt(bytes.length), BigInt(memsz)];
    view.setUint32(at, type, true);
    if (width === 64) view.setUint32(at + 4, 7, true);
    fields.forEach((value, n) => word(at + (width === 64 ? 8 + 8 * n : 4 + 4 * n), value));
    file.set(Array.from(bytes), offsets[i]);
  });
  return file;
}

/** Little-endian bytes of 32-bit words. */
export const words = (...values: number[]): number[] =>
  values.flatMap((v) => [v & 0xff, (v >>> 8) & 0xff, (v >>> 16) & 0xff, (v >>> 24) & 0xff]);

/** A multiboot header with the right checksum, and its address fields if flag 16 is set. */
export const multibootHeader = (flags: number, ...addresses: number[]): number[] =>
  words(0x1badb002, flags, -(0x1badb002 + flags), ...addresses);

/** Type, flags, contents in 32-bit words. */
export type Multiboot2Tag = readonly [number, number, ...number[]];

/** A multiboot 2 header: these tags and the end tag. */
export function multiboot2Header(...tags: Multiboot2Tag[]): number[] {
  const all: Multiboot2Tag[] = [...tags, [0, 0]];
  const body = all.flatMap(([type, flags, ...contents]) =>
    words(type | (flags << 16), 8 + contents.length * 4, ...contents, ...(contents.length % 2 ? [0] : [])),
  );
  const length = 16 + body.length;
  return [...words(0xe85250d6, 0, length, -(0xe85250d6 + length)), ...body];
}

/** A PT_NOTE segment: a note of another kind, then XEN_ELFNOTE_PHYS32_ENTRY. */
export const pvhNote = (entry: number): number[] => [
  ...words(4, 8, 1),
  0x47,
  0x4e,
  0x55,
  0,
  ...words(1, 2),
  ...words(4, 4, 18),
  0x58,
  0x65,
  0x6e,
  0,
  ...words(entry),
];
