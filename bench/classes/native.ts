// A run on the processor at hand, which counts its own time.

import { spawnSync } from 'node:child_process';
import { linuxProgram } from './images.ts';
import type { Bits } from './images.ts';
import { Watch } from './marks.ts';
import type { Mark, Outcome } from './marks.ts';

/** Shorter than this, a time is mostly that of caches filling. */
const ENOUGH_SECONDS = 0.1;
const NONE = { all: 0, main: null };

/** Why this host cannot run the program, or null. */
export function nativeFailure(bits: Bits): string | null {
  const { error, status, signal } = spawnSync(linuxProgram(bits), ['fib=1'], { stdio: 'ignore' });
  return status === 0 ? null : `${bits}-bit Linux programs do not run here (${error?.message ?? signal ?? `status ${status}`})`;
}

function runOnce(bits: Bits, name: string, repetitions: number): Mark & { readonly counted: number } {
  const { status, stdout } = spawnSync(linuxProgram(bits), [`${name}=${repetitions}`], { encoding: 'utf8' });
  const watch = new Watch(() => NONE);
  watch.add(stdout);
  const mark = watch.outcome.marks.find((one) => one.name === name);
  if (status !== 0 || !mark || mark.counted === null) throw new Error(`the native ${name} ended with status ${status}`);
  return { ...mark, counted: mark.counted };
}

/** One class. What takes too little time is repeated more often, and its time told for what was asked. */
function runClass(bits: Bits, name: string, repetitions: number): Mark {
  const mark = runOnce(bits, name, repetitions);
  const more = Math.ceil(ENOUGH_SECONDS / Math.max(mark.counted, 1e-5));
  const seconds = more === 1 ? mark.counted : runOnce(bits, name, repetitions * more).counted / more;
  return { ...mark, spent: { all: seconds, main: seconds } };
}

/** Each class of the command line by itself. */
export function runNatively(bits: Bits, append: string): Outcome {
  const words = append.split(' ').map((word) => word.split('=') as [string, string]);
  return { boot: NONE, marks: words.map(([name, repetitions]) => runClass(bits, name, Number(repetitions))) };
}
