// The six status flags, kept in two words as what they are computed from. An arithmetic instruction stores its result and
// its vector of carries; a flag is computed when it is read.
//
//   result  64 bits, the last result sign-extended:  ZF = (result = 0), SF = sign, PF = parity of the low byte
//   aux     31 carry out of the top bit = CF | 30 carry into the top bit, so OF = bit 31 xor bit 30 | 3 carry out of bit 3 = AF
//           | 15:8 byte xored into the low byte of the result before taking parity | 0 flips SF
//
// An instruction that sets one flag alone changes only the bit that decides it. ZF has no such bit: to set or clear it against the
// result takes another result (see `split`).

import { AF, CF, OF, PF, SF, ZF } from './arch/rflags.ts';

export const AUX_CARRY = 0x80000000 | 0,
  AUX_CARRY_IN = 0x40000000,
  AUX_ADJUST = 8,
  AUX_SIGN = 1,
  AUX_PARITY_SHIFT = 8;

/** 1 for an even number of ones in the low 8 bits. */
export function evenParity(byte: number): number {
  const x = (byte ^ (byte >>> 4)) & 15;
  return (0x9669 >>> x) & 1;
}

/** The status flags as bits of EFLAGS. `low` and `high` are the halves of the result word. */
export function statusFlags(low: number, high: number, aux: number): number {
  let flags = 0;
  if (aux < 0) flags |= CF;
  if (((aux >>> 31) ^ (aux >>> 30)) & 1) flags |= OF;
  if (aux & AUX_ADJUST) flags |= AF;
  if ((low | high) === 0) flags |= ZF;
  if (((high >>> 31) ^ aux) & 1) flags |= SF;
  if (evenParity((low ^ (aux >>> AUX_PARITY_SHIFT)) & 0xff)) flags |= PF;
  return flags;
}

/** The words that give exactly the status flags in `flags`: result 0 for ZF, 1 otherwise, the rest by corrections. */
export function split(flags: number): { result: number; aux: number } {
  const zero = (flags & ZF) !== 0;
  const result = zero ? 0 : 1;
  let aux = 0;
  if (flags & CF) aux |= AUX_CARRY;
  if (((flags >>> 11) ^ flags) & 1) aux |= AUX_CARRY_IN;
  if (flags & AF) aux |= AUX_ADJUST;
  if (flags & SF) aux |= AUX_SIGN;
  // parity of 0 is even, of 1 odd
  if (((flags & PF) !== 0) !== zero) aux |= 1 << AUX_PARITY_SHIFT;
  return { result, aux };
}
