// A store in the host's memory.

import { requireCount, requireLimit } from '../base/arguments.ts';
import { BLOCK_BYTES } from '../base/blocks.ts';
import { InputError, assert } from '../base/errors.ts';
import { hashContents } from '../snapshot/hash.ts';
import { checkBase, checkDelta } from './check-arguments.ts';
import { Contents, DeviceContents } from './contents.ts';
import { MergedPages } from './merged-pages.ts';
import { PagePool } from './page-pool.ts';
import { PooledPages } from './pooled-pages.ts';
import type { BaseCheckpoint, CheckpointStore, DeltaCheckpoint } from './store.ts';

/** What a base holds, once deltas were merged into it. */
interface Merged {
  readonly pages: MergedPages;
  readonly devices: DeviceContents;
}

interface Held {
  readonly delta: DeltaCheckpoint;
  /** Its pages, if their slots are this store's to give back. */
  readonly own: PooledPages | null;
}

/** Keeps everything in the host's memory. */
export class MemoryStore implements CheckpointStore {
  private kept: BaseCheckpoint | null = null;
  private readonly deltas: Held[] = [];
  /** How many pages and blocks the deltas hold. */
  private held = 0;
  private merged: Merged | null = null;
  /** The delta that was merged last: the state and the hash of the base. */
  private latest: Held | null = null;
  /** @internal */
  pool = new PagePool();
  firstCycle = 0;

  /** Once the deltas hold more than `limit` bytes of pages and blocks, the oldest are merged into the base. */
  constructor(private readonly limit = Infinity) {
    requireLimit('limit', limit);
  }

  putBase(base: BaseCheckpoint): void {
    checkBase(base);
    this.kept = base;
    this.merged = null;
    this.latest = null;
    this.pool = new PagePool();
    this.deltas.length = 0;
    this.firstCycle = 0;
    this.held = 0;
  }

  putDelta(delta: DeltaCheckpoint): void {
    checkDelta(delta);
    if (delta.cpid !== this.lastCycle + 1) assert(false, `cycle ${delta.cpid} is put after cycle ${this.lastCycle}`);
    const { pages } = delta;
    this.deltas.push({ delta, own: pages instanceof PooledPages && pages.claimFor(this.pool) ? pages : null });
    this.held += sizeOf(delta);
    while (this.held * BLOCK_BYTES > this.limit && this.deltas.length > 1) this.mergeOldest();
  }

  /** What it holds stays as it is, but for the pages of a base that cycles are merged into. */
  base(): BaseCheckpoint {
    if (!this.merged || !this.latest) return this.oldest;
    const { pages, devices } = this.merged;
    pages.lend();
    const { state, hash } = this.latest.delta;
    return { machine: this.oldest.machine, state, pages, blocks: devices.images, hash };
  }

  private get oldest(): BaseCheckpoint {
    if (!this.kept) throw new InputError('the store holds no base');
    return this.kept;
  }

  get lastCycle(): number {
    return this.firstCycle + this.deltas.length;
  }

  delta(cpid: number): DeltaCheckpoint {
    requireCount('cpid', cpid);
    const held = this.deltas[cpid - this.firstCycle - 1];
    if (!held) throw new InputError(`the store holds no cycle ${cpid} (cpid)`);
    held.own?.lend();
    return held.delta;
  }

  /** InputError for a cycle that is not held. */
  truncate(cpid: number): void {
    this.requireHeld(cpid);
    for (const { delta, own } of this.deltas.splice(cpid - this.firstCycle)) {
      this.held -= sizeOf(delta);
      own?.release();
    }
  }

  /** Pages and blocks are shared, since they never change. Errors as `truncate`. */
  fork(cpid: number): MemoryStore {
    this.requireHeld(cpid);
    const base = this.base();
    const forked = new MemoryStore(this.limit);
    // A map of its own: that of a base that cycles were merged into goes on growing.
    const { pages, blocks } = new Contents(base);
    forked.putBase({ ...base, pages, blocks });
    forked.firstCycle = this.firstCycle;
    for (let n = this.firstCycle + 1; n <= cpid; n++) forked.putDelta(this.delta(n));
    return forked;
  }

  private requireHeld(cpid: number): void {
    requireCount('cpid', cpid);
    if (!this.kept) throw new InputError('the store holds no base');
    if (cpid < this.firstCycle || cpid > this.lastCycle) {
      throw new InputError(`no cycle ${cpid} (cpid): the store holds ${this.firstCycle} to ${this.lastCycle}`);
    }
  }

  /** Checks the merged contents by the hash, if there is one: nobody can rebuild that cycle by itself later. */
  private mergeOldest(): void {
    const { pages, blocks } = this.oldest;
    const oldest = this.deltas.shift()!;
    const { hash, cpid, blocks: changed } = oldest.delta;
    const merged = (this.merged ??= { pages: new MergedPages(this.pool, pages), devices: new DeviceContents(blocks) });
    if (oldest.own) merged.pages.adopt(oldest.own);
    else merged.pages.add(oldest.delta.pages);
    merged.devices.add(changed);
    if (hash !== null) {
      const isRight = hashContents(merged.pages, merged.devices.images) === hash;
      assert(isRight, `cycle ${cpid} rebuilds to the memory it was taken from`);
    }
    this.latest?.own?.releaseRest();
    this.latest = oldest;
    this.held -= sizeOf(oldest.delta);
    this.firstCycle = cpid;
  }
}

function sizeOf({ pages, blocks }: DeltaCheckpoint): number {
  let { size } = pages;
  for (const image of blocks.values()) size += image.size;
  return size;
}
