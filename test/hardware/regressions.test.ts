// Mistakes that vectors found, one class each, with the vector that showed it. Lines are in the format of test/oracle/format.h,
// recorded with the seeds of vector-files.ts.

import { describe, expect, it } from 'vitest';
import { compare } from './compare.ts';
import { makeRunner } from './runner.ts';
import { decodeVector, parseVector } from './vector.ts';
import { vendorDifference } from './vendor-differences.ts';

interface Regression {
  readonly name: string;
  readonly line: string;
}

const REGRESSIONS: readonly Regression[] = [
  {
    name: 'POPA names the first item that it cannot load, not the last',
    line: 'm=32 c=61 k=f3b4ca6f sp=20001ffe fl=a87 -> x=e:4:20002000',
  },
  {
    name: 'ENTER names the first slot that it cannot push, not the end of the frame',
    line: 'm=64 c=c8270112 k=40fd6269 sp=20000002 bp=200008f5 fl=a47 -> x=e:6:1ffffffa',
  },
  {
    name: 'ARPL that has nothing to write does not fault as a write',
    line: 'm=32 c=67636532 k=64229da7 di=dc2d16d3 fl=2d3 -> x=e:4:1705',
  },
  {
    name: 'ENTER copies what it has just pushed, where the frame overlaps',
    line:
      'm=64 c=c8130104 k=d6a7cee3 sp=20000940 bp=2000094e fl=a46 -> sp=20000805 bp=20000938 ' +
      'W=20000918:3809002000000000f4784e0900200000000087dc6c07038d2a71bae69f55f4784e09002000000000',
  },
  {
    name: 'a bit offset of 64 bits is exact in a 32-bit address',
    line: 'm=64 c=67644a0fa36c0d6a k=c2ced4d7 bp=c338e8bc8c6c77b3 fl=ac6 -> x=e:4:b18d9ae4',
  },
  {
    name: 'ENTER with a 32-bit operand on a 16-bit stack makes EBP of the whole ESP',
    line:
      'm=16 c=66c8ad0004 k=f2f1f7e3 sp=ea260418 bp=1e98 fl=202 -> sp=ea260357 bp=ea260414 ' +
      'W=20000404:140426eae977b98d57a012ca03e4d11d981e0000',
  },
  {
    name: 'ENTER with a 32-bit operand on a 16-bit stack that wraps',
    line: 'm=16w c=6667c8d00101 k=2c698b5f sp=c597000b bp=51d fl=207 -> sp=c597fe33 bp=c5970007 W=20001003:070097 W=20001007:1d050000',
  },
  {
    name: 'IRET of 64-bit code at one level checks the instruction pointer before SS',
    line:
      'm=64 c=48cf k=79ec251d sp=20000400 fl=253 ' +
      'M=20000400:687c00100000000037000000000000005303000000000000fd050020000000003f00000000000000 -> x=d:0',
  },
];

describe('regressions', () => {
  it.each(REGRESSIONS)('$name', ({ line }) => {
    const vector = parseVector(line);
    const insn = decodeVector(vector);
    const runner = makeRunner(vector.mode === '64' ? '64-bit' : 'compatibility', vector.mode);
    expect(compare(insn, vector, runner.run(vector), vendorDifference(insn, vector))).toEqual([]);
  });
});

describe('the comparison', () => {
  const line = 'm=64 c=01d2 k=71b8a8cf fl=243 -> dx=ffffff88 fl=287';
  const differences = (text: string): readonly string[] => {
    const vector = parseVector(text);
    return compare(decodeVector(vector), vector, makeRunner('64-bit', '64').run(vector));
  };

  it('accepts what was recorded', () => {
    expect(differences(line)).toEqual([]);
  });

  it.each([
    ['a register', line.replace('dx=ffffff88', 'dx=ffffff89')],
    ['an instruction pointer', `${line} ip=10000803`],
    ['a flag', line.replace('fl=287', 'fl=286')],
    ['a fault', `${line} x=d:0`],
    ['memory', `${line} W=20000000:00`],
  ])('notices %s', (_what, wrong) => {
    expect(differences(wrong)).not.toEqual([]);
  });
});
