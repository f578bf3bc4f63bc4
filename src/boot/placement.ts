// Who occupies which guest-physical range while an image is loaded. The image's own segments lie where it says; everything else goes
// into RAM that is free.

import { InputError } from '../base/errors.ts';
import { alignUp } from '../base/paging-units.ts';
import { hex } from './bytes.ts';
import { ADAPTER_END, MemoryType, joinedRam, memoryMap } from './memory-map.ts';
import type { BootTarget, PlacedRange } from './target.ts';

const FOUR_GIB = 2 ** 32;
/** The lowest page keeps the real-mode interrupt table and the firmware's data; guests like to start processors at 0x8000. */
const LOW_START = 0x9000;
const LAST_RESORT = 0x1000;
/** Zeroes are written in pieces of this size. */
const ZERO_PIECE = new Uint8Array(65536);

const alignDown = (value: number, unit: number): number => Math.floor(value / unit) * unit;

export class Placement {
  readonly segments: PlacedRange[] = [];
  readonly placed: PlacedRange[] = [];
  /** Every occupied range, in order of address. */
  private readonly occupied: PlacedRange[] = [];

  private readonly ram: readonly { readonly base: number; readonly end: number }[];

  constructor(
    private readonly name: string,
    private readonly target: BootTarget,
  ) {
    this.ram = joinedRam(target.memory);
  }

  /**
   * Occupies the fixed range [base, base + size) for part of the image. InputError if it is not all RAM or meets another.
   * `where` is put before the message ("offset 0x34: ").
   */
  claim(what: string, base: number, size: number, where = ''): void {
    const range = `${what} at ${hex(base)}, ${hex(size)} bytes,`;
    if (!this.ram.some((ram) => base >= ram.base && base + size <= ram.end)) {
      throw new InputError(`${this.name}: ${where}${range} does not fit into guest RAM`);
    }
    // Occupied ranges never overlap, so only the last that begins before the end of this one can meet it.
    const other = this.occupied[this.firstAtOrAfter(base + size) - 1];
    if (other && base < other.base + other.size) {
      throw new InputError(`${this.name}: ${where}${range} overlaps ${other.what} at ${hex(other.base)}`);
    }
    this.occupy({ what, base, size }, this.segments);
  }

  /** Writes file bytes to a claimed range and zeroes up to `size`. */
  fill(base: number, bytes: Uint8Array, size: number): void {
    if (bytes.length > 0) this.target.write(base, bytes);
    for (let done = bytes.length; done < size; done += ZERO_PIECE.length) {
      this.target.write(base + done, ZERO_PIECE.subarray(0, Math.min(ZERO_PIECE.length, size - done)));
    }
  }

  /** Finds free RAM below 4 GiB for `size` bytes, in conventional memory if there is room. InputError if there is none. */
  reserve(what: string, size: number, align: number): number {
    const base = this.firstFit(size, align, LOW_START, FOUR_GIB) ?? this.firstFit(size, align, LAST_RESORT, FOUR_GIB);
    return this.take(what, base, size);
  }

  /** As `reserve`, but above 1 MiB and after the image, where kernels expect their modules. */
  reserveAfterImage(what: string, size: number, align: number): number {
    const ends = this.segments.map((segment) => segment.base + segment.size).filter((end) => end < FOUR_GIB);
    const base = this.firstFit(size, align, Math.max(ADAPTER_END, ...ends), FOUR_GIB) ?? this.firstFit(size, align, LAST_RESORT, FOUR_GIB);
    return this.take(what, base, size);
  }

  /** The highest free RAM above 1 MiB that ends at or below `limit` and 4 GiB, occupied; null if there is none. */
  reserveHighest(what: string, size: number, align: number, limit: number): number | null {
    const base = this.lastFit(size, align, Math.min(limit, FOUR_GIB));
    return base === null ? null : this.take(what, base, size);
  }

  /** Puts `bytes` into free RAM and returns where. */
  put(what: string, bytes: Uint8Array, align: number): number {
    const base = this.reserve(what, bytes.length, align);
    if (bytes.length > 0) this.target.write(base, bytes);
    return base;
  }

  private take(what: string, base: number | null, size: number): number {
    if (base === null) throw new InputError(`${this.name}: no room in guest RAM below 4 GiB for ${what}, ${hex(size)} bytes`);
    this.occupy({ what, base, size }, this.placed);
    return base;
  }

  private occupy(range: PlacedRange, list: PlacedRange[]): void {
    list.push(range);
    if (range.size === 0) return;
    this.occupied.splice(this.firstAtOrAfter(range.base), 0, range);
  }

  /** Index of the first occupied range that begins at `address` or later. */
  private firstAtOrAfter(address: number): number {
    let low = 0;
    let high = this.occupied.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.occupied[middle]!.base < address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private firstFit(size: number, align: number, from: number, to: number): number | null {
    for (const { base, size: length, type } of memoryMap(this.target.memory)) {
      if (type !== MemoryType.RAM) continue;
      const end = Math.min(base + length, to);
      let candidate = alignUp(Math.max(base, from), align);
      for (const taken of this.occupied) {
        if (candidate < taken.base + taken.size && taken.base < candidate + size) candidate = alignUp(taken.base + taken.size, align);
      }
      if (candidate + size <= end) return candidate;
    }
    return null;
  }
  private lastFit(size: number, align: number, to: number): number | null {
    for (const { base, size: length, type } of memoryMap(this.target.memory).reverse()) {
      if (type !== MemoryType.RAM || base + length <= ADAPTER_END) continue;
      let candidate = alignDown(Math.min(base + length, to) - size, align);
      for (const taken of [...this.occupied].reverse()) {
        if (candidate < taken.base + taken.size && taken.base < candidate + size) candidate = alignDown(taken.base - size, align);
      }
      if (candidate >= Math.max(base, ADAPTER_END)) return candidate;
    }
    return null;
  }
}
