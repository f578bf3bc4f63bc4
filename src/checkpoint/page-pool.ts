// Memory for copies of pages, used again and again, so that a checkpoint's pages cost their copying and nothing else: no page has an
// array of its own, and none is collected as garbage.
//
// A copy lies in a *slot*. A slot that is given back is taken again, unless it was lent: somebody outside may still read it. What was
// lent never changes. The chunk that it lies in is dropped when none of its slots can be of use any more.

import { assert } from '../base/errors.ts';
import { PAGE_SIZE } from '../base/paging-units.ts';

const State = { FREE: 0, USED: 1, LENT: 2 } as const;
const NOTHING = new Uint8Array(0);

export class PagePool {
  private readonly chunks: Uint8Array[] = [];
  /** By chunk, how many of its slots were lent and given back. */
  private readonly gone: number[] = [];
  /** Slots that can be taken, the next one last. */
  private readonly free: number[] = [];
  private states: Uint8Array = NOTHING;

  /** `chunkPages`: for how many pages memory is asked for at a time. */
  constructor(private readonly chunkPages = 64) {}

  /** A slot of its caller's, who gives it back. Its bytes are anything. */
  take(): number {
    if (this.free.length === 0) this.grow();
    const slot = this.free.pop()!;
    this.states[slot] = State.USED;
    return slot;
  }

  /** Nobody reads slot `slot` any more, but for those that it was lent to. */
  release(slot: number): void {
    const state = this.states[slot];
    assert(state !== State.FREE, 'a slot is given back once');
    this.states[slot] = State.FREE;
    if (state === State.USED) {
      this.free.push(slot);
      return;
    }
    const chunk = Math.floor(slot / this.chunkPages);
    if (++this.gone[chunk]! === this.chunkPages) this.chunks[chunk] = NOTHING;
  }

  /** What is in slot `slot` stays as it is for as long as anybody reads it, also after it was given back. */
  lend(slot: number): void {
    this.states[slot] = State.LENT;
  }

  /** Copies a page into slot `slot`, which was not lent. */
  fill(slot: number, page: Uint8Array): void {
    const chunk = Math.floor(slot / this.chunkPages);
    this.chunks[chunk]!.set(page, (slot - chunk * this.chunkPages) * PAGE_SIZE);
  }

  /** Copies bytes into as many slots as they fill: slots[first …]. */
  put(bytes: Uint8Array, slots: Uint32Array, first: number): void {
    for (let at = 0, n = first; at < bytes.length; at += PAGE_SIZE, n++) {
      const slot = this.take();
      this.fill(slot, bytes.subarray(at, at + PAGE_SIZE));
      slots[n] = slot;
    }
  }

  /** A copy of the `length` bytes that were put into slots[first …]. */
  read(slots: Uint32Array, first: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array((slots.length - first) * PAGE_SIZE);
    for (let n = first; n < slots.length; n++) bytes.set(this.page(slots[n]!), (n - first) * PAGE_SIZE);
    return bytes.subarray(0, length);
  }

  /** The bytes of slot `slot`, until it is given back. */
  page(slot: number): Uint8Array {
    const chunk = Math.floor(slot / this.chunkPages);
    const at = (slot - chunk * this.chunkPages) * PAGE_SIZE;
    return this.chunks[chunk]!.subarray(at, at + PAGE_SIZE);
  }

  /** Bytes that the pool holds. */
  get bytes(): number {
    return this.chunks.reduce((sum, { length }) => sum + length, 0);
  }

  private grow(): void {
    const { chunkPages, chunks, free } = this;
    const first = chunks.length * chunkPages;
    chunks.push(new Uint8Array(chunkPages * PAGE_SIZE));
    this.gone.push(0);
    if (this.states.length < first + chunkPages) {
      const states = new Uint8Array(2 * (first + chunkPages));
      states.set(this.states);
      this.states = states;
    }
    // The lowest is taken first, so that the pages of a cycle lie in a row.
    for (let slot = first + chunkPages - 1; slot >= first; slot--) free.push(slot);
  }
}
