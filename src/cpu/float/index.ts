// The arithmetic of the x87, on raw bits: see environment.ts for what goes in and out beside the operands. A result of null
// means that an exception found before the operation is not masked, and that nothing is to be written.

export { DE, IE, OE, PE, UE, ZE } from './environment.ts';
export type { FloatEnvironment, RoundingMode } from './environment.ts';
export { add, div, mul, sqrt, sub } from './arithmetic.ts';
export { remainder } from './remainder.ts';
export type { Remainder } from './remainder.ts';
export { extract, scale } from './exponents.ts';
export { compare } from './compare.ts';
export type { Comparison } from './compare.ts';
export { fromFloat32, fromFloat64, toFloat32, toFloat64 } from './memory-formats.ts';
export { fromInteger, roundToInteger, toInteger } from './integers.ts';
export { fromBcd, toBcd } from './decimal.ts';
export { INDEFINITE, abs, chs, classify } from './encoding.ts';
export type { FloatClass } from './encoding.ts';
export { constant } from './constants.ts';
export type { ConstantName } from './constants.ts';
export { cosine, sine, sineCosine, tangent } from './angles.ts';
export type { AngleResult } from './angles.ts';
export { arctangent } from './arctangent.ts';
export { exp2Minus1, yLog2, yLog2Plus1 } from './logarithms.ts';
