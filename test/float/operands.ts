// Operands at which floating-point operations change their ways, and their neighbours: for comparing two implementations.

const BIAS = 16383;
const ONES = (1n << 64n) - 1n;

/** A generator of numbers below 2^32, the same for the same seed (xorshift). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Biased exponents where formats of registers and memory begin and end, where bits of integers end, and where sums lose operands. */
const EXPONENTS: readonly number[] = [
  ...[0, 0x7fff, 0x7ffe, BIAS],
  ...[-126, 127, -1022, 1023].map((exponent) => BIAS + exponent),
  ...[-126 - 23, -1022 - 52, 15, 31, 63, 64].map((exponent) => BIAS + exponent),
  ...[24576, 0x7fff - 24576].map((exponent) => exponent & 0x7fff),
];

/** Where significands are cut, and what makes encodings special. */
const SIGNIFICANDS: readonly bigint[] = [
  0n,
  1n << 63n,
  3n << 62n,
  1n << 62n,
  ONES,
  ONES >> 1n,
  ...[10n, 11n, 39n, 40n, 31n, 32n].flatMap((bit) => [1n << bit, (1n << 63n) | (1n << bit), ONES ^ ((1n << bit) - 1n)]),
];

/** 80 raw bits: a special value or one near it, a number near another, or anything. */
export function operandNear(next: () => number, other: bigint): bigint {
  const pick = <T>(list: readonly T[]): T => list[next() % list.length]!;
  const wide = (): bigint => (BigInt(next()) << 32n) | BigInt(next());
  const otherExponent = Number((other >> 64n) & 0x7fffn);
  const nearby = (next() % 5) - 2;
  const exponents = [
    pick(EXPONENTS) + nearby,
    otherExponent + (next() % 140) - 70,
    otherExponent + nearby,
    next(),
    0x7fff - otherExponent + nearby,
  ];
  const exponent = BigInt(exponents[next() % exponents.length]! & 0x7fff);
  const near = pick(SIGNIFICANDS) + BigInt(nearby);
  const significands = [near, near, wide() | (1n << 63n), wide() | (1n << 63n), (other & ONES) + BigInt(nearby), wide()];
  const significand = BigInt.asUintN(64, significands[next() % significands.length]!);
  return (BigInt(next() & 1) << 79n) | (exponent << 64n) | significand;
}

/** Raw bits of `width` bits of an encoding in memory: an exponent at an end or anywhere, a fraction near an end or anywhere. */
export function encodingNear(next: () => number, width: 32 | 64): bigint {
  const fraction = width === 32 ? 23n : 52n;
  const ones = (1n << (BigInt(width) - 1n - fraction)) - 1n;
  const wide = (BigInt(next()) << 32n) | BigInt(next());
  const exponent = [0n, ones, ones - 1n, 1n, wide & ones][next() % 5]!;
  const content = [0n, 1n, 1n << (fraction - 1n), (1n << fraction) - 1n, wide][next() % 5]! + BigInt((next() % 3) - 1);
  return (BigInt(next() & 1) << BigInt(width - 1)) | (exponent << fraction) | BigInt.asUintN(Number(fraction), content);
}
