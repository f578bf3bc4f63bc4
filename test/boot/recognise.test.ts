// What a file is taken for: a boot sector's signature makes it a disk, whatever boot loader follows, unless it is known to be none.

import { describe, expect, it } from 'vitest';
import { loadImage, recogniseImage } from '../../src/boot/image.ts';
import { buildBzImage } from '../support/bzimage-builder.ts';
import { buildElf } from '../support/elf-builder.ts';
import { FakeTarget } from './fake-target.ts';

const HLT = [0xfa, 0xf4];
const FLAGS = 0x10000;
/** A multiboot header with addresses, at 0x400 in the file, which is loaded to 1 MiB; its code follows. */
const header = (at: number): number[] => {
  const magic = 0x1badb002;
  const words = [magic, FLAGS, -(magic + FLAGS) >>> 0, 0x100000 + at, 0x100000, 0, 0, 0x100000 + at + 32];
  return words.flatMap((word) => [word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24]);
};

/** As GRUB 2 lies on a disk: a boot sector, then a core image with a multiboot header of its own. */
function grubLike(): Uint8Array {
  const disk = new Uint8Array(64 * 1024);
  disk.set([0xeb, 0xfe]);
  disk.set([0x55, 0xaa], 510);
  disk.set([...header(0x400), ...HLT], 0x400);
  return disk;
}

const signed = (bytes: Uint8Array): Uint8Array => {
  const copy = new Uint8Array(Math.max(bytes.length, 512));
  copy.set(bytes);
  copy.set([0x55, 0xaa], 510);
  return copy;
};

describe('an image', () => {
  it.each<[string, Uint8Array, string, string]>([
    ['a disk with a multiboot loader', grubLike(), 'boot-sector', 'multiboot'],
    ['the loader without the signature', grubLike().fill(0, 510, 512), 'multiboot', 'multiboot'],
    ['a plain boot sector', signed(new Uint8Array(512)), 'boot-sector', 'boot-sector'],
    [
      'an ELF with the signature by chance',
      signed(buildElf({ width: 32, entry: 0x100000, segments: [{ paddr: 0x100000, bytes: HLT }] })),
      'elf',
      'elf',
    ],
    ['Linux, which has the signature', buildBzImage({ code: HLT }), 'linux', 'linux'],
    ['nothing', new Uint8Array(600), 'unknown', 'unknown'],
  ])('%s', (_name, bytes, content, asKernel) => {
    expect(recogniseImage(bytes)).toBe(content);
    expect(recogniseImage(bytes, { asKernel: true })).toBe(asKernel);
  });

  it('that is a disk is not loaded, unless it is said to be a kernel', () => {
    const target = new FakeTarget();
    expect(() => loadImage('disk', grubLike(), target)).toThrow(/^disk: offset 0x1fe: a boot sector/);
    expect(loadImage('disk', grubLike(), target, { asKernel: true })).toMatchObject({ kind: 'multiboot', entry: 0x100420 });
  });
});
