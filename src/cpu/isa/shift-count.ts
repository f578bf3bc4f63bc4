// What all shifts and rotates share: the count is masked to 5 bits (6 for 64-bit operands), and when it is 0 the destination
// is still written but no flag changes (SDM vol. 2, SAL/SAR/SHL/SHR and RCL/RCR/ROL/ROR).

import type { Builder, Values } from '../builder/builder.ts';
import { OperandKind } from '../builder/insn.ts';
import type { Insn, Operand } from '../builder/insn.ts';

const maskOf = (i: Insn): number => (i.size === 8 ? 63 : 31);

/** The masked count: a byte. */
export function shiftCount<T extends Values>(b: Builder<T>, i: Insn, count: Operand): T['value'] {
  if (count.kind === OperandKind.IMM) return b.constant(1, count.imm & maskOf(i));
  return b.and(b.read(count), b.constant(1, maskOf(i)));
}

/** Runs `body` unless the masked count `n` of operand `count` is 0; an immediate decides that at decode. */
export function unlessZero<T extends Values>(b: Builder<T>, i: Insn, count: Operand, n: T['value'], body: () => void): void {
  if (count.kind !== OperandKind.IMM) b.when(b.notC(b.isZero(n)), body);
  else if ((count.imm & maskOf(i)) !== 0) body();
}

/** n - 1, for the last bit shifted out. */
export function lessOne<T extends Values>(b: Builder<T>, n: T['value']): T['value'] {
  return b.sub(1, n, b.constant(1, 1));
}

/** bits - n as a byte; what is below 0 wraps to more than any width, and a shift by it gives 0. */
export function restOf<T extends Values>(b: Builder<T>, bits: number, n: T['value']): T['value'] {
  return b.sub(1, b.constant(1, bits), n);
}
