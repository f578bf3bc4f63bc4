// Opcode extensions: what the reg, rm and mod fields of ModRM select (SDM vol. 2, table "Opcode Extensions for One- and
// Two-byte Opcodes by Group Number"). The operands common to a group stand in its row of the opcode map.

import type { Feature } from '../arch/features.ts';
import type { Letter } from './operands.ts';
import { UD, byMod, byMode, byPrefix, byReg, byRexW, byRm, noPrefix, row } from './row.ts';
import type { ByMod, ByPrefix, Row, RowOptions } from './row.ts';

const LOCK = { lock: true } as const;

/** Immediate group: Eb,Ib  Ev,Iz  Ev,sIb. */
export const group1 = (dst: Letter, src: Letter) =>
  byReg(
    row('ADD', dst, src, LOCK),
    row('OR', dst, src, LOCK),
    row('ADC', dst, src, LOCK),
    row('SBB', dst, src, LOCK),
    row('AND', dst, src, LOCK),
    row('SUB', dst, src, LOCK),
    row('XOR', dst, src, LOCK),
    row('CMP', dst, src),
  );

export const GROUP_1A = byReg(row('POP', 'Ev', { size: 'd64' }), UD, UD, UD, UD, UD, UD, UD);

/** Shift group; /6 is an alias of SHL that processors execute. */
export const group2 = (dst: Letter, count: Letter) =>
  byReg(
    row('ROL', dst, count),
    row('ROR', dst, count),
    row('RCL', dst, count),
    row('RCR', dst, count),
    row('SHL', dst, count),
    row('SHR', dst, count),
    row('SHL', dst, count),
    row('SAR', dst, count),
  );

/** Unary group; /1 is an alias of TEST that processors execute. */
export const group3 = (dst: Letter, immediate: Letter) =>
  byReg(
    row('TEST', dst, immediate),
    row('TEST', dst, immediate),
    row('NOT', dst, LOCK),
    row('NEG', dst, LOCK),
    row('MUL', dst),
    row('IMUL1', dst),
    row('DIV', dst),
    row('IDIV', dst),
  );

export const GROUP_4 = byReg(row('INC', 'Eb', LOCK), row('DEC', 'Eb', LOCK), UD, UD, UD, UD, UD, UD);

export const GROUP_5 = byReg(
  row('INC', 'Ev', LOCK),
  row('DEC', 'Ev', LOCK),
  row('CALL', 'Ev', { size: 'f64' }),
  row('CALL_FAR_MEM', 'Mp'),
  row('JMP', 'Ev', { size: 'f64' }),
  row('JMP_FAR_MEM', 'Mp'),
  row('PUSH', 'Ev', { size: 'd64' }),
  UD,
);

/** A word in memory, or a register of operand size. */
const storeWord = <const M extends string>(mnemonic: M): ByMod<M> => byMod(row(mnemonic, 'Mw'), row(mnemonic, 'Rv'));

export const GROUP_6 = byReg(
  storeWord('SLDT'),
  storeWord('STR'),
  row('LLDT', 'Ew'),
  row('LTR', 'Ew'),
  row('VERR', 'Ew'),
  row('VERW', 'Ew'),
  UD,
  UD,
);

const DESCRIPTOR: RowOptions = { size: 'f64' };
/** CLAC and STAC: no operand, and no mandatory prefix is allowed. */
const plain = <const M extends string>(mnemonic: M, feature: Feature): ByPrefix<M | 'UD'> =>
  noPrefix(row(mnemonic, { feature, modrm: true }));

export const GROUP_7 = byReg(
  byMod(row('SGDT', 'Ms', DESCRIPTOR), UD),
  byMod(row('SIDT', 'Ms', DESCRIPTOR), byRm(UD, UD, plain('CLAC', 'SMAP'), plain('STAC', 'SMAP'), UD, UD, UD, UD)),
  byMod(row('LGDT', 'Ms', DESCRIPTOR), UD),
  byMod(row('LIDT', 'Ms', DESCRIPTOR), UD),
  storeWord('SMSW'),
  UD,
  row('LMSW', 'Ew'),
  byMod(
    row('INVLPG', 'Mb'),
    byRm(row('SWAPGS', { only64: true, modrm: true }), row('RDTSCP', { feature: 'RDTSCP', modrm: true }), UD, UD, UD, UD, UD, UD),
  ),
);

export const GROUP_8 = byReg(
  UD,
  UD,
  UD,
  UD,
  row('BT', 'Ev', 'Ib'),
  row('BTS', 'Ev', 'Ib', LOCK),
  row('BTR', 'Ev', 'Ib', LOCK),
  row('BTC', 'Ev', 'Ib', LOCK),
);

/** CMPXCHG8B, and CMPXCHG16B with REX.W. Size y makes i.size half of what is compared. */
const CMPXCHG8B = byRexW(
  row('CMPXCHG8B', 'Mv', { size: 'y', lock: true, feature: 'CX16', alignment: 16 }),
  row('CMPXCHG8B', 'Mv', { size: 'y', lock: true, feature: 'CX8' }),
);
export const GROUP_9 = byReg(UD, byMod(CMPXCHG8B, UD), UD, UD, UD, UD, UD, UD);

/** /7 with mod 3 would be XABORT and XBEGIN of TSX, which is not there. */
export const group11 = (dst: Letter, immediate: Letter) => byReg(row('MOV', dst, immediate), UD, UD, UD, UD, UD, UD, UD);

const FSGSBASE: RowOptions = { only64: true, size: 'y', feature: 'FSGSBASE' };
const fsGsBase = <M extends string>(entry: Row<M>): ByPrefix<M | 'UD'> => byPrefix<M | 'UD'>({ none: UD, f3: entry });

/** FXSAVE and its kin are not there. */
export const GROUP_15 = byReg(
  byMod(UD, fsGsBase(row('RDFSBASE', 'Rv', FSGSBASE))),
  byMod(UD, fsGsBase(row('RDGSBASE', 'Rv', FSGSBASE))),
  byMod(UD, fsGsBase(row('WRFSBASE', 'Rv', FSGSBASE))),
  byMod(UD, fsGsBase(row('WRGSBASE', 'Rv', FSGSBASE))),
  UD,
  byMod(UD, noPrefix(row('FENCE', { modrm: true, feature: 'SSE2' }))),
  byMod(UD, noPrefix(row('FENCE', { modrm: true, feature: 'SSE2' }))),
  byMod(noPrefix(row('CLFLUSH', 'Mb', { feature: 'CLFSH' })), noPrefix(row('FENCE', { modrm: true, feature: 'SSE' }))),
);

/** 62h: BOUND, where it is not the EVEX prefix. */
export const BOUND = byMode(UD, byMod(row('BOUND', 'Gv', 'Ma'), UD));

/** C4h and C5h: LES and LDS, where they are not VEX prefixes. */
export const LES = byMode(UD, byMod(row('LOAD_FAR_POINTER', 'Gv', 'Mp', 'ES'), UD));
export const LDS = byMode(UD, byMod(row('LOAD_FAR_POINTER', 'Gv', 'Mp', 'DS'), UD));
