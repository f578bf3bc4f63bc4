// Save points of a machine that runs: states from which its end can be run again. Each is a copy of all memory, so they are as rare as
// they are dear: the time for copies stays a fiftieth of the run's. The newest alone is kept.

import type { VmState } from '../vm/save.ts';
import type { Vm } from '../vm/vm.ts';
import { copyMemory } from '../snapshot/memory-image.ts';
import type { MemoryImage } from '../snapshot/memory-image.ts';

export interface SavePoint {
  readonly state: VmState;
  readonly memory: MemoryImage;
}

/** Milliseconds between two save points, at the least. */
const INTERVAL = 4000;
/** How many times the time of a copy lies between two. */
const RARITY = 50;
/** Bytes of memory up to which a machine is copied. */
const MOST_MEMORY = 1024 ** 3;

export class SavePoints {
  newest: SavePoint | null = null;
  private due: number;
  private readonly isSmall: boolean;

  /** `now`: milliseconds. */
  constructor(
    private readonly vm: Vm,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.due = this.now() + INTERVAL;
    this.isSmall = vm.memslots.reduce((sum, { memorySize }) => sum + memorySize, 0) <= MOST_MEMORY;
  }

  /** Between two slices: takes a save point if it is time for one. */
  look(): void {
    const started = this.now();
    if (started < this.due || !this.isSmall) return;
    this.newest = { state: this.vm.save(), memory: copyMemory(this.vm) };
    const ended = this.now();
    this.due = ended + Math.max(INTERVAL, RARITY * (ended - started));
  }
}
