// Every guest program of guests/, and what each run of it must print and return.

/** Folder of the guests; the paths below are relative to it. */
export const GUESTS = new URL('../../guests/', import.meta.url);

/** How the image is entered: as a multiboot 1 kernel, as a plain ELF of that width, or booted as a disk. */
export type Entry = 'multiboot' | 'elf32' | 'elf64' | 'boot-sector';

export interface GuestRun {
  /** The command line, as `--append` takes it. */
  readonly append: string;
  /** File with the serial output, to the byte (but see `Guest.unspecified`). */
  readonly expected: string;
  /** Exit status of `tidemark run`; 124 stands for a run that is cut off by a limit. */
  readonly status: number;
  /** Retired instructions, in millions and roughly: for choosing limits, never for comparing. */
  readonly millions: number;
  readonly cpus?: number;
}

export interface Guest {
  readonly name: string;
  readonly image: string;
  readonly entry: Entry;
  readonly runs: readonly GuestRun[];
  /** Output lines that depend on the machine; they are no part of the expected output. */
  readonly unspecified?: RegExp;
}

const run = (append: string, expected: string, millions: number, status = 0): GuestRun => ({ append, expected, millions, status });

/** The 32-bit multiboot image and the plain ELF64 of one source, with the same output. */
const both = (name: string, runs: readonly GuestRun[]): Guest[] => [
  { name: `${name}-32`, image: `${name}/${name}-32.elf`, entry: 'multiboot', runs },
  { name: `${name}-64`, image: `${name}/${name}-64.elf`, entry: 'elf64', runs },
];

/** Scale 1 is for tests, the default scale (40) for benchmarks. */
const checksum = (name: string, small: number, full: number): Guest[] =>
  both(name, [run('scale=1', `${name}/expected-output-scale-1.txt`, small), run('', `${name}/expected-output.txt`, full)]);

/** With a slow timer most of a kernel's run is waiting for it: hz=10000 is for tests, the default (100) for patience. */
const kernel = (name: string): GuestRun[] => [
  run('hz=10000', `${name}/expected-output.txt`, 20),
  run('', `${name}/expected-output.txt`, 130),
];

export const CATALOG: readonly Guest[] = [
  { name: 'kernel32', image: 'kernel32/kernel32.elf', entry: 'multiboot', runs: kernel('kernel32') },
  { name: 'kernel64', image: 'kernel64/kernel64.elf', entry: 'multiboot', runs: kernel('kernel64') },
  { name: 'kernel64-elf64', image: 'kernel64/kernel64-elf64.elf', entry: 'multiboot', runs: kernel('kernel64') },
  { name: 'plain32', image: 'plain32/plain32.elf', entry: 'elf32', runs: [run('', 'plain32/expected-output.txt', 1)] },
  {
    name: 'plain64',
    image: 'plain64/plain64.elf',
    entry: 'elf64',
    unspecified: /^plain64: memory [0-9a-f]/,
    runs: [run('hello tidemark', 'plain64/expected-output.txt', 1)],
  },
  ...checksum('sieve', 4, 170),
  ...checksum('sort', 5, 240),
  ...checksum('sha256', 5, 200),
  ...both('dirtier', [
    run('', 'dirtier/expected-output.txt', 4),
    run('pages=211 pattern=random iterations=20 rate=64 seed=7', 'dirtier/expected-output-random-211.txt', 3),
  ]),
  {
    name: 'smp64',
    image: 'smp64/smp64.elf',
    entry: 'elf64',
    runs: [run('cpus=1', 'smp64/expected-output.txt', 1), { ...run('cpus=4', 'smp64/expected-output-cpus-4.txt', 1), cpus: 4 }],
  },
  { name: 'task-switch', image: 'task-switch/task-switch.elf', entry: 'multiboot', runs: [run('', 'task-switch/expected-output.txt', 1)] },
  {
    name: 'v8086-monitor',
    image: 'v8086-monitor/v8086-monitor.elf',
    entry: 'multiboot',
    runs: [run('', 'v8086-monitor/expected-output.txt', 1)],
  },
  {
    name: 'triple-fault',
    image: 'triple-fault/triple-fault.elf',
    entry: 'multiboot',
    runs: [run('', 'triple-fault/expected-output.txt', 1, 126)],
  },
  ...['boot-hello', 'boot-ladder'].map(
    (name): Guest => ({
      name,
      image: `${name}/${name}.img`,
      entry: 'boot-sector',
      runs: [run('', `${name}/expected-output.txt`, 1)],
    }),
  ),
  { name: 'spin', image: 'spin/spin.elf', entry: 'multiboot', runs: [run('', 'spin/expected-output.txt', Infinity, 124)] },
];

/** The part of a run's output that is to equal the expected file. */
export function specified(guest: Guest, output: string): string {
  const { unspecified } = guest;
  if (!unspecified) return output;
  return output
    .split('\n')
    .filter((line) => !unspecified.test(line))
    .join('\n');
}

/** The benchmark's images: kernels, of which the 64-bit one is there in both containers, and Linux programs. */
export const BENCH_IMAGES: readonly string[] = ['32', '64', 'elf64', 'linux-32', 'linux-64'].map((kind) => `bench/bench-${kind}.elf`);
