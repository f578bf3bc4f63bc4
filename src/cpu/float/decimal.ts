// FBLD and FBSTP: packed BCD, 18 digits in bytes 0 to 8, the sign in bit 79 (SDM vol. 1, "BCD and Packed BCD Integers").

import { IE, raise } from './environment.ts';
import type { FloatEnvironment } from './environment.ts';
import { SIGN_BIT, pack } from './encoding.ts';
import { toInteger } from './integers.ts';

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
  const rounding = { ...env, masks: IE, flags: 0 };
  const value = toInteger(rounding, x, 8, { truncate: false })!; // IE is masked: never null
  const magnitude = value < 0n ? -value : value;
  if (magnitude >= 10n ** DIGITS) {
    // what has no 64 bits is the most negative integer here
    env.roundedUp = false;
    return raise(env, IE) ? BCD_INDEFINITE : null;
  }
  env.flags |= rounding.flags;
  env.roundedUp = rounding.roundedUp;
  return (x & SIGN_BIT) | BigInt(`0x${magnitude}`); // decimal digits, read as hexadecimal ones
}
