// Which helpers have a quick instruction (quick/form.ts), and what its form is.

import type { PairHelper, SystemHelper } from '../builder/helpers.ts';
import { OperandKind } from '../builder/insn.ts';
import type { Insn, Operand } from '../builder/insn.ts';
import { FormBits } from './quick/form.ts';

/**
 * `operation`: it may be refused. `conversion`: the same; it gives a pair. `word`: it gives a value. `implied`: every
 * quick instruction behind it asks the same, so that it matters only before an operand in memory.
 */
export interface Quick {
  readonly kind: 'operation' | 'conversion' | 'word' | 'implied';
  /** Of the exported function. */
  readonly name: string;
  readonly form: number;
}

interface Row {
  readonly kind?: Quick['kind'];
  readonly name: string;
  readonly pops?: 1 | 2;
  /** With an operand in memory it is another instruction, of this ending. */
  readonly ending?: 'Real' | 'Integer';
}

const real = (name: string, pops?: 1 | 2): Row => ({ name, ending: 'Real', ...(pops ? { pops } : {}) });
const integer = (name: string, pops?: 1 | 2): Row => ({ name, ending: 'Integer', ...(pops ? { pops } : {}) });
const plain = (name: string, pops?: 1 | 2): Row => ({ name, ...(pops ? { pops } : {}) });

// biome-ignore format: a table
const ROWS: Partial<Record<SystemHelper | PairHelper, Row>> = {
  fadd: real('add'), faddp: real('add', 1), fiadd: integer('add'),
  fsub: real('sub'), fsubp: real('sub', 1), fisub: integer('sub'),
  fsubr: real('subR'), fsubrp: real('subR', 1), fisubr: integer('subR'),
  fmul: real('mul'), fmulp: real('mul', 1), fimul: integer('mul'),
  fdiv: real('div'), fdivp: real('div', 1), fidiv: integer('div'),
  fdivr: real('divR'), fdivrp: real('divR', 1), fidivr: integer('divR'),
  fcom: real('compare'), fcomp: real('compare', 1), fcompp: real('compare', 2),
  ficom: integer('compare'), ficomp: integer('compare', 1),
  fucom: plain('compareQuiet'), fucomp: plain('compareQuiet', 1), fucompp: plain('compareQuiet', 2), ftst: plain('compareZero'),
  fsqrt: plain('sqrt'), frndint: plain('roundToInteger'), fchs: plain('changeSign'), fabs: plain('absolute'),
  fld: real('load'), fild: integer('load'), fldz: plain('loadZero'), fld1: plain('loadOne'),
  fst: plain('store'), fstp: plain('store', 1), fxch: plain('exchange'), ffree: plain('free'),
  fincstp: plain('incrementTop'), fdecstp: plain('decrementTop'), fnop: plain('nothing'),
  toReal: { kind: 'conversion', name: 'toReal' }, toInteger: { kind: 'conversion', name: 'toInteger' },
  toTruncated: { kind: 'conversion', name: 'toTruncated' },
  x87Stored: plain('stored'), x87StoredPop: plain('stored', 1),
  fldcw: plain('loadControl'), x87NoWait: plain('mayUse'),
  x87Control: { kind: 'word', name: 'controlWord' }, x87Status: { kind: 'word', name: 'statusWord' },
  x87Wait: { kind: 'implied', name: '' },
};

const inMemory = ({ dst, src }: Insn): Operand | null => (dst.kind === OperandKind.MEM ? dst : src.kind === OperandKind.MEM ? src : null);

/** null if the helper has none. */
export function quickOf(helper: SystemHelper | PairHelper, i: Insn): Quick | null {
  const row = ROWS[helper];
  if (row === undefined) return null;
  const { kind = 'operation', name, pops = 0, ending } = row;
  const memory = inMemory(i);
  const registers = (i.dst.reg & 7) | ((i.src.reg & 7) << FormBits.SRC);
  const operand =
    memory === null ? 0 : (1 << FormBits.MEMORY) | (memory.size << FormBits.BYTES) | (memory.address.segment << FormBits.SEGMENT);
  const isOther = ending !== undefined && i.src.kind === OperandKind.MEM;
  return {
    kind,
    name: isOther ? name + ending : name,
    form:
      (memory === null ? registers : i.dst.kind === OperandKind.ST ? i.dst.reg & 7 : 0) |
      (pops << FormBits.POPS) |
      operand |
      (i.fop << FormBits.FOP),
  };
}
