// The rules of the SDM that decide results and exceptions, one small case each.

import { describe, expect, it } from 'vitest';
import {
  DE,
  IE,
  INDEFINITE,
  OE,
  PE,
  UE,
  ZE,
  add,
  compare,
  div,
  extract,
  fromFloat32,
  fromFloat64,
  mul,
  remainder,
  scale,
  sqrt,
  sub,
  toBcd,
  toFloat32,
  toInteger,
} from '../../src/cpu/float/index.ts';
import type { FloatEnvironment } from '../../src/cpu/float/index.ts';
import { environment } from './environment.ts';

const ALL = 0x3f;
const ONE = 0x3fff_8000_0000_0000_0000n;
const TWO = 0x4000_8000_0000_0000_0000n;
const ZERO = 0n;
const MINUS_ZERO = 1n << 79n;
const INFINITY = 0x7fff_8000_0000_0000_0000n;
const MINUS_INFINITY = INFINITY | MINUS_ZERO;
const LARGEST = 0x7ffe_ffff_ffff_ffff_ffffn;
const SMALLEST_NORMAL = 0x0001_8000_0000_0000_0000n;
const DENORMAL = 0x0000_0000_0000_0000_0001n;
const PSEUDO_DENORMAL = 0x0000_8000_0000_0000_0000n;
const UNNORMAL = 0x3fff_0000_0000_0000_0001n;
const PSEUDO_INFINITY = 0x7fff_0000_0000_0000_0000n;
const SNAN = 0x7fff_a000_0000_0000_0000n;
const LARGER_SNAN = 0xffff_b000_0000_0000_0000n;
const QNAN = 0x7fff_c000_0000_0000_0001n;
const LARGER_QNAN = 0xffff_c000_0000_0000_0002n;

interface Case {
  readonly rule: string;
  readonly does: (env: FloatEnvironment) => unknown;
  readonly env?: Partial<FloatEnvironment>;
  readonly gives: unknown;
  readonly flags: number;
  readonly roundedUp?: boolean;
}

const check = ({ does, env: changes = {}, gives, flags, roundedUp = false }: Case): void => {
  const env = environment(changes);
  expect(does(env)).toEqual(gives);
  expect(env.flags).toBe(flags);
  expect(env.roundedUp).toBe(roundedUp);
};

describe('NaNs and encodings that are not supported', () => {
  it.each<Case>([
    { rule: 'of an SNaN and a number the SNaN, made quiet', does: (e) => add(e, ONE, SNAN), gives: SNAN | (1n << 62n), flags: IE },
    {
      rule: 'of two SNaNs the one with the larger significand',
      does: (e) => mul(e, SNAN, LARGER_SNAN),
      gives: LARGER_SNAN | (1n << 62n),
      flags: IE,
    },
    { rule: 'of an SNaN and a QNaN the QNaN', does: (e) => div(e, LARGER_SNAN, QNAN), gives: QNAN, flags: IE },
    {
      rule: 'of two QNaNs the one with the larger significand, silently',
      does: (e) => sub(e, QNAN, LARGER_QNAN),
      gives: LARGER_QNAN,
      flags: 0,
    },
    { rule: 'of two QNaNs with one significand the positive one', does: (e) => add(e, QNAN | MINUS_ZERO, QNAN), gives: QNAN, flags: 0 },
    { rule: 'a QNaN ranks before a denormal operand', does: (e) => add(e, QNAN, DENORMAL), gives: QNAN, flags: 0 },
    { rule: 'an unnormal is invalid, and ranks before a NaN', does: (e) => add(e, QNAN, UNNORMAL), gives: INDEFINITE, flags: IE },
    { rule: 'a pseudo-infinity is invalid', does: (e) => sqrt(e, PSEUDO_INFINITY), gives: INDEFINITE, flags: IE },
    { rule: 'a pseudo-denormal is a denormal operand', does: (e) => add(e, PSEUDO_DENORMAL, ZERO), gives: SMALLEST_NORMAL, flags: DE },
    { rule: 'unmasked, an SNaN gives no result', does: (e) => add(e, SNAN, ONE), env: { masks: ALL & ~IE }, gives: null, flags: IE },
    {
      rule: 'a QNaN is invalid in an ordered comparison',
      does: (e) => compare(e, QNAN, ONE, { quiet: false }),
      gives: 'unordered',
      flags: IE,
    },
    { rule: 'and not in an unordered one', does: (e) => compare(e, QNAN, ONE, { quiet: true }), gives: 'unordered', flags: 0 },
    {
      rule: 'FIST of a QNaN is invalid: the integer indefinite',
      does: (e) => toInteger(e, QNAN, 2, { truncate: false }),
      gives: -0x8000n,
      flags: IE,
    },
    { rule: 'FBSTP of what has 19 digits is invalid', does: (e) => toBcd(e, LARGEST), gives: 0xffff_c000_0000_0000_0000n, flags: IE },
    { rule: 'FLD makes an SNaN quiet', does: (e) => fromFloat32(e, 0x7f80_0001n), gives: 0x7fff_c000_0100_0000_0000n, flags: IE },
  ])('$rule', check);
});

