// The exact floating-point functions, as WebAssembly on 64-bit significands: emitted into the module of their own that JavaScript calls
// (float/exact-core.ts), and into others that go on computing with their results.

import type { Program } from '../../translator/wasm/program.ts';
import { defineIntegers } from './integers.ts';
import { defineInterchange } from './interchange.ts';
import { defineOrder } from './order.ts';
import { defineProducts } from './product.ts';
import { defineRoot } from './root.ts';
import { defineRounding } from './rounding.ts';
import { defineSpecials } from './specials.ts';
import { defineSum } from './sum.ts';

/** All of them. What is not said of one is in its file; outcome.ts says what a number, an outcome and `control` are. */
export function defineExactCore(program: Program) {
  const rounding = defineRounding(program);
  const specials = defineSpecials(program);
  return {
    ...rounding,
    ...specials,
    ...defineSum(program, rounding, specials),
    ...defineProducts(program, rounding, specials),
    ...defineRoot(program, rounding, specials),
    ...defineOrder(program),
    ...defineInterchange(program, rounding, specials),
    ...defineIntegers(program, rounding, specials),
  };
}
