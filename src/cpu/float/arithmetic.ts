// FADD, FSUB, FMUL, FDIV, FSQRT: the operations that obey precision control. Null means that there is no result: an exception
// found before the operation is not masked.

import type { FloatEnvironment } from './environment.ts';
import { core, controlOf, registerResult, significandOf, wordOf } from './exact-core.ts';

type BinaryName = 'add' | 'sub' | 'mul' | 'div';

const binary =
  (name: BinaryName) =>
  (env: FloatEnvironment, a: bigint, b: bigint): bigint | null =>
    registerResult(env, core()[name](significandOf(a), wordOf(a), significandOf(b), wordOf(b), controlOf(env)));

/** a + b. */
export const add = binary('add');
/** a - b. A NaN keeps its sign. */
export const sub = binary('sub');
/** a * b. */
export const mul = binary('mul');
/** a / b. */
export const div = binary('div');

/** The square root; of -0 it is -0. */
export const sqrt = (env: FloatEnvironment, a: bigint): bigint | null =>
  registerResult(env, core().sqrt(significandOf(a), wordOf(a), controlOf(env)));
