// Where checkpoints go. A store keeps one base and the deltas after it; what it returns is what was put.

import { requireCount, requireLimit } from '../base/arguments.ts';
import { BLOCK_BYTES } from '../base/blocks.ts';
import type { BlockImages } from '../base/blocks.ts';
import { InputError, assert } from '../base/errors.ts';
import { hashContents } from '../snapshot/hash.ts';
import { checkBase, checkDelta } from './check-arguments.ts';
import type { MemoryImage } from '../snapshot/memory-image.ts';
import type { Exit } from '../vm/exit.ts';
import { DEFAULT_QUANTUM } from '../vm/config.ts';
import { DEFAULT_NS_PER_TICK } from '../vm/clock.ts';
import type { VmCore } from '../vm/save.ts';
import type { Vm } from '../vm/vm.ts';
import { Contents } from './contents.ts';

/** How to build a machine that can take the checkpoint up. */
export interface MachineDescription {
  readonly memory: number;
  readonly vcpus: number;
  readonly quantum: number;
  /** Nanoseconds of a tick of virtual time. */
  readonly nsPerTick: number;
  /** Bytes of ROM below 4 GiB, if there is one. */
  readonly rom?: number;
}

/** Of the machine at hand. */
export const describeMachine = ({ config }: Vm): MachineDescription => ({
  memory: config.memory,
  vcpus: config.vcpus ?? 1,
  quantum: config.quantum ?? DEFAULT_QUANTUM,
  nsPerTick: config.nsPerTick ?? DEFAULT_NS_PER_TICK,
  ...(config.rom ? { rom: config.rom } : {}),
});

/** The exits after which a guest does not go on by itself. */
export type GuestEnd = Extract<Exit, { readonly kind: 'hlt' | 'shutdown' | 'debug-exit' }>;

export interface BaseCheckpoint {
  readonly machine: MachineDescription;
  readonly state: VmCore;
  readonly pages: MemoryImage;
  /** For each device that has blocks, all of them. */
  readonly blocks: BlockImages;
  /** Hash of all memory and blocks, if the run verifies. */
  readonly hash: string | null;
  /** The image of the disk that the machine was booted from, if it is kept with the machine. */
  readonly disk?: KeptDisk;
}

/** A disk as it was before the guest wrote to it. */
export interface KeptDisk {
  readonly name: string;
  readonly kind: 'fixed' | 'diskette';
  readonly bytes: Uint8Array;
}

export interface DeltaCheckpoint {
  /** The cycle that this delta ends; ascending from 1, without gaps. */
  readonly cpid: number;
  readonly state: VmCore;
  /** The pages reported in the cycle, as they were at its end; all-zero pages included. */
  readonly pages: MemoryImage;
  /** The blocks that changed in the cycle, as they were at its end. Devices of which none changed are left out. */
  readonly blocks: BlockImages;
  readonly hash: string | null;
  /** How the guest ended in this cycle; null if it goes on. */
  readonly end: GuestEnd | null;
}

export interface CheckpointStore {
  putBase(base: BaseCheckpoint): void;
  /** Throws if the delta cannot be kept; nothing of it is kept then. */
  putDelta(delta: DeltaCheckpoint): void;
  /** All memory, the state and all blocks at the end of `firstCycle`. */
  base(): BaseCheckpoint;
  /** The cycle that the base stands for: 0, unless old cycles were merged into it. */
  readonly firstCycle: number;
  /** The last cycle kept, `firstCycle` for only the base. */
  readonly lastCycle: number;
  delta(cpid: number): DeltaCheckpoint;
  /** Forgets the cycles after `cpid`, the last one first: whatever is in the way, those before it stay whole. */
  truncate?(cpid: number): void;
  /** A store of its own that holds what this one does up to cycle `cpid`. */
  fork?(cpid: number): CheckpointStore;
  /** Gives up what the store holds of the host, such as a lock. */
  close?(): void;
}

/** Keeps everything in the host's memory. */
export class MemoryStore implements CheckpointStore {
  private kept: BaseCheckpoint | null = null;
  private readonly deltas: DeltaCheckpoint[] = [];
  /** How many pages and blocks the deltas hold. */
  private held = 0;
  /** What the base holds, once deltas were merged into it. */
  private merged: Contents | null = null;
  firstCycle = 0;

  /** Once the deltas hold more than `limit` bytes of pages and blocks, the oldest are merged into the base. */
  constructor(private readonly limit = Infinity) {
    requireLimit('limit', limit);
  }

  putBase(base: BaseCheckpoint): void {
    checkBase(base);
    this.kept = base;
    this.merged = null;
    this.deltas.length = 0;
    this.firstCycle = 0;
    this.held = 0;
  }

  putDelta(delta: DeltaCheckpoint): void {
    checkDelta(delta);
    assert(delta.cpid === this.lastCycle + 1, `cycle ${delta.cpid} is put after cycle ${this.lastCycle}`);
    this.deltas.push(delta);
    this.held += sizeOf(delta);
    while (this.held * BLOCK_BYTES > this.limit && this.deltas.length > 1) this.mergeOldest();
  }

  base(): BaseCheckpoint {
    if (!this.kept) throw new InputError('the store holds no base');
    return this.kept;
  }

  get lastCycle(): number {
    return this.firstCycle + this.deltas.length;
  }

  delta(cpid: number): DeltaCheckpoint {
    requireCount('cpid', cpid);
    const delta = this.deltas[cpid - this.firstCycle - 1];
    if (!delta) throw new InputError(`the store holds no cycle ${cpid} (cpid)`);
    return delta;
  }

  /** InputError for a cycle that is not held. */
  truncate(cpid: number): void {
    this.requireHeld(cpid);
    for (const delta of this.deltas.splice(cpid - this.firstCycle)) this.held -= sizeOf(delta);
  }

  /** Pages and blocks are shared, since they never change. Errors as `truncate`. */
  fork(cpid: number): MemoryStore {
    this.requireHeld(cpid);
    const base = this.base();
    const forked = new MemoryStore(this.limit);
    // Maps of its own: those of a base that cycles were merged into go on growing.
    const { pages, blocks } = new Contents(base);
    forked.putBase({ ...base, pages, blocks });
    forked.firstCycle = this.firstCycle;
    for (const delta of this.deltas.slice(0, cpid - this.firstCycle)) forked.putDelta(delta);
    return forked;
  }

  private requireHeld(cpid: number): void {
    requireCount('cpid', cpid);
    this.base();
    if (cpid < this.firstCycle || cpid > this.lastCycle) {
      throw new InputError(`no cycle ${cpid} (cpid): the store holds ${this.firstCycle} to ${this.lastCycle}`);
    }
  }

  /** Checks the merged contents by the hash, if there is one: nobody can rebuild that cycle by itself later. */
  private mergeOldest(): void {
    const base = this.base();
    const oldest = this.deltas.shift()!;
    const { state, hash, cpid } = oldest;
    const contents = (this.merged ??= new Contents(base));
    contents.add(oldest);
    const { pages, blocks } = contents;
    assert(hash === null || hashContents(pages, blocks) === hash, `cycle ${cpid} rebuilds to the memory it was taken from`);
    this.kept = { machine: base.machine, state, pages, blocks, hash };
    this.held -= sizeOf(oldest);
    this.firstCycle = cpid;
  }
}

const sizeOf = ({ pages, blocks }: DeltaCheckpoint): number => [...blocks.values()].reduce((sum, { size }) => sum + size, pages.size);
