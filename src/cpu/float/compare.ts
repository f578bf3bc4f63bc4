// FCOM and its kin.

import { Order } from './core/order.ts';
import type { FloatEnvironment } from './environment.ts';
import { core, controlOf, significandOf, takeOutcome, wordOf } from './exact-core.ts';

export type Comparison = 'less' | 'equal' | 'greater' | 'unordered';

const COMPARISONS: ReadonlyMap<number, Comparison> = new Map([
  [Order.LESS, 'less'],
  [Order.EQUAL, 'equal'],
  [Order.GREATER, 'greater'],
  [Order.UNORDERED, 'unordered'],
]);

/**
 * a against b; zeros are equal whatever their signs. A NaN makes the result unordered and raises IE; with `quiet` (FUCOM,
 * FUCOMI) a QNaN does not raise it. Null if an exception is not masked: the condition codes or flags stay as they were.
 */
export function compare(env: FloatEnvironment, a: bigint, b: bigint, { quiet }: { quiet: boolean }): Comparison | null {
  const outcome = core().compare(significandOf(a), wordOf(a), significandOf(b), wordOf(b), controlOf(env), Number(quiet));
  return takeOutcome(env, outcome) ? COMPARISONS.get(outcome & 0xffff)! : null;
}
