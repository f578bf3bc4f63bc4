// The exact functions (float/core) as JavaScript calls them, in a module of their own: they have no state and touch no memory.

import { encodeModule } from '../translator/wasm/module.ts';
import { Program } from '../translator/wasm/program.ts';
import { defineExactCore } from './core/index.ts';
import { HAS_RESULT, RC_SHIFT, ROUNDED_UP, STATUS_SHIFT } from './core/outcome.ts';
import type { FloatEnvironment } from './environment.ts';

type Pair = readonly [bigint, number];
type Unary = (a: bigint, word: number, control: number) => Pair;
type Binary = (a: bigint, aWord: number, b: bigint, bWord: number, control: number) => Pair;
type Load = (bits: bigint, control: number) => Pair;

interface Exports {
  readonly add: Binary;
  readonly sub: Binary;
  readonly mul: Binary;
  readonly div: Binary;
  readonly sqrt: Unary;
  readonly roundToInteger: Unary;
  readonly compare: (a: bigint, aWord: number, b: bigint, bWord: number, control: number, quiet: number) => number;
  readonly load32: Load;
  readonly load64: Load;
  readonly store32: Unary;
  readonly store64: Unary;
  readonly fromInteger: (x: bigint) => Pair;
  readonly toInteger: (a: bigint, word: number, bits: number, control: number) => Pair;
}

function instantiate(): Exports {
  const program = new Program();
  const { add, sub, mul, div, sqrt, compare, single, double, fromInteger, toInteger, roundToInteger } = defineExactCore(program);
  const formats = { load32: single.load, load64: double.load, store32: single.store, store64: double.store };
  const exports = { add, sub, mul, div, sqrt, compare, fromInteger, toInteger, roundToInteger, ...formats };
  for (const [name, callee] of Object.entries(exports)) program.expose(name, callee);
  const module = new WebAssembly.Module(encodeModule({ memory: null, imports: [], functions: program.functions }));
  return new WebAssembly.Instance(module, {}).exports as unknown as Exports;
}

/** Made when first asked for: most runs never do. It has no state, so that all machines may share it. */
export const core: () => Exports = (() => {
  let made: Exports | undefined;
  return () => (made ??= instantiate());
})();

const PRECISION_CONTROL = { 24: 0, 53: 2, 64: 3 } as const;
const EXCEPTIONS = 0x3f;

/** The control word that says what `env` does. */
export const controlOf = ({ rounding, precision, masks }: FloatEnvironment): number =>
  (rounding << RC_SHIFT) | (PRECISION_CONTROL[precision] << 8) | masks;

/** Takes the exceptions and C1 of an outcome over. Returns whether there is a result. */
export function takeOutcome(env: FloatEnvironment, outcome: number): boolean {
  const status = outcome >>> STATUS_SHIFT;
  env.flags |= status & EXCEPTIONS;
  env.roundedUp = (status & ROUNDED_UP) !== 0;
  return (outcome & HAS_RESULT) !== 0;
}

export const significandOf = (bits: bigint): bigint => BigInt.asUintN(64, bits);
export const wordOf = (bits: bigint): number => Number(bits >> 64n);
/** 80 raw bits of a result in the register format. */
export const registerOf = ([significand, word]: Pair): bigint => (BigInt(word & 0xffff) << 64n) | BigInt.asUintN(64, significand);

export const registerResult = (env: FloatEnvironment, pair: Pair): bigint | null => (takeOutcome(env, pair[1]) ? registerOf(pair) : null);
/** A result of 64 bits or less. */
export const memoryResult = (env: FloatEnvironment, pair: Pair): bigint | null => (takeOutcome(env, pair[1]) ? pair[0] : null);
