// Flags that the SDM leaves undefined, by instruction (vol. 2, "Flags Affected" of each; vol. 1, appendix A).

import { Seg } from '../../src/base/state/vcpu.ts';
import { AF, CF, OF, PF, SF, STATUS_FLAGS, ZF } from '../../src/cpu/arch/rflags.ts';
import type { Insn } from '../../src/cpu/builder/insn.ts';
import type { Mnemonic } from '../../src/cpu/decode/mnemonic.ts';
import type { Vector } from './vector.ts';

/** `count` is the shift count as masked to 5 or 6 bits; `size` the operand size in bytes. */
type Rule = number | ((count: number, size: number) => number);

/** A shift by 0 touches no flag at all. */
const unlessZero = (count: number, flags: number): number => (count === 0 ? 0 : flags);
const logicalShift: Rule = (count, size) => unlessZero(count, AF | (count === 1 ? 0 : OF) | (count >= 8 * size ? CF : 0));
const rotate: Rule = (count) => unlessZero(count, count === 1 ? 0 : OF);
const doubleShift: Rule = (count, size) => (count > 8 * size ? STATUS_FLAGS : unlessZero(count, AF | (count === 1 ? 0 : OF)));

export const UNDEFINED_FLAGS: Partial<Record<Mnemonic, Rule>> = {
  AND: AF,
  OR: AF,
  XOR: AF,
  TEST: AF,
  MUL: SF | ZF | AF | PF,
  IMUL1: SF | ZF | AF | PF,
  IMUL2: SF | ZF | AF | PF,
  IMUL3: SF | ZF | AF | PF,
  DIV: STATUS_FLAGS,
  IDIV: STATUS_FLAGS,
  SHL: logicalShift,
  SHR: logicalShift,
  SAR: (count) => unlessZero(count, AF | (count === 1 ? 0 : OF)),
  ROL: rotate,
  ROR: rotate,
  RCL: rotate,
  RCR: rotate,
  SHLD: doubleShift,
  SHRD: doubleShift,
  BT: OF | SF | AF | PF,
  BTS: OF | SF | AF | PF,
  BTR: OF | SF | AF | PF,
  BTC: OF | SF | AF | PF,
  BSF: CF | OF | SF | AF | PF,
  BSR: CF | OF | SF | AF | PF,
  TZCNT: OF | SF | AF | PF,
  LZCNT: OF | SF | AF | PF,
  AAA: OF | SF | ZF | PF,
  AAS: OF | SF | ZF | PF,
  AAM: OF | AF | CF,
  AAD: OF | AF | CF,
  DAA: OF,
  DAS: OF,
};

/** The destination itself is undefined: SHLD and SHRD by more than the operand has bits (SDM vol. 2). `count` is raw. */
export const isResultUndefined = (insn: Insn, count: number): boolean =>
  (insn.mnemonic === 'SHLD' || insn.mnemonic === 'SHRD') && (count & (insn.size === 8 ? 63 : 31)) > 8 * insn.size;

/** Bits 19:16 of what LAR gives are undefined (SDM vol. 2, LAR, "00FxFF00H"). */
export const undefinedBits = (insn: Insn): bigint => (insn.mnemonic === 'LAR' && insn.size !== 2 ? 0xf0000n : 0n);

const USER64 = 0x33;
const UPPER_HALF = 0xffffffff00000000n;

/**
 * Bits 63:32 of the first eight registers when 64-bit mode is left: "undefined" (SDM vol. 1, "General-Purpose Registers in 64-Bit
 * Mode"); the others are out of reach and stay.
 */
export function lostBits({ mode, selectors }: Vector, register: number): bigint {
  const code = selectors.get(Seg.CS);
  return mode === '64' && code !== undefined && code !== USER64 && register < 8 ? UPPER_HALF : 0n;
}

/** The flags of `insn` that need not agree; `count` is the raw value of its shift count operand. */
export function undefinedFlags(insn: Insn, count: number): number {
  const rule = UNDEFINED_FLAGS[insn.mnemonic] ?? 0;
  return typeof rule === 'number' ? rule : rule(count & (insn.size === 8 ? 63 : 31), insn.size);
}
