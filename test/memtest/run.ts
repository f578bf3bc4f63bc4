// memtest86+ under the checkpointer, every cycle held against the shadow of all memory.

import { Checkpointer } from '../../src/checkpoint/checkpointer.ts';
import { MemoryStore } from '../../src/checkpoint/memory-store.ts';
import { Memtest } from './memtest.ts';
import type { Progress } from './memtest.ts';
import type { DebianFile } from '../support/debian-package.ts';
import type { PcConfig } from '../../src/machine/pc.ts';

const PAGES = 4096;
/** Deltas beyond this are merged into the base. */
const KEPT = 64 * 1024 ** 2;

export interface Watched {
  readonly memtest: Memtest;
  readonly progress: Progress;
  /** Numbers of the tests that were seen on the screen, in order. */
  readonly tests: readonly number[];
  /** Patterns that were seen. */
  readonly patterns: ReadonlySet<string>;
  readonly retired: number;
  /** Pages reported in all cycles. */
  readonly dirty: number;
  /** Pages of all comparisons: 0 if none was made. */
  readonly comparisons: number;
}

export interface WatchOptions {
  readonly config: Pick<PcConfig, 'engine'> & { readonly tracking: 'write-protect' | 'pml' };
  /** Instructions between two checkpoints. */
  readonly every: number;
  /** The run ends when it says so, or after `limit` instructions. */
  readonly until?: (progress: Progress, patterns: ReadonlySet<string>) => boolean;
  readonly limit: number;
}

/** Throws LostWriteError when a page was written and not reported. */
export function watch(image: DebianFile, { config, every, until = () => false, limit }: WatchOptions): Watched {
  const memtest = new Memtest(image, { ...config, verify: true });
  const checkpointer = new Checkpointer(memtest.vm, new MemoryStore(KEPT), { dirtyTrigger: 0, maxDirty: PAGES, instructions: every });
  checkpointer.start();
  const tests: number[] = [];
  const patterns = new Set<string>();
  let retired = 0;
  let dirty = 0;
  let comparisons = 0;
  let progress = memtest.progress;
  while (retired < limit && !until(progress, patterns)) {
    const report = checkpointer.cycle({ limit: limit - retired });
    retired += report.retired;
    dirty += report.gfns.length;
    comparisons += 1;
    progress = memtest.progress;
    if (progress.test >= 0 && progress.test !== tests.at(-1)) tests.push(progress.test);
    if (progress.pattern !== '') patterns.add(progress.pattern);
    if (report.exit.kind !== 'limit') throw new Error(`memtest86+ ended its run: ${JSON.stringify(report.exit)}`);
  }
  return { memtest, progress, tests, patterns, retired, dirty, comparisons };
}
