// What of a machine can be wrapped at its construction: once it is built, and before anything has run on it. For tests that build a
// mistake into it, and for whoever wants to see what passes between its parts.

import type { MemoryTracking } from '../mt/memory-tracking.ts';
import type { MachineParts } from './machine-parts.ts';
import type { SliceRunner } from './slice.ts';

export interface MachineSeams {
  /** Memory, tracking method and vCPUs, wired. */
  readonly parts: MachineParts;
  readonly mt: MemoryTracking;
  readonly slices: SliceRunner;
}

/** Puts something around methods of the parts (`around`). */
export type Wrap = (machine: MachineSeams) => void;

/** The names of T's methods. */
type MethodOf<T> = { [K in keyof T]: T[K] extends (...args: never[]) => unknown ? K : never }[keyof T];

/** Puts what `wrap` makes of the method in the method's place: `object`'s own calls reach it too. */
export function around<T extends object, K extends MethodOf<T>>(object: T, method: K, wrap: (original: T[K]) => T[K]): void {
  const original = object[method] as (...args: never[]) => unknown;
  object[method] = wrap(original.bind(object) as T[K]);
}
