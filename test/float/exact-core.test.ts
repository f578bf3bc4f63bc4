// The exact functions against the same meaning on bigints (oracle): results, exceptions and C1, over special values, their neighbours
// and numbers near each other, in every rounding mode and precision, with exceptions masked or not.

import { describe, expect, it } from 'vitest';
import * as core from '../../src/cpu/float/index.ts';
import type { FloatEnvironment, RoundingMode } from '../../src/cpu/float/index.ts';
import * as arithmetic from './oracle/arithmetic.ts';
import { compare } from './oracle/compare.ts';
import * as integers from './oracle/integers.ts';
import * as formats from './oracle/memory-formats.ts';
import { environment } from './environment.ts';
import { encodingNear, operandNear, random } from './operands.ts';

const TRIES = 12_000;
const PRECISIONS = [64, 53, 64, 24] as const;

type Operation = (env: FloatEnvironment, a: bigint, b: bigint) => unknown;

/** Everything masked as often as not. */
function randomEnvironment(next: () => number): FloatEnvironment {
  const masks = next() & 1 ? 0x3f : next() & 0x3f;
  return environment({ rounding: (next() & 3) as RoundingMode, precision: PRECISIONS[next() & 3]!, masks });
}

const outcomeOf = (operation: Operation, env: FloatEnvironment, a: bigint, b: bigint): string => {
  const own = { ...env };
  const result = operation(own, a, b);
  return `${typeof result === 'bigint' ? result.toString(16) : result} flags ${own.flags.toString(16)} up ${own.roundedUp}`;
};

function alike(ours: Operation, oracle: Operation, operands: (next: () => number) => readonly [bigint, bigint]): void {
  const next = random(0x2545f491);
  const seen = new Set<string>();
  for (let n = 0; n < TRIES; n++) {
    const env = randomEnvironment(next);
    const [a, b] = operands(next);
    const expected = outcomeOf(oracle, env, a, b);
    const actual = outcomeOf(ours, env, a, b);
    if (actual !== expected) {
      expect(actual, `${a.toString(16)}, ${b.toString(16)}, ${JSON.stringify(env)}`).toBe(expected);
    }
    seen.add(expected.replace(/^.* flags/, 'flags'));
  }
  expect(seen.size).toBeGreaterThan(0);
  expect([...seen].some((outcome) => !outcome.startsWith('flags 0'))).toBe(true);
}

const pair = (next: () => number): readonly [bigint, bigint] => {
  const first = operandNear(next, BigInt(next()) << 60n);
  const second = operandNear(next, first);
  return next() & 1 ? [first, second] : [second, first];
};

describe('the exact functions answer as bigints do', () => {
  it.each([
    ['add', core.add, arithmetic.add],
    ['sub', core.sub, arithmetic.sub],
    ['mul', core.mul, arithmetic.mul],
    ['div', core.div, arithmetic.div],
    ['sqrt', core.sqrt, arithmetic.sqrt],
    ['roundToInteger', core.roundToInteger, integers.roundToInteger],
    ['toFloat32', core.toFloat32, formats.toFloat32],
    ['toFloat64', core.toFloat64, formats.toFloat64],
  ] as const)('%s', (_name, ours, oracle) => alike(ours, oracle, pair));

  it.each([true, false])('compare, quiet: %s', (quiet) => {
    alike(
      (env, a, b) => core.compare(env, a, b, { quiet }),
      (env, a, b) => compare(env, a, b, { quiet }),
      pair,
    );
  });

  it.each([2, 4, 8] as const)('toInteger, %i bytes', (bytes) => {
    for (const truncate of [false, true]) {
      alike(
        (env, a) => core.toInteger(env, a, bytes, { truncate }),
        (env, a) => integers.toInteger(env, a, bytes, { truncate }),
        pair,
      );
    }
  });

  it('fromFloat32', () => alike(core.fromFloat32, formats.fromFloat32, (next) => [encodingNear(next, 32), 0n]));
  it('fromFloat64', () => alike(core.fromFloat64, formats.fromFloat64, (next) => [encodingNear(next, 64), 0n]));

  it('fromInteger', () => {
    const next = random(0x1234567);
    for (let n = 0; n < 200; n++) {
      const x = BigInt.asIntN(64, ((BigInt(next()) << 32n) | BigInt(next())) >> BigInt(next() & 63)) * (next() & 1 ? 1n : -1n);
      expect(core.fromInteger(BigInt.asIntN(64, x))).toBe(integers.fromInteger(BigInt.asIntN(64, x)));
    }
    for (const x of [0n, 1n, -1n, (1n << 63n) - 1n, -(1n << 63n)]) expect(core.fromInteger(x)).toBe(integers.fromInteger(x));
  });
});
