// The x87 escapes D8 to DF (SDM vol. 2, appendix A, "Escape Opcode Instructions"): by the reg field, then memory or register
// form. Register forms that the manual leaves blank and processors execute as another instruction are marked as aliases.

import type { Feature } from '../arch/features.ts';
import type { Letter } from './operands.ts';
import { UD, byMod, byReg, byRm, opcodeMap, row } from './row.ts';
import type { ByMod, ByReg, ByRm, Entry, Row } from './row.ts';

const form =
  (...feature: readonly Feature[]) =>
  <const M extends string>(mnemonic: M, ...letters: readonly Letter[]): Row<M> =>
    row(mnemonic, ...letters, { modrm: true, feature });
const x87 = form('FPU');
/** The compares whose result is in the flags. They came with CMOV. */
const compareFlags = form('FPU', 'CMOV');
/** FISTTP is the one x87 instruction of SSE3. */
const fisttp = (letter: Letter): Row<'FISTTP'> => form('FPU', 'SSE3')('FISTTP', letter);

/** Register forms that take no operand from rm, by rm. */
const fixed = <const M extends string>(...mnemonics: readonly (M | null)[]): ByRm<M | 'UD'> =>
  byRm<M | 'UD'>(...mnemonics.map((mnemonic) => (mnemonic === null ? UD : x87(mnemonic))));
/** One such form, at one rm. */
const only = <M extends string>(rm: number, entry: Row<M>): ByRm<M | 'UD'> =>
  byRm<M | 'UD'>(...Array.from({ length: 8 }, (_, n) => (n === rm ? entry : UD)));

const conditionalMove = (cc: number): Row<'FCMOV'> => row('FCMOV', 'ST0', 'STi', { modrm: true, feature: ['FPU', 'CMOV'], cc });
const B = 2;
const E = 4;
const BE = 6;
const U = 10;
const NB = 3;
const NE = 5;
const NBE = 7;
const NU = 11;

const REAL = ['FADD', 'FMUL', 'FCOM', 'FCOMP', 'FSUB', 'FSUBR', 'FDIV', 'FDIVR'] as const;
const INTEGER = ['FIADD', 'FIMUL', 'FICOM', 'FICOMP', 'FISUB', 'FISUBR', 'FIDIV', 'FIDIVR'] as const;

/** The eight operations of ST(0) and an operand in memory, beside eight register forms. */
const arithmetic = <M extends string, R extends string>(
  operations: readonly M[],
  letter: Letter,
  registers: readonly Entry<R>[],
): ByReg<M | R> => byReg(...operations.map((mnemonic, reg): ByMod<M | R> => byMod<M | R>(x87(mnemonic, 'ST0', letter), registers[reg]!)));

const load = <const M extends string>(mnemonic: M, letter: Letter): Row<M> => x87(mnemonic, 'none', letter);

