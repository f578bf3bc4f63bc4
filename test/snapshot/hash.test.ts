import { describe, expect, it } from 'vitest';
import { createPc } from '../../src/machine/pc.ts';
import { hashImage, hashMemory } from '../../src/snapshot/hash.ts';
import { copyMemory, isZero, loadMemory } from '../../src/snapshot/memory-image.ts';

const MIB = 1024 ** 2;
const PAGE = 4096;

const page = (seed: number): Uint8Array => Uint8Array.from({ length: PAGE }, (_, n) => (n * seed + (n >>> 4)) & 0xff);

describe('hash of memory', () => {
  it('is the same for a machine and for its image, in whatever order', () => {
    const { vm } = createPc({ memory: MIB });
    for (const gfn of [3, 200, 17]) vm.writeMemory(gfn * PAGE, page(gfn));
    const image = copyMemory(vm);
    expect([...image.keys()]).toEqual([3, 17, 200]);
    expect(hashImage(image)).toBe(hashMemory(vm));
    expect(hashImage(new Map([...image].reverse()))).toBe(hashMemory(vm));
  });

  it('does not depend on pages of zeros', () => {
    const { vm } = createPc({ memory: MIB });
    expect(hashMemory(vm)).toBe('0000000000000000');
    expect(
      hashImage(
        new Map([
          [5, new Uint8Array(PAGE)],
          [6, page(6)],
        ]),
      ),
    ).toBe(hashImage(new Map([[6, page(6)]])));
  });

  it('changes with every bit of a page, and with its place', () => {
    const seen = new Set<string>();
    for (let bit = 0; bit < PAGE * 8; bit += 37) {
      const changed = page(9);
      changed[bit >>> 3] ^= 1 << (bit & 7);
      seen.add(hashImage(new Map([[1, changed]])));
    }
    for (let gfn = 1; gfn < 100; gfn++) seen.add(hashImage(new Map([[gfn, page(9)]])));
    expect(seen.size).toBe(Math.ceil((PAGE * 8) / 37) + 99);
  });

  it('changes when two pages change places, or words within a page', () => {
    const swapped = hashImage(
      new Map([
        [1, page(2)],
        [2, page(1)],
      ]),
    );
    expect(swapped).not.toBe(
      hashImage(
        new Map([
          [1, page(1)],
          [2, page(2)],
        ]),
      ),
    );
    const words = new Uint32Array(1024).fill(7);
    words[0] = 8;
    const moved = new Uint32Array(1024).fill(7);
    moved[4] = 8;
    expect(hashImage(new Map([[1, new Uint8Array(words.buffer)]]))).not.toBe(hashImage(new Map([[1, new Uint8Array(moved.buffer)]])));
  });
});

describe('memory image', () => {
  it('loads over what is there, zeros included', () => {
    const { vm } = createPc({ memory: MIB });
    vm.writeMemory(8 * PAGE, page(8));
    const image = copyMemory(vm);
    vm.writeMemory(9 * PAGE, page(9));
    vm.writeMemory(8 * PAGE, page(1));
    loadMemory(vm, image);
    expect(copyMemory(vm)).toEqual(image);
  });

  it.each([0, 1, 2048, 4095])('a page with one bit at byte %i is not zero', (at) => {
    const one = new Uint8Array(PAGE);
    expect(isZero(one)).toBe(true);
    one[at] = 0x80;
    expect(isZero(one)).toBe(false);
  });
});
