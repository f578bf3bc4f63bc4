import { describe, expect, it } from 'vitest';
import { loadImage, recogniseImage } from '../../src/boot/image.ts';
import type { BootOptions } from '../../src/boot/target.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { createPc } from '../../src/machine/pc.ts';
import { assemble } from '../support/code.ts';
import { buildElf, multiboot2Header, multibootHeader, words } from '../support/elf-builder.ts';
import type { Multiboot2Tag } from '../support/elf-builder.ts';
import { FakeTarget } from './fake-target.ts';

const MIB = 2 ** 20;
const HLT = [0xfa, 0xf4];

function elf(width: 32 | 64, ...tags: Multiboot2Tag[]): Uint8Array {
  const bytes = [...HLT, 0, 0, 0, 0, 0, 0, ...multiboot2Header(...tags)];
  return buildElf({ width, entry: MIB, segments: [{ paddr: MIB, bytes, memsz: 0x2000 }] });
}

function load(bytes: Uint8Array, options: BootOptions = {}) {
  const target = new FakeTarget();
  const image = loadImage('kernel', bytes, target, options);
  return { image, target, state: target.entry! };
}

/** The information's tags by type: their contents. */
function information({ target, state }: ReturnType<typeof load>): Map<number, Uint8Array[]> {
  const info = state.gpr.rbx!;
  expect(info % 8).toBe(0);
  const end = info + target.u32(info);
  const tags = new Map<number, Uint8Array[]>();
  for (let at = info + 8; ; at += Math.ceil(target.u32(at + 4) / 8) * 8) {
    const [type, size] = [target.u32(at), target.u32(at + 4)];
    tags.set(type, [...(tags.get(type) ?? []), target.read(at + 8, size - 8)]);
    if (type === 0) {
      expect([size, at + 8]).toEqual([8, end]);
      return tags;
    }
  }
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe('multiboot 2', () => {
  it.each([32, 64] as const)('ELF%i: 32-bit protected mode, the magic in EAX, the information in EBX', (width) => {
    const modules = [
      { name: 'a.img', bytes: Uint8Array.of(1, 2, 3), args: 'x=1' },
      { name: 'b', bytes: new Uint8Array(5000).fill(7) },
    ];
    const loaded = load(elf(width, [6, 0], [1, 0, 1, 3, 4, 6], [5, 1, 0, 0, 0]), { append: 'one two', modules });
    const { image, state, target } = loaded;
    expect(image).toMatchObject({ kind: 'multiboot2', entry: MIB });
    expect(state).toMatchObject({ mode: 'protected32', cr0: 0x11, cr4: 0, efer: 0, gpr: { rax: 0x36d76289 } });
    const tags = information(loaded);
    expect(text(tags.get(1)![0]!)).toBe('one two\0');
    expect(text(tags.get(2)![0]!)).toBe('Tidemark\0');
    expect([...tags.get(4)![0]!]).toEqual(words(639, 63 * 1024));
    expect([...tags.get(6)![0]!]).toEqual(
      words(24, 0, 0, 0, 0x9fc00, 0, 1, 0, 0x9fc00, 0, 0x60400, 0, 2, 0, MIB, 0, 63 * MIB, 0, 1, 0, 0, 1, 16 * MIB, 0, 1, 0),
    );
    const placed = tags.get(3)!.map((bytes) => {
      const view = new DataView(bytes.buffer);
      return { start: view.getUint32(0, true), end: view.getUint32(4, true), string: text(bytes.subarray(8)) };
    });
    expect(placed).toEqual([
      { start: MIB + 0x2000, end: MIB + 0x2003, string: 'a.img x=1\0' },
      { start: MIB + 0x3000, end: MIB + 0x3000 + 5000, string: 'b\0' },
    ]);
    expect([...target.read(MIB + 0x2000, 3)]).toEqual([1, 2, 3]);
  });

  it('the entry address tag goes before the ELF entry point', () => {
    expect(load(elf(64, [3, 0, MIB + 1])).state.rip).toBe(MIB + 1);
  });

  it('loads by the addresses of the header, and from the beginning of the file if told so', () => {
    const header = (loadAddress: number): number[] => multiboot2Header([2, 0, 0x200008, loadAddress, 0, 0x201000], [3, 0, 0x200000]);
    for (const loadAddress of [0x200000, 0xffffffff]) {
      const file = Uint8Array.from([...HLT, 0, 0, 0, 0, 0, 0, ...header(loadAddress)]);
      const { image, target } = load(file);
      expect(image).toMatchObject({ kind: 'multiboot2', entry: 0x200000, segments: [{ base: 0x200000, size: 0x1000 }] });
      expect([...target.read(0x200000, 2)]).toEqual(HLT);
    }
  });

  it('version 1 goes first when an image has both', () => {
    const bytes = [...multibootHeader(0), ...HLT, 0, 0, ...multiboot2Header()];
    expect(recogniseImage(buildElf({ width: 32, entry: MIB, segments: [{ paddr: MIB, bytes }] }))).toBe('multiboot');
  });

  it.each<[string, number[], RegExp]>([
    ['another architecture', words(0xe85250d6, 4, 24, -(0xe85250d6 + 4 + 24), 0, 8), /^kernel: offset 0x4: .* architecture 4, not i386/],
    ['no end tag', words(0xe85250d6, 0, 16, -(0xe85250d6 + 16)), /^kernel: offset 0x10: .* no end tag/],
    ['a header beyond the file', words(0xe85250d6, 0, 64, -(0xe85250d6 + 64)), /^kernel: offset 0x8: .* 64 bytes reach beyond the file/],
    ['a tag of no size', words(0xe85250d6, 0, 24, -(0xe85250d6 + 24), 9, 0), /^kernel: offset 0x14: .* type 9 has an impossible size, 0/],
    ['a short address tag', multiboot2Header([2, 0, 1]), /^kernel: offset 0x14: .* type 2 has an impossible size, 12/],
    ['a framebuffer', multiboot2Header([5, 0, 0, 0, 0]), /^kernel: offset 0x10: .* a framebuffer; this machine has no display/],
    ['a console', multiboot2Header([4, 0, 1]), /^kernel: offset 0x10: .* requires a console/],
    ['information that there is not', multiboot2Header([1, 0, 4, 14]), /^kernel: offset 0x1c: .* information of type 14/],
    ['an unknown requirement', multiboot2Header([77, 0]), /^kernel: offset 0x10: .* requires a tag of unknown type 77/],
    ['no addresses and no ELF', multiboot2Header(), /^kernel: offset 0x0: .* no address tag and the image is not ELF/],
    ['no entry', multiboot2Header([2, 0, MIB, MIB, 0, 0]), /^kernel: offset 0x10: .* no entry address tag/],
    ['an entry outside', multiboot2Header([2, 0, MIB, MIB, 0, 0], [3, 0, 1]), /^kernel: offset 0x30: .* entry_addr 0x1 lies outside/],
    ['load above header', multiboot2Header([2, 0, MIB, MIB + 1, 0, 0], [3, 0, MIB]), /^kernel: offset 0x1c: .* is above header_addr/],
  ])('refuses %s', (_name, file, message) => {
    const target = new FakeTarget();
    expect(() => loadImage('kernel', Uint8Array.from(file), target)).toThrow(message);
    expect(target.entry).toBeNull();
  });

  it('what is optional is passed over', () => {
    expect(load(elf(32, [5, 1, 0, 0, 0], [1, 1, 14], [77, 1], [4, 0, 2])).image.kind).toBe('multiboot2');
  });

  it('runs: a kernel prints its command line', () => {
    // The command line is the first tag.
    const { bytes } = assemble(
      MIB,
      0x8d,
      0x73,
      0x10,
      0x66,
      0xba,
      0xf8,
      0x03,
      { label: 'next' },
      0xac,
      0x84,
      0xc0,
      0x74,
      { rel8: 'done' },
      0xee,
      0xeb,
      { rel8: 'next' },
      { label: 'done' },
      ...HLT,
    );
    const padding = Array<number>(-bytes.length & 7).fill(0);
    const file = buildElf({ width: 32, entry: MIB, segments: [{ paddr: MIB, bytes: [...bytes, ...padding, ...multiboot2Header()] }] });
    let out = '';
    const { vm } = createPc({
      memory: 16 * MIB,
      serial: (byte) => {
        out += String.fromCharCode(byte);
      },
    });
    loadImage('kernel', file, bootTarget(vm), { append: 'hello' });
    expect([vm.runSlice(10_000).exit.kind, out]).toEqual(['hlt', 'hello']);
  });
});
