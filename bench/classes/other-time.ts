// The processor time of another process, from Linux's /proc.

import { readFileSync, readdirSync } from 'node:fs';
import type { CpuTime } from './marks.ts';

/** Of all its threads that live; throws where there is no such process, or no such figure. */
export function timeOf(pid: number): CpuTime {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]));
  return { all: nanoseconds.reduce((sum, one) => sum + one, 0) / 1e9, main: null };
}
