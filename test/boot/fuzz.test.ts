// Random and damaged images: each loads or is refused with an InputError of one line; nothing else, and no write outside RAM
// (the fake target fails one).

import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.ts';
import { loadImage } from '../../src/boot/image.ts';
import { random } from '../devices/wires.ts';
import { FakeTarget } from './fake-target.ts';
import { VALID_IMAGES as SEEDS } from './valid-images.ts';

const IMAGES = 10_000;

/** Values at which checks change their mind. */
const INTERESTING = [
  0, 1, 2, 3, 4, 0x7f, 0x80, 0xff, 0xfffe, 0xffff, 0x10000, 0xa0000, 0x100000, 0x3ffffff, 0x4000000, 0x7fffffff, 0x80000000, 0xffffffff,
];

/** One image: a seed with a few bytes, words or its length changed; now and then nothing but noise. */
function mutate(next: () => number): Uint8Array {
  if (next() % 16 === 0) return Uint8Array.from({ length: next() % 600 }, () => next() & 0xff);
  const seed = SEEDS[next() % SEEDS.length]!;
  const file = seed.slice(0, next() % 8 === 0 ? next() % (seed.length + 1) : seed.length);
  const view = new DataView(file.buffer);
  for (let n = next() % 4; n >= 0 && file.length >= 8; n--) {
    // Headers are where the decisions are.
    const offset = next() % Math.min(file.length, next() & 1 ? 128 : file.length);
    const value = next() & 1 ? INTERESTING[next() % INTERESTING.length]! : next();
    if (next() & 1) file[offset] = value & 0xff;
    else view.setUint32(Math.min(offset & ~1, file.length - 4), value, true);
  }
  return file;
}

describe('image fuzzing', () => {
  it(`${IMAGES} images load or are refused`, () => {
    const next = random(20240611);
    let loaded = 0;
    const refusals = new Set<string>();
    for (let i = 0; i < IMAGES; i++) {
      const bytes = mutate(next);
      const target = new FakeTarget();
      const options = { append: 'x', modules: [{ name: 'm', bytes: new Uint8Array(64) }], ...(next() % 16 === 0 ? { at: next() } : {}) };
      try {
        const image = loadImage('fuzz', bytes, target, options);
        loaded++;
        expect(target.entry!.rip).toBe(image.entry);
        const ranges = [...image.segments, ...image.placed].filter(({ size }) => size > 0).sort((a, b) => a.base - b.base);
        ranges.slice(1).forEach((range, n) => {
          if (range.base < ranges[n]!.base + ranges[n]!.size) throw new Error(`image ${i}: ${range.what} overlaps ${ranges[n]!.what}`);
        });
      } catch (error) {
        if (!(error instanceof InputError)) throw new Error(`image ${i}`, { cause: error });
        expect(error.message).toMatch(/^fuzz: [^\n]+$/);
        expect(target.entry).toBeNull();
        refusals.add(error.message.replace(/0x[0-9a-f]+|\d+/g, '#'));
      }
    }
    // The generator is worth its time only if both outcomes are common and the refusals are of many kinds.
    expect(loaded).toBeGreaterThan(IMAGES / 20);
    expect(IMAGES - loaded).toBeGreaterThan(IMAGES / 4);
    expect(refusals.size).toBeGreaterThan(25);
  });
});
