// How each kind of image is entered: registers, segments, page tables and the structures in memory.

import { describe, expect, it } from 'vitest';
import { loadImage } from '../../src/boot/image.ts';
import type { EntryState, LoadedImage } from '../../src/boot/target.ts';
import { buildElf, multibootHeader, pvhNote } from '../support/elf-builder.ts';
import { FakeTarget } from './fake-target.ts';

const CODE = [0xf4];
const MIB = 2 ** 20;
const GIB = 2 ** 30;

function load(bytes: Uint8Array, options = {}, target = new FakeTarget()): { image: LoadedImage; target: FakeTarget; state: EntryState } {
  const image = loadImage('kernel', bytes, target, options);
  noOverlap(image);
  return { image, target, state: target.entry! };
}

function noOverlap({ segments, placed }: LoadedImage): void {
  const ranges = [...segments, ...placed].filter(({ size }) => size > 0).sort((a, b) => a.base - b.base);
  ranges.slice(1).forEach((range, i) => expect(range.base).toBeGreaterThanOrEqual(ranges[i]!.base + ranges[i]!.size));
}

/** The descriptor `selector` names in the GDT in memory, as base, limit and VMCS attributes. */
function descriptor(target: FakeTarget, gdtr: { base: number; limit: number }, selector: number): object {
  expect(selector + 7).toBeLessThanOrEqual(gdtr.limit);
  const [low, high] = [target.u32(gdtr.base + selector), target.u32(gdtr.base + selector + 4)];
  const limit = (low & 0xffff) | (high & 0xf0000);
  return {
    selector,
    base: ((low >>> 16) | ((high & 0xff) << 16) | (high & 0xff000000)) >>> 0,
    limit: high & 0x800000 ? limit * 4096 + 4095 : limit,
    attributes: (high >>> 8) & 0xf0ff,
  };
}

function expectFlat(target: FakeTarget, state: EntryState): void {
  for (const name of ['es', 'cs', 'ss', 'ds', 'fs', 'gs'] as const) {
    expect(state.segments[name]).toEqual(descriptor(target, state.gdtr, state.segments[name].selector));
    expect(state.segments[name]).toMatchObject({ base: 0, limit: 0xffffffff });
  }
  expect(state.rflags).toBe(2);
}

/** Walks the 4-level tables at CR3. */
function translate(target: FakeTarget, cr3: number, linear: number): number | null {
  let table = cr3;
  for (const shift of [39, 30, 21]) {
    const entry = target.u64(table + (Math.floor(linear / 2 ** shift) % 512) * 8);
    if (entry % 4 !== 3) return null;
    if (shift === 21) return Math.floor(entry / 0x80) % 2 ? entry - (entry % 4096) + (linear % 2 ** 21) : null;
    table = entry - (entry % 4096);
  }
  return null;
}

/** Checks hvm_start_info and returns what it points to. */
interface StartInfo {
  cmdline: string;
  memmap: number[][];
  modules: { base: number; size: number; string: string }[];
}

function startInfo(target: FakeTarget, at: number): StartInfo {
  expect(target.u32(at)).toBe(0x336ec578);
  expect(target.u32(at + 4)).toBe(1);
  const modlist = target.u64(at + 16);
  const memmap = target.u64(at + 40);
  return {
    cmdline: target.string(target.u64(at + 24)),
    memmap: Array.from({ length: target.u32(at + 48) }, (_, i) => {
      const entry = memmap + i * 24;
      return [target.u64(entry), target.u64(entry + 8), target.u32(entry + 16)];
    }),
    modules: Array.from({ length: target.u32(at + 12) }, (_, i) => ({
      base: target.u64(modlist + i * 32),
      size: target.u64(modlist + i * 32 + 8),
      string: target.string(target.u64(modlist + i * 32 + 16)),
    })),
  };
}

