// The shape of every builder operation, as data: what its arguments are and what it returns.
//
//   V value · A address · C condition · h decided at decode (sizes, register numbers, operands, the instruction)
//   b a body to be run · ? the argument may be missing · VV a pair of values

import type { Builder, Flags, Values } from '../../src/cpu/builder/builder.ts';

type Names<T> = Exclude<keyof T, 'flags'>;

const UNARY = 'h V > V';
const BINARY = 'h V V > V';

// biome-ignore format: a table
export const OPERATIONS: Record<Names<Builder<Values>>, string> = {
  constant: 'h h > V', add: BINARY, sub: BINARY, mul: BINARY, mulHighUnsigned: BINARY, mulHighSigned: BINARY,
  divideUnsigned: 'h V V V > VV', divideSigned: 'h V V V > VV', and: 'V V > V', or: 'V V > V', xor: 'V V > V', not: UNARY,
  shl: BINARY, shr: BINARY, sar: BINARY, modulo: 'V h > V', signExtend: 'h h V > V', truncate: UNARY, byteSwap: UNARY,
  countLeadingZeros: UNARY, countTrailingZeros: UNARY, populationCount: UNARY,
  isZero: 'V > C', equal: 'V V > C', lessUnsigned: 'h V V > C', lessSigned: 'h V V > C', bit: 'V V > C', bitAt: 'V h > C',
  signBit: 'h V > C', never: '> C', notC: 'C > C', andC: 'C C > C', orC: 'C C > C', xorC: 'C C > C', fromCondition: 'C > V',
  select: 'C V V > V', when: 'C b >',
  read: 'h > V', readForWrite: 'h > V', write: 'h V >', readRegister: 'h h > V', writeRegister: 'h h V >', readHighByte: 'h > V',
  writeHighByte: 'h V >',
  address: 'h > A', registerAddress: 'h h > A', offset: 'h A h > A', offsetBy: 'h A h V > A', effectiveAddress: 'h h > V',
  writeRegisterAddress: 'h h A >', advance: 'h h h >', load: 'h A h > V', loadForWrite: 'h A h > V', store: 'h A h V >',
  probeWrite: 'h A h >', linearAddress: 'h h A > V', requireAligned: 'h A h >',
  stackPointer: '> A', framePointer: '> A', stackOffset: 'A h > A', setStackPointer: 'A >', stackValue: 'h A > V',
  nextIp: 'h > V', jumpRelative: 'h >', branchRelative: 'h C >', jump: 'h V >', checkTarget: 'h V >', checkRelative: 'h >',
  repeat: 'h b ?h >', raise: 'h ?h >', raiseWhen: 'C h ?h >', timeStamp: '> VV', system: 'h h ?V ?V > V',
  systemPair: 'h h > VV',
};

// biome-ignore format: a table
export const FLAG_OPERATIONS: Record<keyof Flags<Values>, string> = {
  add: 'h V V V >', sub: 'h V V V >', inc: 'h V V >', dec: 'h V V >', logic: 'h V >', result: 'h V C C C >',
  setCarry: 'C >', setOverflow: 'C >', setZero: 'C >', setAdjust: 'C >', setSign: 'C >', setParity: 'C >',
  carry: '> C', overflow: '> C', zero: '> C', sign: '> C', parity: '> C', adjust: '> C', condition: 'h > C',
  lowByte: '> V', setLowByte: 'V >', setDirection: 'h >',
};