describe('invalid operations, division by zero, denormal operands', () => {
  it.each<Case>([
    { rule: 'infinity - infinity', does: (e) => sub(e, INFINITY, INFINITY), gives: INDEFINITE, flags: IE },
    { rule: '0 * infinity', does: (e) => mul(e, ZERO, MINUS_INFINITY), gives: INDEFINITE, flags: IE },
    { rule: '0 / 0', does: (e) => div(e, ZERO, MINUS_ZERO), gives: INDEFINITE, flags: IE },
    { rule: '1 / -0', does: (e) => div(e, ONE, MINUS_ZERO), gives: MINUS_INFINITY, flags: ZE },
    { rule: 'unmasked, 1 / 0 has no result', does: (e) => div(e, ONE, ZERO), env: { masks: ALL & ~ZE }, gives: null, flags: ZE },
    { rule: 'division by zero ranks before a denormal operand', does: (e) => div(e, DENORMAL, ZERO), gives: INFINITY, flags: ZE },
    { rule: 'the square root of -0 is -0', does: (e) => sqrt(e, MINUS_ZERO), gives: MINUS_ZERO, flags: 0 },
    {
      rule: 'an invalid operation ranks before a denormal operand',
      does: (e) => sqrt(e, DENORMAL | MINUS_ZERO),
      gives: INDEFINITE,
      flags: IE,
    },
    {
      rule: 'unmasked, a denormal operand has no result',
      does: (e) => add(e, DENORMAL, ONE),
      env: { masks: ALL & ~DE },
      gives: null,
      flags: DE,
    },
    { rule: 'FLD normalizes a denormal and tells', does: (e) => fromFloat64(e, 1n), gives: 0x3bcd_8000_0000_0000_0000n, flags: DE },
    {
      rule: 'unmasked, FLD of a denormal does not push',
      does: (e) => fromFloat64(e, 1n),
      env: { masks: ALL & ~DE },
      gives: null,
      flags: DE,
    },
    {
      rule: 'FXTRACT of 0 divides by zero',
      does: (e) => extract(e, MINUS_ZERO),
      gives: { exponent: MINUS_INFINITY, significand: MINUS_ZERO },
      flags: ZE,
    },
    {
      rule: 'the remainder of an infinity is invalid',
      does: (e) => remainder(e, INFINITY, ONE, { nearest: true })!.value,
      gives: INDEFINITE,
      flags: IE,
    },
    { rule: 'x - x is 0', does: (e) => sub(e, ONE, ONE), gives: ZERO, flags: 0 },
    { rule: 'x - x is -0 when rounding down', does: (e) => sub(e, ONE, ONE), env: { rounding: 1 }, gives: MINUS_ZERO, flags: 0 },
  ])('$rule', check);
});