const MAP = [
  [0, 0x9fc00, 1],
  [0x9fc00, 0x60400, 2],
  [0x100000, 63 * MIB, 1],
  [4 * GIB, 16 * MIB, 1],
];
const MODULES = [
  { name: 'a.img', bytes: Uint8Array.of(1, 2, 3), args: 'x=1' },
  { name: 'b.img', bytes: new Uint8Array(5000).fill(7) },
];

describe('plain ELF32 and raw images', () => {
  it.each([
    ['elf32', buildElf({ width: 32, entry: 0x100000, segments: [{ paddr: 0x100000, bytes: CODE }] }), {}],
    ['flat', Uint8Array.from(CODE), { at: 0x100000 }],
    ['pvh', buildElf({ width: 64, entry: 0x100000, segments: [{ paddr: 0x100000, bytes: [0, ...CODE] }], note: pvhNote(0x100001) }), {}],
  ])('%s: 32-bit protected mode, paging off, with start information in EBX', (kind, bytes, options) => {
    const { image, target, state } = load(bytes, { ...options, append: 'root=/dev/vda', modules: MODULES });
    expect(image.kind).toBe(kind);
    expect(state).toMatchObject({ mode: 'protected32', rip: kind === 'pvh' ? 0x100001 : 0x100000, cr0: 0x11, cr3: 0, cr4: 0, efer: 0 });
    expect(state.segments).toMatchObject({
      cs: { selector: 0x10, attributes: 0xc09b },
      ds: { selector: 0x18, attributes: 0xc093 },
      tr: { limit: 0x67, attributes: 0x8b },
    });
    expectFlat(target, state);
    const info = startInfo(target, state.gpr.rbx!);
    expect(info.cmdline).toBe('root=/dev/vda');
    expect(info.memmap).toEqual(MAP);
    expect(info.modules.map(({ string, size }) => [string, size])).toEqual([
      ['a.img x=1', 3],
      ['b.img', 5000],
    ]);
    expect([...target.read(info.modules[0]!.base, 3)]).toEqual([1, 2, 3]);
    const stack = image.placed.find(({ what }) => what === 'stack')!;
    expect([stack.size, state.gpr.rsp]).toEqual([16384, stack.base + stack.size]);
  });

  it.each([
    [-1, /not a guest-physical address/],
    [0.5, /not a guest-physical address/],
    [4 * GIB, /below 4 GiB/],
    [64 * MIB, /does not fit/],
  ])('refuses to load a raw image at %d', (at, message) => {
    expect(() => loadImage('raw', Uint8Array.of(1), new FakeTarget(), { at })).toThrow(message);
  });

  it('takes any content raw when told where', () => {
    const elf = buildElf({ width: 64, entry: 0x100000, segments: [{ paddr: 0x100000, bytes: CODE }] });
    const { image, target } = load(elf, { at: 0x7c00 });
    expect([image.kind, target.u32(0x7c00)]).toEqual(['flat', 0x464c457f]);
  });
});

