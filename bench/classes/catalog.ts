// The eighteen classes of work, of which guests/bench is the source, and how often a run repeats each.

export type Group = 'integer' | 'loops' | 'memory' | 'aliasing' | 'x87' | 'system call' | 'page fault';

export interface WorkClass {
  readonly name: string;
  readonly group: Group;
  /** Repetitions of a quick run and of a full one. */
  readonly quick: number;
  readonly full: number;
}

const work = (group: Group, name: string, quick: number, full: number): WorkClass => ({ name, group, quick, full });

// biome-ignore format: a table
export const CLASSES: readonly WorkClass[] = [
  work('integer', 'core', 6000, 24000),
  work('integer', 'sieve', 200, 800),
  work('integer', 'sha256', 1000, 4000),
  work('integer', 'qsort', 4, 100),
  work('integer', 'fib', 800, 3200),
  work('integer', 'interp', 500, 2000),
  work('integer', 'mul64', 8000, 32000),
  work('loops', 'reg', 2500, 10000),
  work('loops', 'memloop', 80000, 320000),
  work('memory', 'copy', 200, 800),
  work('memory', 'stream', 600, 2400),
  work('memory', 'chase', 80, 320),
  work('memory', 'touch', 1000, 4000),
  work('memory', 'write', 1000, 4000),
  work('aliasing', 'apart', 150, 2000),
  work('x87', 'nbody', 600, 20000),
  work('system call', 'syscall', 1000, 2000),
  work('page fault', 'fault', 200, 800),
];
