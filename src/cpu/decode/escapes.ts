// The x87 escapes D8 to DF (SDM vol. 2, appendix A, "Escape Opcode Instructions"): by the reg field, then memory or register
// form. Register forms that the manual leaves blank and processors execute as another instruction are marked as aliases.

import type { Mnemonic } from '../isa/mnemonics.ts';
import type { Letter } from './operands.ts';
import { UD, byMod, byReg, byRm, row } from './row.ts';
import type { Entry, OpcodeMap, RowOptions } from './row.ts';

const FPU: RowOptions = { modrm: true, feature: 'FPU' };
const x87 = (mnemonic: Mnemonic, ...letters: readonly Letter[]): Entry => row(mnemonic, ...letters, FPU);

/** Register forms that take no operand from rm, by rm. */
const fixed = (...mnemonics: readonly (Mnemonic | null)[]): Entry =>
  byRm(...mnemonics.map((mnemonic) => (mnemonic === null ? UD : x87(mnemonic))));
/** One such form, at one rm. */
const only = (rm: number, entry: Entry): Entry => byRm(...Array.from({ length: 8 }, (_, n) => (n === rm ? entry : UD)));

const conditionalMove = (cc: number): Entry => row('FCMOV', 'ST0', 'STi', { modrm: true, feature: 'CMOV', cc });
const B = 2;
const E = 4;
const BE = 6;
const U = 10;
const NB = 3;
const NE = 5;
const NBE = 7;
const NU = 11;

const REAL: readonly Mnemonic[] = ['FADD', 'FMUL', 'FCOM', 'FCOMP', 'FSUB', 'FSUBR', 'FDIV', 'FDIVR'];
const INTEGER: readonly Mnemonic[] = ['FIADD', 'FIMUL', 'FICOM', 'FICOMP', 'FISUB', 'FISUBR', 'FIDIV', 'FIDIVR'];

/** The eight operations of ST(0) and an operand in memory, beside eight register forms. */
const arithmetic = (operations: readonly Mnemonic[], letter: Letter, registers: readonly Entry[]): Entry =>
  byReg(...operations.map((mnemonic, reg) => byMod(x87(mnemonic, 'ST0', letter), registers[reg]!)));

const load = (mnemonic: Mnemonic, letter: Letter): Entry => x87(mnemonic, 'none', letter);

export const ESCAPES: OpcodeMap = {
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
    byMod(x87('FISTTP', 'Md'), conditionalMove(NE)),
    byMod(x87('FIST', 'Md'), conditionalMove(NBE)),
    byMod(x87('FISTP', 'Md'), conditionalMove(NU)),
    byMod(UD, fixed('FNENI', 'FNDISI', 'FNCLEX', 'FNINIT', 'FNSETPM', null, null, null)),
    byMod(load('FLD_M80', 'Mt'), x87('FUCOMI', 'ST0', 'STi')),
    byMod(UD, x87('FCOMI', 'ST0', 'STi')),
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
    byMod(x87('FISTTP', 'Mq'), x87('FXCH', 'ST0', 'STi')), // an alias
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
    byMod(x87('FISTTP', 'Mw'), x87('FXCH', 'ST0', 'STi')), // an alias
    byMod(x87('FIST', 'Mw'), x87('FSTP', 'STi')), // an alias
    byMod(x87('FISTP', 'Mw'), x87('FSTP', 'STi')), // an alias
    byMod(load('FBLD', 'Mt'), only(0, x87('FNSTSW', 'AX'))),
    byMod(load('FILD', 'Mq'), x87('FUCOMIP', 'ST0', 'STi')),
    byMod(x87('FBSTP', 'Mt'), x87('FCOMIP', 'ST0', 'STi')),
    byMod(x87('FISTP', 'Mq'), UD),
  ),
};
