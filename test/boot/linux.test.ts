// Linux bzImages: where everything goes, what boot_params says, which kernels are refused; and tiny kernels that run.

import { describe, expect, it } from 'vitest';
import { loadImage } from '../../src/boot/image.ts';
import type { BootOptions } from '../../src/boot/target.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { createPc } from '../../src/machine/pc.ts';
import { BzField, buildBzImage } from '../support/bzimage-builder.ts';
import { assemble } from '../support/code.ts';
import { FakeTarget } from './fake-target.ts';

const MIB = 2 ** 20;
const HLT = [0xfa, 0xf4];

function load(bytes: Uint8Array, options: BootOptions = {}, target = new FakeTarget()) {
  const image = loadImage('kernel', bytes, target, options);
  const params = target.entry!.gpr.rsi!;
  const at = (what: string) => image.placed.find((range) => range.what === what)!;
  return { image, target, state: target.entry!, params, u32: (offset: number) => target.u32(params + offset), at };
}

const initrd = (size: number) => ({ name: 'rd.gz', bytes: new Uint8Array(size).fill(0x5a) });

describe('the 32-bit boot protocol', () => {
  it('enters at the start of the kernel with boot_params in ESI', () => {
    const { image, target, state, params } = load(buildBzImage({ code: HLT }), { append: 'console=ttyS0' });
    expect(image).toMatchObject({ kind: 'linux32', entry: MIB, segments: [{ what: 'kernel', base: MIB, size: 0x10000 }] });
    expect(state).toMatchObject({ mode: 'protected32', cr0: 0x11, cr3: 0, cr4: 0, efer: 0, rflags: 2, gpr: { rsi: params } });
    expect(Object.keys(state.gpr)).toEqual(['rsi']);
    expect(state.segments).toMatchObject({ cs: { selector: 0x10, attributes: 0xc09b }, ds: { selector: 0x18 }, ss: { selector: 0x18 } });
    expect([...target.read(MIB, 2)]).toEqual(HLT);
  });

  it('tells in boot_params what was done, with the header as it was and zeroes else', () => {
    const file = buildBzImage({ code: HLT });
    const { target, params, u32 } = load(file, { append: 'a b=c' });
    expect(target.string(u32(0x228))).toBe('a b=c');
    expect([target.read(params + 0x210, 1)[0], u32(0x214), u32(0x218), u32(0x21c)]).toEqual([0xff, MIB, 0, 0]);
    expect(target.read(params + 0x22c, 0x26c - 0x22c)).toEqual(file.slice(0x22c, 0x26c));
    expect(target.read(params, 0x1e8).every((byte) => byte === 0)).toBe(true);
    expect(target.read(params + 0x26c, 0x2d0 - 0x26c).every((byte) => byte === 0)).toBe(true);
    const map = Array.from({ length: target.read(params + 0x1e8, 1)[0]! }, (_, i) => {
      const entry = params + 0x2d0 + 20 * i;
      return [target.u64(entry), target.u64(entry + 8), target.u32(entry + 16)];
    });
    expect(map).toEqual([
      [0, 0x9fc00, 1],
      [0x9fc00, 0x60400, 2],
      [MIB, 63 * MIB, 1],
      [2 ** 32, 16 * MIB, 1],
    ]);
  });

  it('puts the RAM disk on whole pages as high as the kernel and the RAM allow', () => {
    for (const [initrdAddrMax, size, base] of [
      [0x7fffffff, 5000, 64 * MIB - 8192],
      [0x1ffffff, 4096, 32 * MIB - 4096],
    ] as const) {
      const { target, u32 } = load(buildBzImage({ code: HLT, initrdAddrMax }), { initrd: initrd(size) });
      expect([u32(0x218), u32(0x21c)]).toEqual([base, size]);
      expect(target.read(base, size).every((byte) => byte === 0x5a)).toBe(true);
    }
  });

  it('loads a relocatable kernel where it prefers to be, and keeps init_size free for any', () => {
    const spec = { code: HLT, prefAddress: 16 * MIB, initSize: 2 * MIB };
    expect(load(buildBzImage({ ...spec, relocatable: true })).image).toMatchObject({
      entry: 16 * MIB,
      segments: [{ base: 16 * MIB, size: 2 * MIB }],
    });
    expect(load(buildBzImage(spec)).image).toMatchObject({ entry: MIB, segments: [{ base: MIB, size: 17 * MIB }] });
  });

  it('takes an old header for what it says', () => {
    const old = buildBzImage({ code: HLT, version: 0x0202, initrdAddrMax: 0, cmdlineSize: 0, initSize: 2 ** 31, relocatable: true });
    const { image, u32 } = load(old, { append: 'x', initrd: initrd(10) });
    expect([image.kind, image.segments[0]!.size, u32(0x218)]).toEqual(['linux32', 16, 64 * MIB - 4096]);
  });
});

