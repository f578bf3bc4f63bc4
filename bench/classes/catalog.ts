// The eighteen classes of work, of which guests/bench is the source, and how often a run repeats each.

export type Group = 'integer' | 'loops' | 'memory' | 'aliasing' | 'x87' | 'system call' | 'page fault';

export interface WorkClass {
  readonly name: string;
  readonly group: Group;
  /** Repetitions of a full run and of a quick one. */
  readonly full: number;
  readonly quick: number;
}

const work = (group: Group, name: string, quick: number): WorkClass => ({ name, group, full: 4 * quick, quick });

// biome-ignore format: a table
export const CLASSES: readonly WorkClass[] = [
  work('integer', 'core', 6000),
  work('integer', 'sieve', 200),
  work('integer', 'sha256', 1000),
  work('integer', 'qsort', 4),
  work('integer', 'fib', 800),
  work('integer', 'interp', 500),
  work('integer', 'mul64', 8000),
  work('loops', 'reg', 2500),
  work('loops', 'memloop', 80000),
  work('memory', 'copy', 200),
  work('memory', 'stream', 600),
  work('memory', 'chase', 80),
  work('memory', 'touch', 1000),
  work('memory', 'write', 1000),
  work('aliasing', 'apart', 150),
  work('x87', 'nbody', 600),
  work('system call', 'syscall', 1000),
  work('page fault', 'fault', 200),
];
