// The inner order of src/cpu: a file imports from its own level or from one before it, types included.

import { posix } from 'node:path';
import { importsOf } from './layers.ts';

/** Folders and files of src/cpu by level. */
export const CPU_ORDER: Readonly<Record<string, readonly string[]>> = {
  'architectural constants, and arithmetic': ['arch/', 'float/', 'translator/wasm/'],
  state: [
    'state/',
    'x87/quick/',
    'code-key.ts',
    'flags.ts',
    'host.ts',
    'interrupted-repeat.ts',
    'replay.ts',
    'segment-bounds.ts',
    'segment-ends.ts',
    'signals.ts',
  ],
  'builder and decoder': ['builder/', 'decode/'],
  'semantics and the x87': ['isa/', 'x87/', 'survey.ts', 'flag-use.ts', 'isa-instances.d.ts'],
  'guest access': ['breakpoints.ts', 'cpu.ts', 'guest-memory.ts', 'outside.ts', 'segmentation.ts'],
  'system helpers and events': ['events/', 'system/', 'reset.ts'],
  engines: ['engine.ts', 'made-code.ts', 'interpreter/', 'translator/'],
  'run loop': ['not-implemented.ts', 'regions.ts', 'run-loop.ts'],
};

const LEVELS = Object.entries(CPU_ORDER);

/** Level of a path such as `src/cpu/isa/arith.ts`; -1 if it is in none. */
const levelOf = (path: string): number => {
  const inCpu = posix.relative('src/cpu', path);
  return LEVELS.findIndex(([, places]) => places.some((place) => (place.endsWith('/') ? inCpu.startsWith(place) : inCpu === place)));
};

/** What is wrong with the imports of `source`, the file at `path` in src/cpu. */
export function orderViolations(path: string, source: string): string[] {
  const level = levelOf(path);
  if (level < 0) return [`${path} is in no level`];
  return importsOf(source).flatMap((specifier) => {
    const target = posix.join(posix.dirname(path), specifier.replace(/\?.*$/, ''));
    if (!target.startsWith('src/cpu/')) return [];
    const to = levelOf(target);
    return to <= level ? [] : [`${path}: imports '${specifier}', of the later level "${LEVELS[to]![0]}"`];
  });
}
