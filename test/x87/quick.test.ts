// Quick instructions against the whole meaning: on random states of the x87, one that is done leaves the state that the helper of the
// same name leaves, and one that is refused leaves everything as it was. Registers hold special values, their neighbours and numbers
// near each other; every rounding mode, precision and mask comes up.

import { describe, expect, it } from 'vitest';
import { VCPU_STATE } from '../../src/base/state/vcpu.ts';
import type { PairHelper, SystemHelper } from '../../src/cpu/builder/helpers.ts';
import { CodeMode, OperandKind } from '../../src/cpu/builder/insn.ts';
import type { Insn } from '../../src/cpu/builder/insn.ts';
import type { Cpu } from '../../src/cpu/cpu.ts';
import { decode } from '../../src/cpu/decode/decode.ts';
import { FaultSignal } from '../../src/cpu/signals.ts';
import { PAIRS, SYSTEM } from '../../src/cpu/system/index.ts';
import { quickOf } from '../../src/cpu/x87/quick-forms.ts';
import { DONE, REFUSED } from '../../src/cpu/x87/quick/form.ts';
import { instantiateQuick } from '../../src/cpu/x87/quick/instance.ts';
import { encodingNear, operandNear, random } from '../float/operands.ts';
import { ALL_FEATURES } from '../support/cpu-models.ts';
import { x87Rig } from './support.ts';

const TRIES = 400;

type Next = () => number;

/** An instruction of that opcode with an operand at 0, and with ST(0), ST(1), ST(5). */
const memory = (opcode: number, reg: number): readonly number[] => [opcode, (reg << 3) | 5, 0, 0, 0, 0];
const registers = (opcode: number, reg: number): (readonly number[])[] => [0, 1, 5].map((n) => [opcode, 0xc0 | (reg << 3) | n]);

/** Operands in memory or registers, and the register form that has ST(i) as its destination. */
const real = (reg: number, toRegister: number): (readonly number[])[] => [
  memory(0xd8, reg),
  memory(0xdc, reg),
  ...registers(0xd8, reg),
  ...registers(0xdc, toRegister),
];
const integer = (reg: number): (readonly number[])[] => [memory(0xda, reg), memory(0xde, reg)];

/** By helper, the bytes of instructions that ask for it. */
// biome-ignore format: a table
const FORMS: Readonly<Partial<Record<SystemHelper, readonly (readonly number[])[]>>> = {
  fadd: real(0, 0), fmul: real(1, 1), fsub: real(4, 5), fsubr: real(5, 4), fdiv: real(6, 7), fdivr: real(7, 6),
  faddp: registers(0xde, 0), fmulp: registers(0xde, 1), fsubp: registers(0xde, 5), fsubrp: registers(0xde, 4),
  fdivp: registers(0xde, 7), fdivrp: registers(0xde, 6),
  fiadd: integer(0), fimul: integer(1), ficom: integer(2), ficomp: integer(3),
  fisub: integer(4), fisubr: integer(5), fidiv: integer(6), fidivr: integer(7),
  fcom: real(2, 2), fcomp: real(3, 3), fcompp: [[0xde, 0xd9]],
  fucom: registers(0xdd, 4), fucomp: registers(0xdd, 5), fucompp: [[0xda, 0xe9]], ftst: [[0xd9, 0xe4]],
  fsqrt: [[0xd9, 0xfa]], frndint: [[0xd9, 0xfc]], fchs: [[0xd9, 0xe0]], fabs: [[0xd9, 0xe1]],
  fld: [memory(0xd9, 0), memory(0xdd, 0), ...registers(0xd9, 0)], fild: [memory(0xdb, 0), memory(0xdf, 0), memory(0xdf, 5)],
  fldz: [[0xd9, 0xee]], fld1: [[0xd9, 0xe8]],
  fst: registers(0xdd, 2), fstp: registers(0xdd, 3), fxch: registers(0xd9, 1), ffree: registers(0xdd, 0),
  fincstp: [[0xd9, 0xf7]], fdecstp: [[0xd9, 0xf6]], fnop: [[0xd9, 0xd0]],
  fldcw: [memory(0xd9, 5)],
};

/** Stores to memory: the conversion, its helper at the end, opcode and ModRM.reg. */
// biome-ignore format: a table
const STORES: readonly (readonly [PairHelper, 'x87Stored' | 'x87StoredPop', number, number])[] = [
  ['toReal', 'x87Stored', 0xd9, 2], ['toReal', 'x87StoredPop', 0xd9, 3],
  ['toReal', 'x87Stored', 0xdd, 2], ['toReal', 'x87StoredPop', 0xdd, 3],
  ['toInteger', 'x87Stored', 0xdb, 2], ['toInteger', 'x87StoredPop', 0xdb, 3], ['toInteger', 'x87Stored', 0xdf, 2],
  ['toInteger', 'x87StoredPop', 0xdf, 3], ['toInteger', 'x87StoredPop', 0xdf, 7],
  ['toTruncated', 'x87StoredPop', 0xdb, 1], ['toTruncated', 'x87StoredPop', 0xdd, 1], ['toTruncated', 'x87StoredPop', 0xdf, 1],
];

function decoded(bytes: readonly number[]): Insn {
  let at = 0;
  return decode(() => bytes[at++]!, CodeMode.BITS32, ALL_FEATURES);
}

