// One file that holds a whole machine: what `pc.snapshot()` gave, or the base of a directory of checkpoints.

import { statSync } from 'node:fs';
import { InputError } from '../base/errors.ts';
import { decodeBase } from '../checkpoint/checkpoint-file.ts';
import type { BaseCheckpoint, CheckpointStore } from '../checkpoint/store.ts';
import { DirectoryStore, withFile } from './checkpoint-directory.ts';

/** Checkpoints that are restored from: where they lie, and what is swept before. */
export type Checkpoints = CheckpointStore & Pick<DirectoryStore, 'file' | 'sweep'>;

/** A directory of checkpoints, or a file that is a whole machine by itself. InputError as `DirectoryStore.open`. */
export const openCheckpoints = (path: string): Checkpoints =>
  statSync(path, { throwIfNoEntry: false })?.isFile() ? new SnapshotFile(path) : DirectoryStore.open(path);

class SnapshotFile implements Checkpoints {
  readonly firstCycle = 0;
  readonly lastCycle = 0;
  private read: BaseCheckpoint | null = null;

  constructor(private readonly path: string) {}

  base(): BaseCheckpoint {
    this.read ??= withFile(this.path, decodeBase);
    return this.read;
  }

  file(): string {
    return this.path;
  }

  /** Nothing is left beside it. */
  sweep(): void {}

  delta = this.refuse;
  putBase = this.refuse;
  putDelta = this.refuse;

  private refuse(): never {
    throw new InputError(`${this.path}: a single file: it holds one machine, and nothing is added to it`);
  }
}
