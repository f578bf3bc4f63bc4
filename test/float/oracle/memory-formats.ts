// FLD and FST of single and double precision.

import { DE, IE, raise } from '../../../src/cpu/float/environment.ts';
import type { FloatEnvironment } from '../../../src/cpu/float/environment.ts';
import { infinity, pack, quietNaN, unpack, zero } from '../../../src/cpu/float/encoding.ts';
import { DOUBLE, SINGLE } from '../../../src/cpu/float/format.ts';
import type { FloatFormat } from '../../../src/cpu/float/format.ts';
import { infinityOf, packInterchange, quietNaNOf, signOf, unpackInterchange } from './interchange.ts';
import { invalid } from '../../../src/cpu/float/invalid.ts';
import { deliver } from '../../../src/cpu/float/result.ts';

/** FLD m32fp: 32 raw bits to 80. An SNaN raises IE and is made quiet, a denormal raises DE; null if that is not masked. */
export const fromFloat32 = (env: FloatEnvironment, bits: bigint): bigint | null => load(env, bits, SINGLE);

/** FLD m64fp: 64 raw bits to 80, as `fromFloat32`. */
export const fromFloat64 = (env: FloatEnvironment, bits: bigint): bigint | null => load(env, bits, DOUBLE);

/**
 * FST m32fp: 80 raw bits to 32, rounded by RC. Raises IE (SNaN, unsupported), OE, UE, PE; null if IE, OE or UE is raised and
 * not masked: nothing is to be stored or popped. PE never keeps the result from being stored.
 */
export const toFloat32 = (env: FloatEnvironment, x: bigint): bigint | null => store(env, x, SINGLE);

/** FST m64fp: 80 raw bits to 64, as `toFloat32`. */
export const toFloat64 = (env: FloatEnvironment, x: bigint): bigint | null => store(env, x, DOUBLE);

function load(env: FloatEnvironment, bits: bigint, format: FloatFormat): bigint | null {
  const x = unpackInterchange(bits, format);
  env.roundedUp = false;
  if ((x.kind === 'snan' && !raise(env, IE)) || (x.denormal && !raise(env, DE))) return null;
  if (x.kind === 'finite') return pack(x);
  if (x.kind === 'zero') return zero(x.sign);
  return x.kind === 'infinity' ? infinity(x.sign) : quietNaN(x.sign, x.significand << BigInt(64 - format.precision));
}

function store(env: FloatEnvironment, bits: bigint, format: FloatFormat): bigint | null {
  const x = unpack(bits);
  env.roundedUp = false;
  switch (x.kind) {
    case 'zero':
      return signOf(x.sign, format);
    case 'infinity':
      return infinityOf(x.sign, format);
    case 'unsupported':
      return invalid(env) === null ? null : quietNaNOf(1, 0n, format);
    case 'snan':
    case 'qnan':
      return x.kind === 'qnan' || raise(env, IE) ? narrowedNaN(x.sign, x.significand, format) : null;
    case 'finite': {
      const result = deliver(env, x, format, 0);
      if (result === null) return null;
      return result.infinite ? infinityOf(x.sign, format) : packInterchange(result, format);
    }
  }
}

/** A NaN keeps the upper bits of its fraction. */
const narrowedNaN = (sign: 0 | 1, significand: bigint, format: FloatFormat): bigint =>
  quietNaNOf(sign, BigInt.asUintN(format.precision - 1, significand >> BigInt(64 - format.precision)), format);
