// How many entries a cycle may have: `max_dirty` and the dirty trigger, and the exit that every vCPU takes once it has them.

import { KvmError } from '../base/errors.ts';
import type { MtControl } from './layout.ts';
import { requireU32 } from './types.ts';
import type { MtExit } from './types.ts';

export class DirtyLimit {
  /** `pageCount` gives the pages of all memslots now. */
  constructor(
    private readonly control: MtControl,
    private readonly pageCount: () => number,
  ) {}

  /** INIT: `maxDirty` as asked for, no trigger. */
  init(maxDirty: number): void {
    this.control.maxDirty[0] = maxDirty;
    this.control.trigger[0] = 0;
    this.refresh();
  }

  /** EINVAL above `max_dirty` as it was asked for: a memslot that is added later may make room for it. */
  setTrigger(trigger: number): void {
    const max = this.control.maxDirty[0];
    if (requireU32(trigger, 'dirty_trigger') > max) throw new KvmError('EINVAL', `dirty_trigger ${trigger} is above max_dirty ${max}`);
    this.control.trigger[0] = trigger;
    this.refresh();
  }

  /** After memslots changed: `max_dirty` counts for no more than the pages there are. */
  refresh(): void {
    const { trigger, maxDirty, full, limit } = this.control;
    full[0] = Math.min(maxDirty[0], Math.max(1, this.pageCount()));
    limit[0] = trigger[0] === 0 ? full[0] : Math.min(trigger[0], full[0]);
  }

  /** The cycle has as many entries as it may. */
  get reached(): boolean {
    const { control } = this;
    return control.enabled[0] !== 0 && control.count[0] >= control.limit[0];
  }

  /** The exit that every vCPU is to take. Null while nothing is reached, and while PREPARE's promise of an instruction stands. */
  pendingExit(cpid: bigint | null): MtExit | null {
    const { control } = this;
    if (!this.reached || control.progressOwed[0] !== 0) return null;
    const dirty = control.count[0];
    return { kind: dirty >= control.full[0] ? 'mt-list-full' : 'mt-dirty-trigger', cpid, dirty };
  }

  /** PREPARE promises that an instruction retires before the next exit. */
  promiseProgress(): void {
    this.control.progressOwed[0] = 1;
  }

  progressed(): void {
    this.control.progressOwed[0] = 0;
  }

  /** The promise stands although the limit is reached already, by carried entries. */
  get singleStep(): boolean {
    return this.reached && this.control.progressOwed[0] !== 0;
  }
}
