// The walk of the paging mode that is on. Without paging there is none.

import { PagingMode } from './paging-mode.ts';
import type { PagingControls } from './paging-mode.ts';
import { walk32Bit } from './walk-32bit.ts';
import { walkLong, walkPae } from './walk-64bit-entries.ts';
import type { WalkState } from './walk-state.ts';

/**
 * Walks to `linear` (low half; `high` is its sign-extended upper half). `pdpte`: the four PDPTEs of PAE paging, low and high halves.
 * Returns an outcome (outcome.ts). `walk` was begun.
 */
export function walkTables(walk: WalkState, controls: PagingControls, pdpte: Uint32Array, linear: number, high: number): number {
  const { mode } = controls;
  if (mode === PagingMode.LONG) return walkLong(walk, controls.rootFrame, controls.nxe, linear, high);
  if (mode === PagingMode.BITS32) return walk32Bit(walk, controls.rootFrame, controls.pse, linear);
  const at = (linear >>> 30) * 2;
  return walkPae(walk, pdpte[at]!, pdpte[at + 1]!, controls.nxe, linear);
}
