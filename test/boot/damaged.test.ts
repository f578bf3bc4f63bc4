// Every byte of a valid image may be any other, and the file may end anywhere: it boots, or there is one InputError of one line.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.ts';
import { loadImage } from '../../src/boot/image.ts';
import { FakeTarget } from './fake-target.ts';
import { VALID_IMAGES } from './valid-images.ts';

const MEMORY = [
  { base: 0, size: 4 * 2 ** 20 },
  { base: 2 ** 32, size: 2 ** 20 },
];

/** Whether it boots. Error for anything but that and an InputError of one line, which leaves the entry state unset. */
function boots(bytes: Uint8Array): boolean {
  const target = new FakeTarget(MEMORY);
  try {
    loadImage('damaged', bytes, target, { append: 'x', modules: [] });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.message).toMatch(/^(damaged: |the command line )[^\n]+$/);
    expect(target.entry).toBeNull();
    return false;
  }
  expect(target.entry).not.toBeNull();
  return true;
}

const images = fc.constantFrom(...VALID_IMAGES);

describe('a damaged image boots or is refused', () => {
  it('cut off at every length', () => {
    for (const image of VALID_IMAGES) {
      expect(boots(image)).toBe(true);
      for (let length = 0; length < Math.min(image.length, 800); length++) boots(image.slice(0, length));
    }
  });

  it('with every byte of its headers turned over', () => {
    for (const image of VALID_IMAGES) {
      for (let at = 0; at < Math.min(image.length, 0x290); at++) {
        for (const change of [0xff, 0x80, 1]) {
          const bytes = image.slice();
          bytes[at]! ^= change;
          boots(bytes);
        }
      }
    }
  });

  it('with any few bytes replaced', () => {
    const change = fc.tuple(fc.nat(0x5ff), fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)));
    fc.assert(
      fc.property(images, fc.array(change, { minLength: 1, maxLength: 8 }), (image, changes) => {
        const bytes = image.slice();
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        boots(bytes);
      }),
      { numRuns: 3000, seed: 2026 },
    );
  });
});