export const ESCAPES = opcodeMap({
  0xd8: arithmetic(
    REAL,
    'Md',
    REAL.map((mnemonic) => x87(mnemonic, 'ST0', 'STi')),
  ),
  0xd9: byReg(
    byMod(load('FLD', 'Md'), load('FLD', 'STi')),
    byMod(UD, x87('FXCH', 'ST0', 'STi')),
    byMod(x87('FST', 'Md'), only(0, x87('FNOP'))),
    byMod(x87('FSTP', 'Md'), x87('FSTPNCE', 'STi')), // an alias of FSTP, but for empty registers
    byMod(load('FLDENV', 'Mz'), fixed('FCHS', 'FABS', null, null, 'FTST', 'FXAM', null, null)),
    byMod(load('FLDCW', 'Mw'), fixed('FLD1', 'FLDL2T', 'FLDL2E', 'FLDPI', 'FLDLG2', 'FLDLN2', 'FLDZ', null)),
    byMod(x87('FNSTENV', 'Mz'), fixed('F2XM1', 'FYL2X', 'FPTAN', 'FPATAN', 'FXTRACT', 'FPREM1', 'FDECSTP', 'FINCSTP')),
    byMod(x87('FNSTCW', 'Mw'), fixed('FPREM', 'FYL2XP1', 'FSQRT', 'FSINCOS', 'FRNDINT', 'FSCALE', 'FSIN', 'FCOS')),
  ),
  0xda: arithmetic(INTEGER, 'Md', [...[B, E, BE, U].map(conditionalMove), UD, only(1, x87('FUCOMPP', 'ST0', 'STi')), UD, UD]),
  0xdb: byReg(
    byMod(load('FILD', 'Md'), conditionalMove(NB)),
    byMod(fisttp('Md'), conditionalMove(NE)),
    byMod(x87('FIST', 'Md'), conditionalMove(NBE)),
    byMod(x87('FISTP', 'Md'), conditionalMove(NU)),
    byMod(UD, fixed('FNENI', 'FNDISI', 'FNCLEX', 'FNINIT', 'FNSETPM', null, null, null)),
    byMod(load('FLD_M80', 'Mt'), compareFlags('FUCOMI', 'ST0', 'STi')),
    byMod(UD, compareFlags('FCOMI', 'ST0', 'STi')),
    byMod(x87('FSTP_M80', 'Mt'), UD),
  ),
  0xdc: arithmetic(REAL, 'Mq', [
    x87('FADD', 'STi', 'ST0'),
    x87('FMUL', 'STi', 'ST0'),
    x87('FCOM', 'ST0', 'STi'),
    x87('FCOMP', 'ST0', 'STi'), // FCOM, FCOMP: aliases
    x87('FSUBR', 'STi', 'ST0'),
    x87('FSUB', 'STi', 'ST0'),
    x87('FDIVR', 'STi', 'ST0'),
    x87('FDIV', 'STi', 'ST0'),
  ]),
  0xdd: byReg(
    byMod(load('FLD', 'Mq'), x87('FFREE', 'STi')),
    byMod(fisttp('Mq'), x87('FXCH', 'ST0', 'STi')), // an alias
    byMod(x87('FST', 'Mq'), x87('FST', 'STi')),
    byMod(x87('FSTP', 'Mq'), x87('FSTP', 'STi')),
    byMod(load('FRSTOR', 'Mz'), x87('FUCOM', 'ST0', 'STi')),
    byMod(UD, x87('FUCOMP', 'ST0', 'STi')),
    byMod(x87('FNSAVE', 'Mz'), UD),
    byMod(x87('FNSTSW', 'Mw'), UD),
  ),
  0xde: arithmetic(INTEGER, 'Mw', [
    // FCOMP: an alias
    x87('FADDP', 'STi', 'ST0'),
    x87('FMULP', 'STi', 'ST0'),
    x87('FCOMP', 'ST0', 'STi'),
    only(1, x87('FCOMPP', 'ST0', 'STi')),
    x87('FSUBRP', 'STi', 'ST0'),
    x87('FSUBP', 'STi', 'ST0'),
    x87('FDIVRP', 'STi', 'ST0'),
    x87('FDIVP', 'STi', 'ST0'),
  ]),
  0xdf: byReg(
    byMod(load('FILD', 'Mw'), x87('FFREEP', 'STi')), // FFREEP: not in the manual
    byMod(fisttp('Mw'), x87('FXCH', 'ST0', 'STi')), // an alias
    byMod(x87('FIST', 'Mw'), x87('FSTP', 'STi')), // an alias
    byMod(x87('FISTP', 'Mw'), x87('FSTP', 'STi')), // an alias
    byMod(load('FBLD', 'Mt'), only(0, x87('FNSTSW', 'AX'))),
    byMod(load('FILD', 'Mq'), compareFlags('FUCOMIP', 'ST0', 'STi')),
    byMod(x87('FBSTP', 'Mt'), compareFlags('FCOMIP', 'ST0', 'STi')),
    byMod(x87('FISTP', 'Mq'), UD),
  ),
});
