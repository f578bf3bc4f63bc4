// Lazy flags of translated code. Locals hold what the flags are computed from: a kind and three words.
//
//   kind       x            y            r
//   canonical  aux word     -            result word: the two of cpu/flags.ts, the latter cut to the kind's size
//   add, sub   operand      operand      result (also with carry or borrow in)
//   logic      -            -            result
//   inc, dec   operand      CF before    result
//
// With OVERRIDE added to the kind, CF and OF are not what these say: the local `top` has them, in bits 31 and 30 as the aux
// word does. So an instruction that sets only these two (a rotate, BT) need not compute the others.
//
// Words have the width of a register. Those of fewer bytes are zero-extended, but only in their low 32 bits where they come from
// 32-bit code. Most of the time the kind is known while code is emitted. Where paths with different kinds meet, and between two
// regions, the kind is dynamic, in the local and in the vCPU's state.

import type { Size } from '../builder/insn.ts';

export const FlagOp = { CANONICAL: 0, ADD: 1, SUB: 2, LOGIC: 3, INC: 4, DEC: 5 } as const;
export type FlagOp = (typeof FlagOp)[keyof typeof FlagOp];

/** A kind as a number: operation * 4 + log2 of the size. */
export type FlagKind = number;

export const flagKind = (op: FlagOp, size: Size): FlagKind => op * 4 + (size === 8 ? 3 : size >> 1);
export const OVERRIDE = 64;
export const opOf = (kind: FlagKind): FlagOp => ((kind & ~OVERRIDE) >> 2) as FlagOp;
export const sizeOf = (kind: FlagKind): Size => (1 << (kind & 3)) as Size;

/** As the words are in the vCPU's state. */
export const CANONICAL: FlagKind = flagKind(FlagOp.CANONICAL, 8);
/** The kind is not known while code is emitted: the local has it. */
export const DYNAMIC = 255;