describe('plain ELF64', () => {
  const kernel = (paddr = 0x100000): Uint8Array => buildElf({ width: 64, entry: paddr, segments: [{ paddr, bytes: CODE }] });

  it('is entered in 64-bit mode with start information in RDI', () => {
    const { image, target, state } = load(kernel(), { append: 'a b' });
    expect(image.kind).toBe('elf64');
    expect(state).toMatchObject({ mode: 'long64', rip: 0x100000, cr0: 0x80000011, cr4: 0x20, efer: 0x500 });
    expect(state.segments).toMatchObject({ cs: { selector: 0x08, attributes: 0xa09b }, ss: { selector: 0x18 } });
    expectFlat(target, state);
    expect(startInfo(target, state.gpr.rdi!)).toEqual({ cmdline: 'a b', memmap: MAP, modules: [] });
    expect(state.gpr.rsp! % 16).toBe(0);
    expect(image.placed).toContainEqual({ what: 'stack', base: state.gpr.rsp! - 16384, size: 16384 });
  });

  it('maps the first 4 GiB and all RAM one to one, and no more', () => {
    const { target, state } = load(kernel());
    for (const linear of [0, 0x100000, 0x1fffff, 64 * MIB, 3 * GIB + 12345, 4 * GIB - 1, 4 * GIB, 4 * GIB + 16 * MIB - 1]) {
      expect(translate(target, state.cr3, linear)).toBe(linear);
    }
    expect(translate(target, state.cr3, 5 * GIB)).toBeNull();
    const far = load(
      kernel(),
      {},
      new FakeTarget([
        { base: 0, size: 16 * MIB },
        { base: 600 * GIB, size: 3 * GIB },
      ]),
    );
    for (const linear of [600 * GIB, 603 * GIB - 1]) expect(translate(far.target, far.state.cr3, linear)).toBe(linear);
  });

  it('can lie above 4 GiB; ELF32 rules do not apply', () => {
    expect(load(kernel(4 * GIB + 0x1000)).state.rip).toBe(4 * GIB + 0x1000);
  });

  it('puts its structures elsewhere when the image fills low memory, and says when there is no room', () => {
    const file = buildElf({ width: 64, entry: 0x1000, segments: [{ paddr: 0x1000, bytes: CODE, memsz: 0x9f000 }] });
    const { image } = load(file, { modules: MODULES });
    expect(image.placed.every(({ base }) => base >= 0x100000)).toBe(true);
    expect(() => loadImage('kernel', file, new FakeTarget([{ base: 0, size: 0xa0000 }]))).toThrow(/no room in guest RAM below 4 GiB/);
  });
});

