import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.ts';
import { loadImage } from '../../src/boot/image.ts';
import { ElfField, buildElf, words } from '../support/elf-builder.ts';
import { FakeTarget } from './fake-target.ts';

const CODE = [0xf4, 0xeb, 0xfd, 0x90];
const simple = (width: 32 | 64): Uint8Array =>
  buildElf({ width, entry: 0x100002, segments: [{ paddr: 0x100000, bytes: CODE, memsz: 0x20 }] });

/** The message of the InputError that loading throws. */
function refusal(bytes: Uint8Array, options = {}): string {
  const target = new FakeTarget();
  try {
    loadImage('x.elf', bytes, target, options);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    expect(target.entry).toBeNull();
    const { message } = error as Error;
    expect(message).toMatch(/^x\.elf: [^\n]+$/);
    return message;
  }
  throw new Error('was loaded');
}

describe.each([32, 64] as const)('ELF%i', (width) => {
  const at = ElfField[width];
  /** The simple image with bytes at `offset` replaced. */
  const damaged = (offset: number, ...bytes: number[]): Uint8Array => {
    const file = simple(width);
    file.set(bytes, offset);
    return file;
  };
  const longWord = (value: number): number[] => (width === 64 ? [...words(value), 0, 0, 0, 0] : words(value));

  it('loads segments at their physical addresses and zeroes the rest', () => {
    const target = new FakeTarget();
    const image = loadImage('x.elf', simple(width), target);
    expect(image).toMatchObject({ kind: `elf${width}`, entry: 0x100002, segments: [{ what: 'segment 0', base: 0x100000, size: 0x20 }] });
    expect([...target.read(0x100000, 0x21)]).toEqual([...CODE, ...Array<number>(28).fill(0), 0xee]);
  });

  const GNU = [0x47, 0x4e, 0x55, 0];
  const tagged = (system: number): Uint8Array =>
    buildElf({
      width,
      entry: 0x100002n,
      segments: [{ paddr: 0x100000, bytes: CODE }],
      // A build ID, then the ABI tag: the system, and the version of its kernel.
      note: [...words(4, 4, 3), ...GNU, 1, 2, 3, 4, ...words(4, 16, 1), ...GNU, ...words(system, 3, 2, 0)],
    });

  it('refuses a program for Linux by its ABI tag', () => {
    expect(refusal(tagged(0))).toBe('x.elf: a program for Linux, not a kernel: its ABI note says so');
  });

  it('takes one whose ABI tag names another system', () => {
    expect(loadImage('x.elf', tagged(1), new FakeTarget()).kind).toBe(`elf${width}`);
  });

  it('translates a virtual entry point by its segment', () => {
    const vaddr = width === 64 ? 0xffffffff80100000n : 0xc0100000n;
    const target = new FakeTarget();
    const file = buildElf({ width, entry: vaddr + 3n, segments: [{ paddr: 0x200000, bytes: CODE, vaddr }] });
    expect(loadImage('x.elf', file, target).entry).toBe(0x200003);
    expect(target.entry!.rip).toBe(0x200003);
  });

  it.each([
    ['bad class', at.class, [3], /offset 0x4: EI_CLASS is 3/],
    ['big-endian', at.data, [2], /offset 0x5: EI_DATA is 2: big-endian/],
    ['bad version', at.version, [9], /offset 0x6: EI_VERSION is 9/],
    ['ET_REL', at.type, [1, 0], /offset 0x10: e_type is 1 \(ET_REL/],
    ['ET_DYN', at.type, [3, 0], /offset 0x10: e_type is 3 \(ET_DYN/],
    ['an unknown type', at.type, [0x34, 0x12], /e_type is 4660; only ET_EXEC/],
    ['another machine', at.machine, [40, 0], /offset 0x12: e_machine is 40/],
    ['the other width of x86', at.machine, [width === 32 ? 62 : 3, 0], /offset 0x12: e_machine is/],
    ['bad phentsize', at.phentsize, [31, 0], /e_phentsize is 31, not/],
    ['no program headers', at.phnum, [0, 0], /e_phnum is 0/],
    ['PN_XNUM', at.phnum, [0xff, 0xff], /PN_XNUM/],
    ['too many program headers', at.phnum, [0xff, 0], /the program headers at 0x.* reach beyond the end/],
    ['phoff beyond the file', at.phoff, longWord(0x7fffffff), /the program headers at 0x7fffffff .* reach beyond the end/],
    ['only other segments', at.ph, words(0x6474e551), /no program header is a PT_LOAD/],
    ['an interpreter', at.ph, words(3), /PT_INTERP/],
    ['file range beyond the file', at.filesz, longWord(0x1000), /program header 0: its 0x1000 bytes at file offset/],
    ['offset beyond the file', at.offset, longWord(0xfffffff0), /program header 0: its 0x4 bytes at file offset 0xfffffff0/],
    ['p_memsz below p_filesz', at.memsz, longWord(2), /p_memsz 0x2 is less than p_filesz 0x4/],
    ['a segment outside RAM', at.paddr, longWord(0x4000000), /segment 0 at 0x4000000, 0x20 bytes, does not fit into guest RAM/],
    ['a segment over the end of RAM', at.paddr, longWord(0x3fffff0), /does not fit into guest RAM/],
    ['an interpreter, as no kernel', at.ph, words(3), /for an operating system, not a kernel$/],
    ['an entry in no segment', at.entry, longWord(0x100020), /entry point 0x100020 lies in no segment/],
  ] as const)('refuses %s', (_name, offset, bytes, message) => {
    expect(refusal(damaged(offset, ...bytes))).toMatch(message);
  });

  it('refuses an address that wraps', () => {
    const high = width === 64 ? Array<number>(8).fill(0xff) : words(0xfffffff0);
    expect(refusal(damaged(at.paddr, ...high))).toMatch(/wrap around the address space/);
  });

  it('refuses overlapping segments and keeps memory as it was', () => {
    const target = new FakeTarget();
    const file = buildElf({
      width,
      entry: 0x100000,
      segments: [
        { paddr: 0x100000, bytes: CODE, memsz: 0x20 },
        { paddr: 0x10001f, bytes: CODE },
      ],
    });
    expect(() => loadImage('x.elf', file, target)).toThrow(/segment 1 at 0x10001f, 0x4 bytes, overlaps segment 0 at 0x100000/);
    expect(target.writes).toBe(0);
    const swallowed = buildElf({
      width,
      entry: 0x100000,
      segments: [
        { paddr: 0x100010, bytes: CODE },
        { paddr: 0x100000, bytes: CODE, memsz: 0x40 },
      ],
    });
    expect(refusal(swallowed)).toMatch(/overlaps/);
  });

  it('refuses the file cut off anywhere', () => {
    const file = simple(width);
    for (let length = 0; length < file.length; length++) expect(refusal(file.subarray(0, length))).toBeTruthy();
  });

  it('does not take long over many segments and notes', () => {
    const segments = Array.from({ length: 30000 }, (_, i) => ({ paddr: 0x100000 + (30000 - i) * 16, bytes: [i & 0xff] }));
    const file = buildElf({ width, entry: segments[0]!.paddr, segments });
    expect(loadImage('x.elf', file, new FakeTarget()).segments).toHaveLength(30000);
    for (let i = 1; i < 30000; i++) new DataView(file.buffer).setUint32(at.ph + i * (width === 32 ? 32 : 56), 4, true);
    expect(loadImage('x.elf', file, new FakeTarget()).segments).toHaveLength(1);
  });
});

describe('images that are none', () => {
  it.each([
    ['an empty file', [], /x\.elf: the file is empty/],
    ['a text file', [...Buffer.from('hello')], /not an image that is known/],
    ['a boot sector', [...Array<number>(510).fill(0x90), 0x55, 0xaa], /a boot sector/],
    ['a bzImage', [...Array<number>(510).fill(0), 0x55, 0xaa, 0, 0, 0x48, 0x64, 0x72, 0x53], /inside the setup header/],
  ])('%s', (_name, bytes, message) => {
    expect(refusal(Uint8Array.from(bytes))).toMatch(message);
  });
});
