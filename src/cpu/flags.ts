// The six status flags, kept in two words as what they are computed from. An arithmetic instruction stores its result and
// its vector of carries; a flag is computed when it is read.
//
//   result  64 bits, the last result sign-extended:  ZF = (result = 0), SF = sign, PF = parity of the low byte
//   aux     31 carry out of the top bit = CF | 30 carry into the top bit, so OF = bit 31 xor bit 30 | 3 carry out of bit 3 = AF
//           | 15:8 byte xored into the low byte of the result before taking parity | 0 flips SF
//
// An instruction that sets one flag alone changes only the bit that decides it. ZF set against a result that is not 0
// needs another result: see `split`.

import type { VcpuState } from '../base/state/vcpu.ts';

export const CF = 1,
  PF = 4,
  AF = 0x10,
  ZF = 0x40,
  SF = 0x80,
  TF = 0x100,
  IF = 0x200,
  DF = 0x400,
  OF = 0x800;
export const IOPL_SHIFT = 12,
  NT = 0x4000,
  RF = 0x10000,
  VM = 0x20000,
  AC = 0x40000,
  VIF = 0x80000,
  VIP = 0x100000,
  ID = 0x200000;
export const STATUS_FLAGS = CF | PF | AF | ZF | SF | OF;

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

/** A vCPU's whole RFLAGS register over its state. */
export class FlagsRegister {
  private readonly result: Int32Array;

  constructor(private readonly state: VcpuState) {
    this.result = new Int32Array(state.flagResult.buffer, state.flagResult.byteOffset, 2);
  }

  read(): number {
    return this.state.rflags[0] | statusFlags(this.result[0], this.result[1], this.state.flagAux[0] | 0);
  }

  /** Stores all of RFLAGS; bit 1 is set and bits 3, 5, 15 and 31:22 are cleared. What may change is the caller's matter. */
  write(flags: number): void {
    const { result, aux } = split(flags);
    this.result[0] = result;
    this.result[1] = 0;
    this.state.flagAux[0] = aux;
    this.state.rflags[0] = (flags & 0x3f7fd5 & ~STATUS_FLAGS) | 2;
  }
}
