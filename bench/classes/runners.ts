// Who runs the classes, and in which forms.

import type { Mark } from './marks.ts';
import { runBareInTidemark } from './in-tidemark.ts';
import { inChild } from '../harness/child.ts';

export type Bits = 32 | 64;

/** One run of some classes: a command line of guests/bench, such as `core=20 fib=3`. */
export interface Run {
  readonly bits: Bits;
  readonly append: string;
}

export interface Runner {
  readonly name: string;
  readonly bits: readonly Bits[];
  run(run: Run): Promise<readonly Mark[]>;
}

/** What a process of its own is told. */
export interface Task extends Run {
  readonly engine: 'auto' | 'translator' | 'interpreter';
}

export const image = (bits: Bits): string => `bench/bench-${bits}.elf`;

export function runTask({ engine, bits, append }: Task): readonly Mark[] {
  return runBareInTidemark(engine, image(bits), append);
}

const ours = (name: string, engine: Task['engine']): Runner => ({
  name,
  bits: [32, 64],
  run: (run) => inChild<readonly Mark[]>({ ...run, engine } satisfies Task),
});

export const RUNNERS: readonly Runner[] = [ours('tidemark', 'auto'), ours('translator', 'translator'), ours('interpreter', 'interpreter')];
