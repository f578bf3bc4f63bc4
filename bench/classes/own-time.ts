// The processor time of this process and of its main thread.

import { readFileSync } from 'node:fs';
import type { CpuTime } from './marks.ts';

/** Seconds on a processor, from Linux's /proc/…/schedstat; null where there is none. */
function schedstat(path: string): number | null {
  try {
    return Number(readFileSync(path, 'utf8').split(' ')[0]) / 1e9;
  } catch {
    return null;
  }
}

export function ownTime(): CpuTime {
  const { user, system } = process.cpuUsage();
  return { all: (user + system) / 1e6, main: schedstat(`/proc/self/task/${process.pid}/schedstat`) };
}