/** Anything goes, but most often the stack is full enough and everything is masked. */
function scramble(cpu: Cpu, next: Next): void {
  const { state } = cpu;
  let last = BigInt(next());
  for (let register = 0; register < 8; register++) {
    last = operandNear(next, last);
    cpu.x87.writePhysical(register, last);
  }
  state.ftw[0] = next() % 4 ? [0xff, 0x7f, 0xf0, 0xfe][next() & 3]! : next() & 0xff;
  cpu.x87.control = (next() & 0xf00) | (next() % 4 ? 0x3f : next() & 0x3f);
  cpu.x87.status = (next() & 0x7f00) | (next() % 8 ? 0 : next() & 0x7f);
  state.fop[0] = next() & 0x7ff;
  state.fip[0] = state.fdp[0] = BigInt(next());
  state.fcs[0] = state.fds[0] = next() & 0xffff;
}

/** An operand in memory of that size, as raw bits. */
function memoryOperand(next: Next, i: Insn): bigint {
  if (i.src.kind !== OperandKind.MEM) return 0n;
  const { size } = i.src;
  if (size !== 2 && next() & 1) return encodingNear(next, size === 4 ? 32 : 64);
  return BigInt.asUintN(8 * size, (BigInt(next()) << 32n) | BigInt(next()));
}

/** Runs a helper as an interpreter does. Returns whether it went through. */
function runHelpers(run: () => void): boolean {
  try {
    run();
    return true;
  } catch (signal) {
    if (signal instanceof FaultSignal) return false;
    throw signal;
  }
}

const rig = x87Rig('32-bit');
const { cpu } = rig;
const quick = instantiateQuick(cpu.linear);
const block = cpu.linear.u8.subarray(cpu.blockOffset, cpu.blockOffset + VCPU_STATE.size);
const hidden = new Set<number>(Array.from({ length: 8 }, (_, n) => VCPU_STATE.offset.x87Value + n));
const stateOf = (): number[] => [...block].filter((_, at) => !hidden.has(at));

/** Both ways from the same states; gives how often the quick one was done. */
function compareWays(seed: number, i: Insn, ways: (next: Next, x: bigint) => { quickly: () => boolean; wholly: () => void }): number {
  const next = random(seed);
  let done = 0;
  for (let n = 0; n < TRIES; n++) {
    scramble(cpu, next);
    cpu.rip = next();
    const x = memoryOperand(next, i);
    const before = block.slice();
    const { quickly, wholly } = ways(next, x);
    const isDone = quickly();
    const after = stateOf();
    block.set(before);
    const what = `${Buffer.from(before.subarray(VCPU_STATE.offset.fpr)).toString('hex')} x ${x.toString(16)} fop ${i.fop.toString(16)}`;
    if (isDone) {
      done++;
      expect(runHelpers(wholly), what).toBe(true);
    }
    if (Buffer.compare(Buffer.from(after), Buffer.from(stateOf())) !== 0) expect(after, what).toEqual(stateOf());
  }
  return done;
}

describe('a quick instruction is the whole one, or refused', () => {
  it.each(Object.entries(FORMS) as [SystemHelper, readonly (readonly number[])[]][])('%s', (helper, forms) => {
    for (const [n, bytes] of forms.entries()) {
      const i = decoded(bytes);
      const { name, form } = quickOf(helper, i)!;
      const done = compareWays(0x1234567 + n, i, (next, x) => {
        const y = BigInt(next());
        return {
          quickly: () => quick[name]!(cpu.blockOffset, form, BigInt(cpu.rip), x, y) !== REFUSED,
          wholly: () => {
            SYSTEM.x87Wait(cpu, i, 0n, 0n);
            SYSTEM[helper](cpu, i, x, y);
          },
        };
      });
      expect(done, `done, of ${TRIES}`).toBeGreaterThan(TRIES / 16);
    }
  });

  it.each(STORES)('%s, %s of %i/%i', (conversion, end, opcode, reg) => {
    const i = decoded([opcode, (reg << 3) | 5, 0, 0, 0, 0]);
    const convert = quickOf(conversion, i)!;
    const store = quickOf(end, i)!;
    const size = 8 * i.dst.size;
    let stored: string | null = null;
    const done = compareWays(0x7654321 + reg, i, (next) => {
      const y = BigInt(next());
      return {
        quickly: () => {
          const outcome = quick[convert.name]!(cpu.blockOffset, convert.form, BigInt(cpu.rip), 0n, 0n);
          if (outcome === REFUSED) return false;
          stored = BigInt.asUintN(size, cpu.state.x87Value[0]).toString(16);
          expect(quick[store.name]!(cpu.blockOffset, store.form, BigInt(cpu.rip), BigInt(outcome >>> 0), y)).toBe(DONE);
          return true;
        },
        wholly: () => {
          SYSTEM.x87Wait(cpu, i, 0n, 0n);
          const [value, outcome] = PAIRS[conversion](cpu, i);
          expect(BigInt.asUintN(size, value).toString(16)).toBe(stored);
          SYSTEM[end](cpu, i, outcome, y);
        },
      };
    });
    expect(done, `done, of ${TRIES}`).toBeGreaterThan(TRIES / 16);
  });
});