describe('overflow, underflow, inexact results', () => {
  const TINY = SMALLEST_NORMAL + 1n;
  it.each<Case>([
    {
      rule: 'masked overflow to the nearest is an infinity',
      does: (e) => add(e, LARGEST, LARGEST),
      gives: INFINITY,
      flags: OE | PE,
      roundedUp: true,
    },
    { rule: 'toward zero the largest number', does: (e) => add(e, LARGEST, LARGEST), env: { rounding: 3 }, gives: LARGEST, flags: OE | PE },
    {
      rule: 'unmasked overflow takes 24576 from the exponent',
      does: (e) => mul(e, LARGEST, TWO),
      env: { masks: ALL & ~OE },
      gives: LARGEST + (1n << 64n) - (24576n << 64n),
      flags: OE,
    },
    {
      rule: 'unmasked underflow adds it, exact or not',
      does: (e) => div(e, SMALLEST_NORMAL, TWO),
      env: { masks: ALL & ~UE },
      gives: SMALLEST_NORMAL - (1n << 64n) + (24576n << 64n),
      flags: UE,
    },
    { rule: 'masked underflow needs an inexact result', does: (e) => div(e, SMALLEST_NORMAL, TWO), gives: 1n << 62n, flags: 0 },
    { rule: 'and has one here: half to even is down', does: (e) => div(e, TINY, TWO), gives: 1n << 62n, flags: UE | PE },
    {
      rule: 'tininess is found after rounding: what rounds to the smallest normal number is not tiny',
      does: (e) => mul(e, 0x3ffe_ffff_ffff_8000_0000n, 0x0001_8000_0000_4000_0000n),
      gives: SMALLEST_NORMAL,
      flags: PE,
      roundedUp: true,
    },
    {
      rule: 'precision control keeps the range of exponents',
      does: (e) => mul(e, 0x7000_8000_0000_0000_0001n, TWO),
      env: { precision: 24 },
      gives: 0x7001_8000_0000_0000_0000n,
      flags: PE,
    },
    {
      rule: 'PE never keeps a result back',
      does: (e) => div(e, ONE, 0x4000_c000_0000_0000_0000n),
      env: { masks: 0 },
      gives: 0x3ffd_aaaa_aaaa_aaaa_aaabn,
      flags: PE,
      roundedUp: true,
    },
    {
      rule: 'FST that overflows unmasked stores nothing',
      does: (e) => toFloat32(e, LARGEST),
      env: { masks: ALL & ~OE },
      gives: null,
      flags: OE,
    },
    {
      rule: 'FST that underflows unmasked stores nothing',
      does: (e) => toFloat32(e, SMALLEST_NORMAL),
      env: { masks: ALL & ~UE },
      gives: null,
      flags: UE,
    },
    {
      rule: 'masked, it stores what it rounds to',
      does: (e) => toFloat32(e, SMALLEST_NORMAL),
      env: { rounding: 2 },
      gives: 1n,
      flags: UE | PE,
      roundedUp: true,
    },
    {
      rule: 'massive overflow of FSCALE is an infinity even unmasked',
      does: (e) => scale(e, ONE, LARGEST),
      env: { masks: ALL & ~OE, rounding: 3 },
      gives: INFINITY,
      flags: OE | PE,
      roundedUp: true,
    },
    {
      rule: 'massive underflow is 0',
      does: (e) => scale(e, ONE, LARGEST | MINUS_ZERO),
      env: { masks: ALL & ~UE, rounding: 2 },
      gives: ZERO,
      flags: UE | PE,
    },
  ])('$rule', check);
});

describe('remainders', () => {
  const FIVE = 0x4001_a000_0000_0000_0000n;
  const THREE = 0x4000_c000_0000_0000_0000n;
  it.each<Case>([
    {
      rule: 'FPREM rounds the quotient toward zero',
      does: (e) => remainder(e, FIVE, THREE, { nearest: false }),
      gives: { value: TWO, quotient: 1, partial: false },
      flags: 0,
    },
    {
      rule: 'FPREM1 to the nearest',
      does: (e) => remainder(e, FIVE, THREE, { nearest: true }),
      gives: { value: ONE | MINUS_ZERO, quotient: 2, partial: false },
      flags: 0,
    },
    {
      rule: 'exponents 63 apart are reduced at once',
      does: (e) => remainder(e, 0x403e_ffff_ffff_ffff_ffffn, ONE, { nearest: false }),
      gives: { value: ZERO, quotient: 7, partial: false },
      flags: 0,
    },
    {
      rule: 'exponents 64 apart in part, with C2 set',
      does: (e) => remainder(e, 0x403f_ffff_ffff_ffff_ffffn, ONE, { nearest: false }),
      gives: { value: 0x401e_ffff_fffe_0000_0000n, quotient: 0, partial: true },
      flags: 0,
    },
  ])('$rule', check);
});
