// Where checkpoints go. A store keeps one base and the deltas after it; what it returns is what was put.

import type { BlockImages } from '../base/blocks.ts';
import type { MemoryImage } from '../snapshot/memory-image.ts';
import type { Exit } from '../vm/exit.ts';
import { DEFAULT_QUANTUM } from '../vm/config.ts';
import { DEFAULT_NS_PER_TICK } from '../vm/clock.ts';
import type { VmCore } from '../vm/save.ts';
import type { Vm } from '../vm/vm.ts';
import type { PagePool } from './page-pool.ts';

/** How to build a machine that can take the checkpoint up. */
export interface MachineDescription {
  /** Bytes of RAM. */
  readonly memory: number;
  /** How many there are. */
  readonly vcpus: number;
  /** Retired instructions of a turn; turns matter to machines of several vCPUs alone. */
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

/** A whole machine: what the first delta adds to. */
export interface BaseCheckpoint {
  /** How to build a machine that takes it up. */
  readonly machine: MachineDescription;
  /** All but RAM and the devices' blocks. */
  readonly state: VmCore;
  /** RAM by page number: 4096 bytes each; pages that are left out are zero. */
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
  /** By which messages call it, such as its file's name. */
  readonly name: string;
  /** Whether the BIOS has it as the first hard disk (80h) or the first diskette (0). */
  readonly kind: 'fixed' | 'diskette';
  /** All of it, whole sectors of 512 bytes. */
  readonly bytes: Uint8Array;
}

/** What a cycle changed, and the machine's state at its end. */
export interface DeltaCheckpoint {
  /** The cycle that this delta ends; ascending from 1, without gaps. */
  readonly cpid: number;
  /** All but RAM and the devices' blocks, at the cycle's end. */
  readonly state: VmCore;
  /** The pages reported in the cycle, as they were at its end; all-zero pages included. */
  readonly pages: MemoryImage;
  /** The blocks that changed in the cycle, as they were at its end. Devices of which none changed are left out. */
  readonly blocks: BlockImages;
  /** Hash of all memory and blocks at the cycle's end; null if the policy takes none. */
  readonly hash: string | null;
  /** How the guest ended in this cycle; null if it goes on. */
  readonly end: GuestEnd | null;
}

/** Where checkpoints are kept. A store of one's own has these methods; `truncate`, `fork` and `close` may be left out. */
export interface CheckpointStore {
  /**
   * @internal Where pages are to be copied to, if not into new memory. They are the store's once `putDelta` has returned, and it gives
   * them back when it needs them no more.
   */
  readonly pool?: PagePool;
  /** Keeps a machine in place of all that was held. Throws if it cannot. */
  putBase(base: BaseCheckpoint): void;
  /** Throws if the delta cannot be kept; nothing of it is kept then. */
  putDelta(delta: DeltaCheckpoint): void;
  /** All memory, the state and all blocks at the end of `firstCycle`. InputError while there is none. */
  base(): BaseCheckpoint;
  /** The cycle that the base stands for: 0, unless old cycles were merged into it. */
  readonly firstCycle: number;
  /** The last cycle kept, `firstCycle` for only the base. */
  readonly lastCycle: number;
  /** What cycle `cpid` changed, `firstCycle` < `cpid` ≤ `lastCycle`. InputError for one that is not held. */
  delta(cpid: number): DeltaCheckpoint;
  /** Forgets the cycles after `cpid`, the last one first: whatever is in the way, those before it stay whole. */
  truncate?(cpid: number): void;
  /** A store of its own that holds what this one does up to cycle `cpid`. */
  fork?(cpid: number): CheckpointStore;
  /** Gives up what the store holds of the host, such as a lock. */
  close?(): void;
}
