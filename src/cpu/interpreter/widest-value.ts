// The widest value an instruction's semantics handles: found by running the semantics once under a builder that computes
// nothing and notes the sizes it is asked for. So no table says which instructions need 64 bits.

import { ISA } from '../isa/index.ts?instance=analysis';
import type { Builder, Flags } from '../builder/builder.ts';
import type { Insn, Operand, Size } from '../builder/insn.ts';

type Note = (size: number) => 0;

const flagsNoting = (note: Note): Flags<0, 0> => ({
  add: note, sub: note, inc: note, dec: note, logic: note, result: note,
  setCarry() {}, setOverflow() {}, setZero() {}, setAdjust() {}, setSign() {}, setParity() {},
  carry: () => 0, overflow: () => 0, zero: () => 0, sign: () => 0, parity: () => 0, adjust: () => 0,
  condition: () => 0, lowByte: () => 0, setLowByte() {}, setDirection() {},
});

/** 8 if some value of the instruction has more than 32 bits, otherwise 4. */
export function widestValue(i: Insn): 4 | 8 {
  let widest: 4 | 8 = 4;
  const note: Note = (size) => {
    if (size === 8) widest = 8;
    return 0;
  };
  const noteOperand = (operand: Operand): 0 => note(operand.size);
  const zero = (): 0 => 0;
  const builder: Builder<0, 0, 0> = {
    flags: flagsNoting(note),
    constant: note, add: note, sub: note, mul: note, mulHighUnsigned: note, mulHighSigned: note,
    divideUnsigned: (size) => [note(size), 0], divideSigned: (size) => [note(size), 0],
    and: zero, or: zero, xor: zero, not: note, shl: note, shr: note, sar: note, modulo: zero,
    signExtend: (from: Size, to: Size) => { note(from); return note(to); },
    truncate: zero, byteSwap: note, countLeadingZeros: note, countTrailingZeros: note, populationCount: note,
    isZero: zero, equal: zero, lessUnsigned: note, lessSigned: note, bit: zero, bitAt: zero, signBit: note,
    never: zero, notC: zero, andC: zero, orC: zero, xorC: zero, fromCondition: zero, select: zero,
    when: (_c, body) => body(),
    read: noteOperand, modify: noteOperand, write: noteOperand,
    readRegister: note, writeRegister: note, readHighByte: zero, writeHighByte() {},
    address: zero, registerAddress: zero, offset: zero, offsetBy: (_i, _a, size) => note(size),
    effectiveAddress: note, writeRegisterAddress() {}, advance() {},
    load: (_s, _a, size) => note(size), loadForWrite: (_s, _a, size) => note(size), store: (_s, _a, size) => note(size),
    probeWrite() {}, requireAligned() {}, linearAddress: note,
    stackPointer: zero, framePointer: zero, stackOffset: zero, setStackPointer() {}, stackValue: note,
    nextIp: note, jumpRelative() {}, branchRelative() {}, jump: note, checkTarget: note, checkRelative() {},
    repeat: (_i, body) => void body(),
    raise() {}, raiseWhen() {}, system: zero,
  };
  ISA[i.mnemonic](builder, i);
  return widest;
}
