// FBLD and FBSTP: packed BCD, 18 digits in bytes 0 to 8, the sign in bit 79 (SDM vol. 1, "BCD and Packed BCD Integers").

import { IE, raise } from './environment.ts';
import type { FloatEnvironment } from './environment.ts';
import { SIGN_BIT, pack } from './encoding.ts';
import { integral, noteRounding } from './integers.ts';

const DIGITS = 18n;
/** The masked response of FBSTP to what has no 18 digits. */
const BCD_INDEFINITE = 0xffff_c000_0000_0000_0000n;

/** FBLD: 80 raw bits of packed BCD to the register format. Digits above 9 count as they are; bits 78:72 are ignored. */
export function fromBcd(bcd: bigint): bigint {
  let magnitude = 0n;
  for (let digit = DIGITS - 1n; digit >= 0n; digit--) magnitude = magnitude * 10n + ((bcd >> (digit * 4n)) & 15n);
  return pack({ sign: (bcd & SIGN_BIT) === 0n ? 0 : 1, significand: magnitude, exponent: 0 });
}

/** FBSTP: to 80 raw bits of packed BCD, rounded by RC; the sign stays with 0. Null: IE is not masked, nothing is stored or popped. */
export function toBcd(env: FloatEnvironment, x: bigint): bigint | null {
  const rounded = integral(env, x, false);
  const magnitude = rounded === null ? 10n ** DIGITS : rounded.value < 0n ? -rounded.value : rounded.value;
  if (rounded === null || magnitude >= 10n ** DIGITS) {
    env.roundedUp = false;
    return raise(env, IE) ? BCD_INDEFINITE : null;
  }
  noteRounding(env, rounded);
  return (x & SIGN_BIT) | BigInt(`0x${magnitude}`); // decimal digits, read as hexadecimal ones
}
