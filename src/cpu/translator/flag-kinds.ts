// Lazy flags of translated code. Locals hold what the flags are computed from: a kind and three words.
//
//   kind       x            y            r
//   canonical  aux word     -            result word: the two words of cpu/flags.ts
//   add, sub   operand      operand      result (also with carry or borrow in)
//   logic      -            -            result
//   inc, dec   operand      CF before    result
//
// With OVERRIDE added to the kind, CF and OF are not what these say: the local `top` has them, in bits 31 and 30 as the aux
// word does. So an instruction that sets only these two (a rotate, BT) need not compute the others.
//
// Words of fewer than 8 bytes are zero-extended. Most of the time the kind is known while code is emitted. Where paths with
// different kinds meet, the kind is dynamic, in the local.

import type { Size } from '../builder/insn.ts';

export const FlagOp = { CANONICAL: 0, ADD: 1, SUB: 2, LOGIC: 3, INC: 4, DEC: 5 } as const;
export type FlagOp = (typeof FlagOp)[keyof typeof FlagOp];

/** A kind as a number: operation * 4 + log2 of the size. */
export type FlagKind = number;

export const flagKind = (op: FlagOp, size: Size): FlagKind => op * 4 + (size === 8 ? 3 : size >> 1);
export const OVERRIDE = 64;
export const opOf = (kind: FlagKind): FlagOp => ((kind & ~OVERRIDE) >> 2) as FlagOp;
export const sizeOf = (kind: FlagKind): Size => (1 << (kind & 3)) as Size;

export const CANONICAL: FlagKind = flagKind(FlagOp.CANONICAL, 8);
/** The kind is not known while code is emitted: the local has it. */
export const DYNAMIC = 255;