describe('multiboot', () => {
  const info =
    (target: FakeTarget, state: EntryState): ((offset: number) => number) =>
    (offset) =>
      target.u32(state.gpr.rbx! + offset);

  it.each([32, 64] as const)('ELF%i: entered in 32-bit mode with the information structure', (width) => {
    const bytes = [...multibootHeader(3), 0, 0, 0, 0, ...CODE];
    const file = buildElf({ width, entry: 0x100010, segments: [{ paddr: 0x100000, bytes, memsz: 0x2000 }] });
    const { image, target, state } = load(file, { append: 'one two', modules: MODULES });
    expect(image.kind).toBe('multiboot');
    expect(state).toMatchObject({ mode: 'protected32', rip: 0x100010, cr0: 0x11, cr4: 0, efer: 0, gpr: { rax: 0x2badb002 } });
    expect(state.segments).toMatchObject({ cs: { selector: 0x10 }, ds: { selector: 0x18 } });
    expectFlat(target, state);
    const at = info(target, state);
    expect([at(0), at(4), at(8)]).toEqual([0x24d, 639, 63 * 1024]);
    expect(target.string(at(16))).toBe('kernel one two');
    expect(target.string(at(64))).toBe('Tidemark');

    expect(at(20)).toBe(2);
    const modules = [0, 1].map((i) => [0, 4, 8].map((field) => target.u32(at(24) + i * 16 + field)));
    expect(modules.map(([start]) => start! % 4096)).toEqual([0, 0]);
    expect(modules[0]![0]).toBe(0x102000);
    expect(modules.map(([start, end]) => end! - start!)).toEqual([3, 5000]);
    expect(modules.map(([, , string]) => target.string(string!))).toEqual(['a.img x=1', 'b.img']);
    expect(target.read(modules[1]![0]!, 5000).every((byte) => byte === 7)).toBe(true);

    const map: number[][] = [];
    for (let entry = at(48); entry < at(48) + at(44); entry += target.u32(entry) + 4) {
      map.push([target.u64(entry + 4), target.u64(entry + 12), target.u32(entry + 20)]);
    }
    expect(map).toEqual(MAP);
  });

  it('loads by the addresses of the header, bss included, from any offset of the file', () => {
    const header = multibootHeader(0x10000, 0x200000, 0x200000, 0x200024, 0x200100, 0x200020);
    const file = Uint8Array.from([0xaa, 0xbb, 0xcc, 0xdd, ...header, ...CODE, 1, 2, 3, 9]);
    const { image, target } = load(file);
    expect(image).toMatchObject({ kind: 'multiboot', entry: 0x200020, segments: [{ base: 0x200000, size: 0x100 }] });
    expect([...target.read(0x200000 + 0x20, 6)]).toEqual([...CODE, 1, 2, 3, 0, 0]);
    expect(target.read(0x2000ff, 2)).toEqual(Uint8Array.of(0, 0xee));
  });

  it('load_end_addr 0 means the whole file, bss_end_addr 0 no bss', () => {
    const file = Uint8Array.from([...CODE, 0, 0, 0, ...multibootHeader(0x10000, 0x200004, 0x200000, 0, 0, 0x200000), 5]);
    expect(load(file).image.segments).toEqual([{ what: 'image', base: 0x200000, size: file.length }]);
  });

  it.each([
    ['a video mode', multibootHeader(4), /offset 0x4: .*video mode/],
    ['unknown requirements', multibootHeader(0x8008), /offset 0x4: .*unknown features \(flags 0x8008\)/],
    ['no addresses without ELF', multibootHeader(3), /not ELF/],
    ['cut address fields', multibootHeader(0x10000, 1, 1), /the file ends .* inside the address fields/],
    ['load above header', multibootHeader(0x10000, 0x100000, 0x100001, 0, 0, 0x100000), /load_addr 0x100001 is above header_addr/],
    ['load before the file', multibootHeader(0x10000, 0x100001, 0x100000, 0, 0, 0x100000), /0x1 bytes before the start/],
    ['load end below load', multibootHeader(0x10000, 0x100000, 0x100000, 0xfffff, 0, 0x100000), /load_end_addr 0xfffff is below/],
    ['load end beyond the file', multibootHeader(0x10000, 0x100000, 0x100000, 0x101000, 0, 0x100000), /needs 0x1000 bytes/],
    ['bss end below load end', multibootHeader(0x10000, 0x100000, 0x100000, 0x100020, 0x10001f, 0x100000), /bss_end_addr/],
    ['an entry outside', multibootHeader(0x10000, 0x100000, 0x100000, 0, 0, 0x100020), /entry_addr 0x100020 lies outside/],
    ['an image outside RAM', multibootHeader(0x10000, 0xfffffff0, 0xfffffff0, 0, 0, 0xfffffff0), /does not fit into guest RAM/],
  ])('refuses %s', (_name, header, message) => {
    expect(() => loadImage('kernel', Uint8Array.from(header), new FakeTarget())).toThrow(message);
  });

  it('takes a header only if it is whole within 8 KiB, aligned and with the right checksum', () => {
    const header = multibootHeader(0x10000, 0x100000, 0x100000, 0, 0, 0x100000);
    const at = (offset: number, bytes: number[]): Uint8Array => {
      const file = new Uint8Array(9000);
      file.set(bytes, offset);
      return file;
    };
    expect(load(at(8192 - 12 - 20, header)).image.kind).toBe('multiboot');
    const wrong = [...header];
    wrong[8]! ^= 1;
    for (const file of [at(8184, header), at(2, header), at(0, wrong)]) {
      expect(() => loadImage('kernel', file, new FakeTarget())).toThrow(/not an image that is known/);
    }
  });

  it('refuses a command line with a NUL', () => {
    const file = buildElf({ width: 32, entry: 0x100000, segments: [{ paddr: 0x100000, bytes: CODE }] });
    expect(() => loadImage('kernel', file, new FakeTarget(), { append: 'a\0b' })).toThrow(/the command line contains a NUL/);
  });
});

describe('PVH', () => {
  it('refuses an entry point in no segment', () => {
    const file = buildElf({ width: 32, entry: 0x100000, segments: [{ paddr: 0x100000, bytes: CODE }], note: pvhNote(0x200000) });
    expect(() => loadImage('kernel', file, new FakeTarget())).toThrow(/PVH entry point 0x200000 lies in no segment/);
  });
});
