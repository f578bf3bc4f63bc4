// Differences of older AMD processors, each with a vector that a Zen 4 (family 19h, model 11h) recorded with the seeds of
// vector-files.ts, and with a change to it that must not be excused.

import { describe, expect, it } from 'vitest';
import { compare } from './compare.ts';
import { OLDER_DIFFERENCES } from './older-differences.ts';
import { makeRunner } from './runner.ts';
import { decodeVector, parseVector } from './vector.ts';
import { vendorDifference } from './vendor-differences.ts';

const CMPS = 'CMPS with neither operand readable';
const TEN_BYTES = 'FSTP m80 or FBSTP of which eight bytes fit in a segment of 64 KiB';
const F2XM1 = 'F2XM1 of 1.0, rounded down';
const PAST_END = 'access past the end of a 4-GiB segment';

const VECTORS: readonly (readonly [what: string, difference: string, line: string])[] = [
  ['two pages', CMPS, 'm=32 c=67a7 k=5b17ef81 cx=15 si=20001b1d di=20000e20 fl=a07 -> x=e:4:e20'],
  ['a word of each', CMPS, 'm=32 c=6667a7 k=9eef2987 cx=14 si=20001063 di=20001ff8 fl=a47 -> x=e:4:1ff8'],
  ['beyond the limit of SS and of ES', CMPS, 'm=16 c=6736a7 k=81ecc5f cx=8d010004 si=79121c4c di=79121c4c fl=282 -> x=d:0'],
  ['FSTP m80', TEN_BYTES, 'm=16w c=db7d4d k=d2841537 di=9757ffab fl=a52 f=21bd038d -> sw=5d5b tw=b9 W=20000ff8:0000f0b5be324beb3d40'],
  ['by SS', TEN_BYTES, 'm=16w c=36db792d k=e5897041 bx=75701d9f fl=a17 f=800e579b -> sw=3400 tw=c0 W=20000ff8:e13a9bfc42b72de304c0'],
  ['FBSTP', TEN_BYTES, 'm=16w c=df70c8 k=bdc1856b bx=4c1db324 fl=a52 f=3ff4efab -> sw=4801 tw=8e W=20000ff8:00000000000000c0ffff'],
  ['rounding down', F2XM1, 'm=32 c=d9f0 k=c4154131 fl=ac7 f=f434064f -> sw=d20 p1=3ffeffffffffffffffff'],
];

/** What is found when the recorded half is `after`. */
function differences(line: string, after?: string): readonly string[] {
  const vector = parseVector(after === undefined ? line : `${line.slice(0, line.indexOf(' ->'))} -> ${after}`);
  const insn = decodeVector(vector);
  return compare(insn, vector, makeRunner('compatibility', vector.mode).run(vector), vendorDifference(insn, vector));
}

describe('older AMD processors', () => {
  it.each(VECTORS)('%s: %s', (_what, name, line) => {
    const vector = parseVector(line);
    expect(vendorDifference(decodeVector(vector), vector)?.name).toBe(name);
    expect(differences(line)).toEqual([]);
  });

  it.each([
    ['CMPS that names neither operand', VECTORS[0]![2], 'x=e:4:e21'],
    ['CMPS that faults and changes a register', VECTORS[0]![2], 'x=e:4:e20 cx=14'],
    ['FSTP m80 elsewhere', VECTORS[3]![2].replace('di=9757ffab', 'di=9757ffac'), 'sw=5d5b tw=b9 W=20000ff9:0000f0b5be324beb3d40'],
    ['F2XM1 that gives another number', VECTORS[6]![2], 'sw=d20 p1=3ffefffffffffffffffe'],
    ['F2XM1 that changes another register', VECTORS[6]![2], 'sw=d20 p1=3ffeffffffffffffffff p2=0'],
  ])('excuses no more: %s', (_what, line, after) => {
    expect(differences(line, after)).not.toEqual([]);
  });

  it('every difference has a vector here', () => {
    expect(OLDER_DIFFERENCES.map(({ name }) => name).filter((name) => !VECTORS.some(([, of]) => of === name))).toEqual([]);
  });
});

describe('excuses that are as narrow as their reasons', () => {
  // CMPXCHG8B has eight bytes whatever the prefix; Zen 4 raises #GP(0) where here the operand goes on at 0.
  it.each([
    'm=32 c=0fc70b k=1 bx=fffffffc -> x=d:0',
    'm=32 c=660fc70b k=1 bx=fffffff9 -> x=d:0',
    'm=32 c=660fc70b k=1 bx=ffffffff -> x=d:0',
  ])('CMPXCHG8B that wraps: %s', (line) => {
    const vector = parseVector(line);
    expect(vendorDifference(decodeVector(vector), vector)?.name).toBe(PAST_END);
  });

  it('but not one that does not', () => {
    const vector = parseVector('m=32 c=660fc70b k=1 bx=fffffff8 -> x=d:0');
    expect(vendorDifference(decodeVector(vector), vector)).toBeUndefined();
  });

  // [what, before, what is right by either manual, what is wrong].
  it.each([
    [
      'PUSH FS with a 32-bit operand: the selector',
      'm=32 c=0fa0 k=1 sp=20000400',
      'sp=200003fc W=200003fc:2b000000',
      'sp=200003fc W=200003fc:00000000',
    ],
    [
      'PUSH FS: a byte beside the slot',
      'm=32 c=0fa0 k=1 sp=20000400',
      'sp=200003fc W=200003fc:2b000000',
      'sp=200003fc W=200003fc:2b00000077',
    ],
    ['REP OUTS with a count of 0: nothing happens', 'm=64 c=f36e k=1 cx=0 si=20000100', 'x=d:0', 'si=20000101'],
    ['REP OUTS with a count of 0: another fault', 'm=64 c=f36e k=1 cx=0 si=20000100', 'x=d:0', 'x=e:4:20000100'],
    ['REP OUTS with a count of 1', 'm=64 c=f36e k=1 cx=1 si=20000100', 'x=d:0', 'cx=0'],
    ['SHLD by 31 of a word in memory: beside it', 'm=64 c=660fa40b1f k=1 bx=20000100', 'W=20000100:1234', 'W=20000102:1234'],
    ['SHLD by 31 of a word in a register: above it', 'm=64 c=660fa4cb1f k=1 bx=12345678', 'bx=12340000', 'bx=5678'],
  ])('%s', (_what, before, right, wrong) => {
    const setting = (line: string): readonly string[] => {
      const vector = parseVector(line);
      const insn = decodeVector(vector);
      const runner = makeRunner(vector.mode === '64' ? '64-bit' : 'compatibility', vector.mode);
      const ignoringFlags = { ...vector, flagsAfter: runner.run(vector).flags };
      return compare(insn, ignoringFlags, runner.run(vector), vendorDifference(insn, vector));
    };
    expect(setting(`${before} -> ${right}`)).toEqual([]);
    expect(setting(`${before} -> ${wrong}`)).not.toEqual([]);
  });
});
