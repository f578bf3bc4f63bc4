// A builder that does nothing but write down what it is asked for. What it hands out as values, addresses and conditions
// comes from a guest state: a symbol that refuses to be looked into, or a plain number or boolean that a semantics function
// could be tempted to look at. The calls must not depend on it.

import type { Builder, Semantics, Values } from '../../src/cpu/builder/builder.ts';
import type { Insn, Operand } from '../../src/cpu/builder/insn.ts';
import { FLAG_OPERATIONS, OPERATIONS } from './builder-signatures.ts';

export type Kind = 'V' | 'A' | 'C';

/** Where the builder's values come from. `text` tells how the value came about: equal texts before any effect are equal values. */
export interface GuestState {
  make(kind: Kind, text: string): unknown;
  /** How an argument of the kind is written in the record; throws if it is none. */
  describe(kind: Kind, x: unknown): string;
}

/** One operation as called: arguments as text, in order. */
export interface Call {
  readonly operation: string;
  readonly args: readonly string[];
  /** Operands among the arguments. */
  readonly operand: Operand | null;
}

/** A value that stands for itself: coercing it to anything throws. */
export class Symbolic {
  constructor(
    readonly kind: Kind,
    readonly text: string,
  ) {}

  [Symbol.toPrimitive](): never {
    throw new Error(`a semantics function looked into ${this.text}`);
  }

  toJSON(): never {
    return this[Symbol.toPrimitive]();
  }
}

export const SYMBOLIC: GuestState = {
  make: (kind, text) => Object.freeze(new Symbolic(kind, text)),
  describe(kind, x) {
    if (!(x instanceof Symbolic) || x.kind !== kind) throw new Error(`the builder was given something else where a ${kind} belongs`);
    return x.text;
  },
};

/** Hands out numbers from `next` and booleans from their lowest bits; arguments are recorded by kind alone. */
export const concrete = (next: () => number): GuestState => ({
  make: (kind) => (kind === 'C' ? (next() & 1) === 1 : next()),
  describe: (kind) => kind,
});

function hostText(x: unknown, i: Insn): string {
  if (x === i) return 'i';
  if (x === i.dst) return 'dst';
  if (x === i.src) return 'src';
  if (x === i.third) return 'third';
  if (typeof x === 'number' || typeof x === 'boolean' || typeof x === 'string') return JSON.stringify(x);
  throw new Error(`the builder was given ${typeof x} where a decoded field belongs`);
}

const isOperand = (x: unknown): x is Operand => typeof x === 'object' && x !== null && 'imm64' in x;

/** The calls that `semantics` makes for `i`; `when` and `repeat` run their bodies once. */
export function record(semantics: Semantics, i: Insn, state: GuestState): Call[] {
  const calls: Call[] = [];
  const run = (name: string, signature: string, args: readonly unknown[]): unknown => {
    const [taken, given] = signature.split('>').map((part) => part.trim());
    const kinds = taken === '' ? [] : taken!.split(' ');
    if (args.length > kinds.length) throw new Error(`${name} takes ${kinds.length} arguments`);
    const texts: string[] = [];
    let body: (() => unknown) | null = null;
    for (const [n, kind] of kinds.entries()) {
      const x = args[n];
      if (kind.startsWith('?') && x === undefined) continue;
      if (kind === 'b') body = x as () => unknown;
      else if (kind.endsWith('h')) texts.push(hostText(x, i));
      else texts.push(state.describe(kind.slice(-1) as Kind, x));
    }
    calls.push({ operation: name, args: texts, operand: args.find(isOperand) ?? null });
    if (body) {
      const again = body();
      if (again !== undefined) texts.push(state.describe('C', again));
      calls.push({ operation: `end ${name}`, args: [], operand: null });
    }
    const text = `${name}(${texts.join(', ')})`;
    if (given === 'VV') return [state.make('V', `first of ${text}`), state.make('V', `second of ${text}`)];
    return given === '' ? undefined : state.make(given as Kind, text);
  };
  const bind = (table: Readonly<Record<string, string>>, prefix: string): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(table).map(([name, signature]) => [name, (...args: unknown[]) => run(prefix + name, signature, args)]),
    );
  const builder = { ...bind(OPERATIONS, ''), flags: bind(FLAG_OPERATIONS, 'flags.') };
  semantics(builder as unknown as Builder<Values>, i);
  return calls;
}
