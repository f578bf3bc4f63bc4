// Binding time: what a semantics function does depends on the decoded instruction alone, never on a value or a condition of
// the guest's. Each is run over several guest states and must make the same calls, with the same decoded arguments.

import { describe, expect, it } from 'vitest';
import { ISA } from '../../src/cpu/isa/index.ts';
import { MNEMONICS } from './mnemonics.ts';
import type { Semantics } from '../../src/cpu/builder/builder.ts';
import { describeInsn, insn, operand, samples } from './instructions.ts';
import { SYMBOLIC, concrete, record } from './recording-builder.ts';
import type { Call, GuestState } from './recording-builder.ts';
import { OperandKind } from '../../src/cpu/builder/insn.ts';

/** Numerical Recipes' generator, for numbers that are neither all zeros nor all ones. */
function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
}

const STATES: Readonly<Record<string, () => GuestState>> = {
  'all zeros': () => concrete(() => 0),
  'all ones': () => concrete(() => 1),
  'all bits': () => concrete(() => -1),
  'numbers A': () => concrete(pseudoRandom(1)),
  'numbers B': () => concrete(pseudoRandom(2)),
};

const lines = (calls: readonly Call[]): string[] => calls.map((call) => `${call.operation}(${call.args.join(', ')})`);

/** Names of the states under which the calls differ from those under the first, for one instruction. */
function differing(semantics: Semantics, i: ReturnType<typeof insn>): string[] {
  const [first, ...rest] = Object.keys(STATES);
  const expected = lines(record(semantics, i, STATES[first!]!()));
  return rest.filter((name) => JSON.stringify(lines(record(semantics, i, STATES[name]!()))) !== JSON.stringify(expected));
}

describe('instruction set', () => {
  it('has one meaning for each mnemonic and nothing else', () => {
    expect(Object.keys(ISA).sort()).toEqual([...MNEMONICS].sort());
    expect(new Set(MNEMONICS).size).toBe(MNEMONICS.length);
  });
});

describe.each([...MNEMONICS])('%s', (mnemonic) => {
  const variants = samples(mnemonic);

  it('makes the same calls whatever the guest state', () => {
    expect(variants.length).toBeGreaterThan(0);
    for (const i of variants) expect(differing(ISA[mnemonic], i), describeInsn(i)).toEqual([]);
  });

  it('looks into no value and passes each where its kind belongs', () => {
    for (const i of variants) expect(() => record(ISA[mnemonic], i, SYMBOLIC), describeInsn(i)).not.toThrow();
  });
});

describe('the staging test itself', () => {
  const i = insn('ADD', { dst: operand(OperandKind.REG, 4, 1), src: operand(OperandKind.REG, 4, 2) });

  it('notices a host condition on a guest value', () => {
    const peeking: Semantics = (b, insn) => {
      if ((b.read(insn.src) as unknown) === 0) b.write(insn.dst, b.constant(4, 1));
    };
    expect(differing(peeking, i)).not.toEqual([]);
  });

  it('notices a host condition on a guest condition', () => {
    const peeking: Semantics = (b) => {
      if (b.flags.zero()) b.raise(6);
    };
    expect(differing(peeking, i)).not.toEqual([]);
  });

  it('notices arithmetic on a guest value', () => {
    const coercing: Semantics = (b, insn) => b.write(insn.dst, b.constant(4, Number(b.read(insn.src)) + 1));
    expect(() => record(coercing, i, SYMBOLIC)).toThrow('looked into');
  });

  it('notices a number where a value belongs', () => {
    const confused: Semantics = (b, insn) => b.write(insn.dst, 5 as never);
    expect(() => record(confused, i, SYMBOLIC)).toThrow('where a V belongs');
  });
});
