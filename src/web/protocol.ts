// What the page and the worker that runs the machine say to each other.

import type { Exit } from '../vm/exit.ts';

export const WEB_ENGINES = ['auto', 'translator', 'interpreter'] as const;
export const WEB_TRACKING = ['pml', 'write-protect'] as const;

export interface RunRequest {
  readonly guest: string;
  readonly append: string;
  readonly engine: (typeof WEB_ENGINES)[number];
  readonly tracking: (typeof WEB_TRACKING)[number];
  readonly dirtyTrigger: number;
  /** Run slowly enough for the eye. */
  readonly slow: boolean;
}

export type ToWorker = { readonly kind: 'run'; readonly request: RunRequest } | { readonly kind: 'stop' };

/** How far the machine is. */
export interface Progress {
  /** Instructions retired by all vCPUs. */
  readonly retired: number;
  /** Millions of instructions in a second spent on running the guest, null before there is anything to divide. */
  readonly mips: number | null;
  /** The share of instructions that ran as WebAssembly, 0 … 1; null for the interpreter. */
  readonly translated: number | null;
}

export interface WebCycle {
  readonly cpid: number;
  readonly ended: Exit['kind'];
  readonly retired: number;
  /** Pages reported, in the order they were first written. */
  readonly gfns: readonly number[];
  /** PML-full exits, or EPT violations when tracking by write-protect. */
  readonly exits: number;
  /** Milliseconds that the guest ran, and that it stood still to be harvested. */
  readonly runMs: number;
  readonly pauseMs: number;
}

export interface WebEnd {
  readonly how: 'guest' | 'stopped' | 'lost-write';
  /** The guest's own end, null if it did not come to it. */
  readonly exit: Exit | null;
  readonly cycles: number;
  /** Pages reported, once for each cycle that reported them. */
  readonly reported: number;
  readonly pages: number;
  /** Comparisons of all memory without a change that was not reported. */
  readonly compared: number;
  /** Rebuilt cycles whose hash was compared, the base included, and those that differ; null after a lost write. */
  readonly rebuilt: { readonly checked: number; readonly wrong: readonly number[] } | null;
  /** The lost write in words. */
  readonly lost: string | null;
  readonly milliseconds: number;
}

export type FromWorker =
  | { readonly kind: 'start'; readonly pages: number }
  | { readonly kind: 'serial'; readonly text: string }
  /** In the middle of a cycle: the pages written in it so far. */
  | { readonly kind: 'progress'; readonly progress: Progress; readonly dirty: readonly number[] }
  | { readonly kind: 'cycle'; readonly progress: Progress; readonly cycle: WebCycle }
  | { readonly kind: 'verifying' }
  | { readonly kind: 'end'; readonly end: WebEnd }
  | { readonly kind: 'failed'; readonly message: string };