it('the 64-bit boot protocol: entry 0x200 on, 64-bit mode, everything mapped, boot_params in RSI, code at selector 0x10', () => {
  const { image, target, state, params } = load(buildBzImage({ code: HLT, code64: HLT }));
  expect(image).toMatchObject({ kind: 'linux64', entry: MIB + 0x200 });
  expect(state).toMatchObject({ mode: 'long64', cr0: 0x80000011, cr4: 0x20, efer: 0x500, gpr: { rsi: params } });
  expect(state.segments).toMatchObject({ cs: { selector: 0x10, attributes: 0xa09b }, ds: { selector: 0x18, attributes: 0xc093 } });
  expect([1, 2, 3].map((n) => target.u32(state.gdtr.base + 8 * n + 4))).toEqual([0x00cf9b00, 0x00af9b00, 0x00cf9300]);
  expect(target.u64(state.cr3) & 1).toBe(1);
});

describe('what is refused, in one line', () => {
  const damaged = (offset: number, ...bytes: number[]): Uint8Array => {
    const file = buildBzImage({ code: Array<number>(4096).fill(0x90) });
    file.set(bytes, offset);
    return file;
  };

  it.each([
    ['a bad boot_flag', damaged(BzField.bootFlag, 0), /^kernel: offset 0x1fe: boot_flag is 0xaa00/],
    ['an old protocol', damaged(BzField.version, 1), /^kernel: offset 0x206: boot protocol 2\.01 is too old/],
    ['a zImage', damaged(BzField.loadflags, 0), /^kernel: offset 0x211: LOADED_HIGH is clear/],
    ['a short header', damaged(BzField.jump, 0x20), /^kernel: offset 0x201: the setup header ends at 0x222, too early for .* 2\.15/],
    ['no kernel', damaged(BzField.setupSects, 200), /^kernel: offset 0x1400: the file ends before the protected-mode kernel at 0x19200/],
    ['half a kernel', damaged(0, 0).slice(0, 3000), /^kernel: offset 0xbb8: the file ends inside the protected-mode kernel: 0x7b8 bytes/],
    ['half a header', damaged(0, 0).slice(0, 0x208), /^kernel: offset 0x[0-9a-f]+: the file ends \(at 0x208\) inside the setup header$/],
    ['an impossible place', damaged(BzField.prefAddress, 0, 0, 0, 0, 1), /^kernel: offset 0x258: pref_address 0x100000000 .* not between/],
    ['too little RAM', damaged(BzField.initSize + 3, 0x10), /^kernel: kernel at 0x100000, 0x10010000 bytes, does not fit into guest RAM$/],
  ])('%s', (_name, file, message) => {
    const target = new FakeTarget();
    expect(() => loadImage('kernel', file, target)).toThrow(message);
    expect(target.entry).toBeNull();
  });

  it.each([
    ['a long command line', { append: 'x'.repeat(17) }, /^the command line has 17 bytes; this kernel takes at most 16$/],
    ['a RAM disk that does not fit', { initrd: initrd(15 * MIB) }, /^initrd 'rd\.gz': 0xf00000 bytes do not fit .* to 0xffffff /],
    ['modules', { modules: [initrd(1)] }, /^kernel: a Linux bzImage takes an initial RAM disk, not modules$/],
  ])('%s', (_name, options, message) => {
    const file = buildBzImage({ code: HLT, cmdlineSize: 16, initrdAddrMax: 0xffffff });
    expect(() => loadImage('kernel', file, new FakeTarget(), options)).toThrow(message);
  });
});

describe('on a machine', () => {
  /** LODSB; test it; OUT to COM1: what ESI or RSI points to, up to a NUL. */
  const print = (label: string) => [
    { label },
    0xac,
    0x84,
    0xc0,
    0x74,
    { rel8: `${label} end` },
    0xee,
    0xeb,
    { rel8: label },
    { label: `${label} end` },
  ];
  /** Prints the command line, then `size` bytes of the RAM disk. In 64-bit mode these encodings do the same. */
  const kernel = assemble(
    0,
    0x89,
    0xf3, // mov ebx, esi
    0x66,
    0xba,
    0xf8,
    0x03, // mov dx, 0x3f8
    0x8b,
    0xb3,
    0x28,
    0x02,
    0,
    0, // mov esi, [ebx + 0x228]
    ...print('cmdline'),
    0x8b,
    0xb3,
    0x18,
    0x02,
    0,
    0, // mov esi, [ebx + 0x218]
    0x8b,
    0x8b,
    0x1c,
    0x02,
    0,
    0, // mov ecx, [ebx + 0x21c]
    0xf3,
    0x6e, // rep outsb
    ...HLT,
  ).bytes;

  it.each([
    ['32-bit', { code: kernel }, 'linux32'],
    ['64-bit', { code: HLT, code64: kernel }, 'linux64'],
  ] as const)('a %s kernel finds its command line and RAM disk', (_name, spec, kind) => {
    let out = '';
    const { vm } = createPc({
      memory: 16 * MIB,
      serial: (byte) => {
        out += String.fromCharCode(byte);
      },
    });
    const rd = { name: 'rd', bytes: new TextEncoder().encode('|RAM disk') };
    expect(loadImage('kernel', buildBzImage(spec), bootTarget(vm), { append: 'hello=world', initrd: rd }).kind).toBe(kind);
    expect(vm.runSlice(100_000).exit).toEqual({ kind: 'hlt' });
    expect(out).toBe('hello=world|RAM disk');
  });
});
