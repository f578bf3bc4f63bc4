// Canonical flags of the runtime module against the definition of each flag (SDM vol. 1, "Status Flags") and the words of
// cpu/flags.ts.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Size } from '../../src/cpu/builder/insn.ts';
import { AF, CF, OF, PF, SF, ZF } from '../../src/cpu/arch/rflags.ts';
import { evenParity, statusFlags } from '../../src/cpu/flags.ts';
import { CANONICAL, FlagOp, OVERRIDE, flagKind, opOf, sizeOf } from '../../src/cpu/translator/flag-kinds.ts';
import { runtimeModule } from '../../src/cpu/translator/runtime-module.ts';

interface Runtime {
  flagAux(kind: number, x: bigint, y: bigint, r: bigint, top: number): number;
  flagResult(kind: number, r: bigint): bigint;
}

const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
const { flagAux, flagResult } = new WebAssembly.Instance(
  new WebAssembly.Module(runtimeModule({ pages: 1, shared: false }, 2, { rows: 0, bits: 0 })),
  {
    env: { memory, slow: () => 0, helper: () => 0 },
  },
).exports as unknown as Runtime;

/** The six flags as the runtime leaves them. */
function flagsOf(kind: number, x: bigint, y: bigint, r: bigint, top = 0): number {
  const aux = flagAux(kind, x, y, r, top);
  const result = BigInt.asUintN(64, flagResult(kind, r));
  return statusFlags(Number(result & 0xffffffffn) | 0, Number(result >> 32n) | 0, aux);
}

const fitted = (size: Size, x: bigint): bigint => BigInt.asUintN(8 * size, x);
const signed = (size: Size, x: bigint): bigint => BigInt.asIntN(8 * size, x);

/** SF, ZF and PF of a result, and the others as given. */
const flags = (size: Size, r: bigint, carry: boolean, overflow: boolean, adjust: boolean): number =>
  (carry ? CF : 0) |
  (overflow ? OF : 0) |
  (adjust ? AF : 0) |
  (r === 0n ? ZF : 0) |
  (signed(size, r) < 0n ? SF : 0) |
  (evenParity(Number(r & 0xffn)) ? PF : 0);

function addition(size: Size, x: bigint, y: bigint, carryIn: bigint): { r: bigint; flags: number } {
  const r = fitted(size, x + y + carryIn);
  const exact = signed(size, x) + signed(size, y) + carryIn;
  return { r, flags: flags(size, r, x + y + carryIn !== r, exact !== signed(size, r), (x & 15n) + (y & 15n) + carryIn > 15n) };
}

function subtraction(size: Size, x: bigint, y: bigint, borrow: bigint): { r: bigint; flags: number } {
  const r = fitted(size, x - y - borrow);
  const exact = signed(size, x) - signed(size, y) - borrow;
  return { r, flags: flags(size, r, x < y + borrow, exact !== signed(size, r), (x & 15n) < (y & 15n) + borrow) };
}

const SIZES: readonly Size[] = [1, 2, 4, 8];
const corner = fc.constantFrom(
  0n,
  1n,
  15n,
  16n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
);
const word = fc.oneof(corner, fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }));
const bit = fc.constantFrom(0n, 1n);

describe.each(SIZES)('flags of operands of %d bytes', (size) => {
  const check = (compute: (x: bigint, y: bigint, c: bigint) => void): void =>
    fc.assert(
      fc.property(word, word, bit, (x, y, c) => compute(fitted(size, x), fitted(size, y), c)),
      { numRuns: 500, seed: size },
    );

  it('after an addition, with carry in or without', () =>
    check((x, y, c) => {
      const sum = addition(size, x, y, c);
      expect(flagsOf(flagKind(FlagOp.ADD, size), x, y, sum.r)).toBe(sum.flags);
    }));

  it('after a subtraction, with borrow in or without', () =>
    check((x, y, c) => {
      const difference = subtraction(size, x, y, c);
      expect(flagsOf(flagKind(FlagOp.SUB, size), x, y, difference.r)).toBe(difference.flags);
    }));

  it('after INC and DEC, which keep CF', () =>
    check((x, _y, c) => {
      const more = addition(size, x, 1n, 0n);
      const less = subtraction(size, x, 1n, 0n);
      const carry = c ? CF : 0;
      expect(flagsOf(flagKind(FlagOp.INC, size), x, c, more.r)).toBe((more.flags & ~CF) | carry);
      expect(flagsOf(flagKind(FlagOp.DEC, size), x, c, less.r)).toBe((less.flags & ~CF) | carry);
    }));

  it('after a logical operation', () =>
    check((x, y) => {
      expect(flagsOf(flagKind(FlagOp.LOGIC, size), y, y, x)).toBe(flags(size, x, false, false, false));
    }));

  it('with CF and OF from elsewhere', () =>
    check((x, y, c) => {
      const of = y & 1n;
      const top = Number(BigInt.asIntN(32, (c << 31n) | ((c ^ of) << 30n)));
      for (const op of [FlagOp.ADD, FlagOp.SUB, FlagOp.LOGIC, FlagOp.INC, FlagOp.DEC]) {
        const kind = flagKind(op, size);
        const r = op === FlagOp.ADD ? fitted(size, x + y) : fitted(size, x - y);
        const expected = (flagsOf(kind, x, y & 1n, r) & ~(CF | OF)) | (c ? CF : 0) | (of ? OF : 0);
        expect(flagsOf(kind | OVERRIDE, x, y & 1n, r, top)).toBe(expected);
      }
    }));
});

describe('kinds', () => {
  it('of canonical words leave them as they are', () => {
    fc.assert(
      fc.property(fc.integer(), word, (aux, r) => {
        expect(flagAux(CANONICAL, BigInt(aux >>> 0), 0n, r, 0)).toBe(aux);
        expect(flagResult(CANONICAL, r)).toBe(BigInt.asIntN(64, r));
      }),
      { seed: 5 },
    );
  });

  it('say their operation and size', () => {
    for (const op of Object.values(FlagOp)) {
      for (const size of SIZES) {
        expect([opOf(flagKind(op, size)), sizeOf(flagKind(op, size))]).toEqual([op, size]);
        expect([opOf(flagKind(op, size) | OVERRIDE), sizeOf(flagKind(op, size) | OVERRIDE)]).toEqual([op, size]);
      }
    }
  });
});
