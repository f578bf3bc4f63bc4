// Where checkpoints go. A store keeps one base and the deltas after it; what it returns is what was put.

import type { MemoryImage } from '../snapshot/memory-image.ts';
import type { VmState } from '../vm/save.ts';

/** What it takes to build a machine that can take the checkpoint up. */
export interface MachineDescription {
  readonly memory: number;
  readonly vcpus: number;
  readonly quantum: number;
}

export interface BaseCheckpoint {
  readonly machine: MachineDescription;
  readonly state: VmState;
  readonly pages: MemoryImage;
  /** Hash of all memory, if the run verifies. */
  readonly hash: string | null;
}

export interface DeltaCheckpoint {
  /** The cycle that this delta ends; ascending from 1, without gaps. */
  readonly cpid: number;
  readonly state: VmState;
  /** The pages reported in the cycle, as they were at its end; all-zero pages included. */
  readonly pages: MemoryImage;
  readonly hash: string | null;
}

export interface CheckpointStore {
  putBase(base: BaseCheckpoint): void;
  /** Throws if the delta could not be kept: then nothing of it is. */
  putDelta(delta: DeltaCheckpoint): void;
  base(): BaseCheckpoint;
  /** The last cycle kept, 0 for only the base. */
  readonly lastCycle: number;
  delta(cpid: number): DeltaCheckpoint;
}

/** Keeps everything in the host's memory. */
export class MemoryStore implements CheckpointStore {
  private kept: BaseCheckpoint | null = null;
  private readonly deltas: DeltaCheckpoint[] = [];

  putBase(base: BaseCheckpoint): void {
    this.kept = base;
    this.deltas.length = 0;
  }

  putDelta(delta: DeltaCheckpoint): void {
    this.deltas.push(delta);
  }

  base(): BaseCheckpoint {
    if (!this.kept) throw new RangeError('the store holds no base');
    return this.kept;
  }

  get lastCycle(): number {
    return this.deltas.length;
  }

  delta(cpid: number): DeltaCheckpoint {
    const delta = this.deltas[cpid - 1];
    if (!delta) throw new RangeError(`the store holds no cycle ${cpid}`);
    return delta;
  }
}
