import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES, packBlocks, unpackBlocks } from '../../src/base/blocks.ts';
import { InputError } from '../../src/base/errors.ts';
import { BlockOverlay } from '../../src/devices/block-overlay.ts';

const COUNT = 8;
const build = (): BlockOverlay => new BlockOverlay(COUNT, (n) => new Uint8Array(BLOCK_BYTES).fill(n), 'disk');
const write = (overlay: BlockOverlay, n: number, value: number): void => {
  overlay.change(n)[0] = value;
};
const firsts = (image: ReadonlyMap<number, Uint8Array>): [number, number][] => [...image].map(([n, block]) => [n, block[0]!]);

describe('blocks over a background', () => {
  it('begin as the background and keep what is written', () => {
    const overlay = build();
    expect(overlay.get(3)).toBeUndefined();
    write(overlay, 3, 77);
    expect([...overlay.get(3)!.subarray(0, 2)]).toEqual([77, 3]);
  });

  it('that were handed out never change', () => {
    const overlay = build();
    const tracker = overlay.track();
    write(overlay, 1, 10);
    const saved = overlay.save();
    write(overlay, 1, 11);
    const taken = tracker.take();
    write(overlay, 1, 12);
    expect([firsts(saved), firsts(taken), firsts(overlay.save())]).toEqual([[[1, 10]], [[1, 11]], [[1, 12]]]);
  });

  it('are reported once to each tracker, and again when they are put back', () => {
    const overlay = build();
    write(overlay, 0, 1);
    const [one, two] = [overlay.track(), overlay.track()];
    write(overlay, 5, 50);
    const taken = one.take();
    expect(firsts(taken)).toEqual([[5, 50]]);
    expect(firsts(one.take())).toEqual([]);
    write(overlay, 5, 51);
    write(overlay, 6, 60);
    one.putBack(taken);
    expect(firsts(one.take()).sort()).toEqual([
      [5, 51],
      [6, 60],
    ]);
    expect(firsts(two.take()).sort()).toEqual([
      [5, 51],
      [6, 60],
    ]);
    two.stop();
    write(overlay, 7, 70);
    expect(firsts(two.take())).toEqual([]);
    expect(firsts(one.take())).toEqual([[7, 70]]);
  });

  it('that a restore takes back to the background are reported', () => {
    const overlay = build();
    const saved = overlay.save();
    const tracker = overlay.track();
    write(overlay, 2, 20);
    tracker.take();
    overlay.restore(saved);
    expect(firsts(tracker.take())).toEqual([[2, 2]]);
  });

  it('survive being packed', () => {
    const overlay = build();
    write(overlay, 4, 40);
    write(overlay, 2, 20);
    const packed = packBlocks(overlay.save());
    expect(packed.numbers).toEqual([2, 4]);
    const other = build();
    other.restore(unpackBlocks(packed, 'disk'));
    expect(packBlocks(other.save())).toEqual(packed);
  });

  it.each([
    [new Map([[COUNT, new Uint8Array(BLOCK_BYTES)]])],
    [new Map([[-1, new Uint8Array(BLOCK_BYTES)]])],
    [new Map([[0, new Uint8Array(1)]])],
  ])('that cannot be the device’s are refused, and nothing changes (%#)', (image) => {
    const overlay = build();
    write(overlay, 1, 9);
    expect(() => overlay.restore(image)).toThrow(InputError);
    expect(firsts(overlay.save())).toEqual([[1, 9]]);
  });
});
