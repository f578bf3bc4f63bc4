// What every quick instruction is called with, and what it answers. A quick instruction is one in WebAssembly on the state block, for
// when nothing is amiss: no exception is pending, CR0 has neither EM nor TS, the stack has what is asked of it, and no exception that
// comes before the operation is unmasked. Otherwise it changes nothing, and cpu/x87 has the whole meaning.

import type { FunctionType } from '../../translator/wasm/module.ts';

/**
 * (state block, form, RIP, x, y) → 0: not done, and nothing is changed. `x` is an operand in memory or an outcome, `y` the operand's
 * offset. An operation that is done gives 1; a conversion gives its outcome, and the value in `x87Value`; a look gives a word.
 */
export const QUICK_TYPE: FunctionType = { parameters: ['i32', 'i32', 'i64', 'i64', 'i64'], results: ['i32'] };

/**
 * The form says what an instruction's bytes do:
 *
 *   2:0 dst | 5:3 src | 7:6 pops | 8 operand in memory | 12:9 its bytes | 15:13 its segment | 26:16 FOP
 */
export const FormBits = { SRC: 3, POPS: 6, MEMORY: 8, BYTES: 9, SEGMENT: 13, FOP: 16 } as const;

export const REFUSED = 0;
export const DONE = 1;
