// Sample instructions of every mnemonic: one form is a size code and up to three operand letters (after the SDM's), expanded
// to every size and code size that it allows.
//
//   sizes  v 1 2 4 8 · w 2 4 8 · z 1 2 4 · y 4 8 · b 1 · h 2 · - 4
//   letters  E register and memory · G register · H AH · M memory · I immediate · 1 the immediate 1 · 0 the immediate 0
//            C CL · A accumulator · D DX · S segment register · K control register · B debug register · X [rSI] · Y [rDI] · . none

import { CodeMode, OperandKind, Rep } from '../../src/cpu/builder/insn.ts';
import type { Address, Insn, Operand, Size } from '../../src/cpu/builder/insn.ts';
import { Seg } from '../../src/base/state/vcpu.ts';
import { MNEMONICS } from './mnemonics.ts';
import type { Mnemonic } from '../../src/cpu/decode/mnemonic.ts';

const BINARY = ['v E G', 'v G E', 'v E I', 'b H E'];
const SHIFT = ['v E C', 'v E 1', 'v E I', 'v E 0'];
const X87 = ['- F T', '- T F', '- F M', '- F Mq'];
const X87_INTEGER = ['- F Mh', '- F M'];
const DOUBLE_SHIFT = ['w E G I', 'w E G C', 'w E G 0'];
const BIT = ['w E G', 'w E I'];

/** The forms of mnemonics that have operands. */
// biome-ignore format: a table
const FORMS: Partial<Record<Mnemonic, readonly string[]>> = {
  ADD: BINARY, ADC: BINARY, SUB: BINARY, SBB: BINARY, CMP: BINARY, AND: BINARY, OR: BINARY, XOR: BINARY, TEST: BINARY,
  INC: ['v E'], DEC: ['v E'], NEG: ['v E'], NOT: ['v E'], XADD: ['v E G'], CMPXCHG: ['v E G'],
  MUL: ['v E'], IMUL1: ['v E'], IMUL2: ['w G E'], IMUL3: ['w G E I'], DIV: ['v E'], IDIV: ['v E'],
  SHL: SHIFT, SHR: SHIFT, SAR: SHIFT, ROL: SHIFT, ROR: SHIFT, RCL: SHIFT, RCR: SHIFT, SHLD: DOUBLE_SHIFT, SHRD: DOUBLE_SHIFT,
  BT: BIT, BTS: BIT, BTR: BIT, BTC: BIT, BSF: ['w G E'], BSR: ['w G E'], TZCNT: ['w G E'], LZCNT: ['w G E'], POPCNT: ['w G E'],
  BSWAP: ['w G'],
  MOV: BINARY, MOVZX: ['w G Eb', 'y G Eh'], MOVSX: ['w G Eb', 'y G Eh'], LEA: ['w G M'], XCHG: ['v E G'], CMOV: ['w G E'],
  SET: ['b E'], XLAT: ['b A M'], MOVBE: ['w G M', 'w M G'], MOVNTI: ['y M G'], CBW: ['w'], CWD: ['w'], CMPXCHG8B: ['y M'],
  PUSH: ['w E', 'w I'], POP: ['w E'], ENTER: ['w Ih 0b', 'w Ih 1b', 'w Ih Ib'], LEAVE: ['w'],
  PUSHA: ['z'], POPA: ['z'], PUSHF: ['w'], POPF: ['w'],
  PUSH_SREG: ['w . S'], POP_SREG: ['w S'], MOV_FROM_SREG: ['w E S'], MOV_TO_SREG: ['w S E'], LOAD_FAR_POINTER: ['w G M S'],
  JMP: ['w E'], CALL: ['w E'], RET_IMM: ['w Ih'],
  JMP_FAR: ['w I Ih'], CALL_FAR: ['w I Ih'], JMP_FAR_MEM: ['w M'], CALL_FAR_MEM: ['w M'], RET_FAR_IMM: ['w Ih'], INT: ['- Ib'],
  MOVS: ['v Y X'], CMPS: ['v Y X'], STOS: ['v Y A'], LODS: ['v A X'], SCAS: ['v A Y'], INS: ['z Y D'], OUTS: ['z D X'],
  AAM: ['b I'], AAD: ['b I'], BOUND: ['z G M'], ARPL: ['h E G'],
  IN: ['z A D', 'z A Ib'], OUT: ['z D A', 'z Ib A'],
  MOV_FROM_CR: ['y G K'], MOV_TO_CR: ['y K G'], MOV_FROM_DR: ['y G B'], MOV_TO_DR: ['y B G'], SMSW: ['w E'], LMSW: ['h E'],
  LGDT: ['w Mh'], LIDT: ['w Mh'], SGDT: ['w Mh'], SIDT: ['w Mh'], LLDT: ['h E'], LTR: ['h E'], SLDT: ['w E'], STR: ['w E'],
  LAR: ['w G Eh'], LSL: ['w G Eh'], VERR: ['h E'], VERW: ['h E'], INVLPG: ['- Mb'], INVPCID: ['y G M'],
  RDFSBASE: ['y G'], RDGSBASE: ['y G'], WRFSBASE: ['y G'], WRGSBASE: ['y G'], CLFLUSH: ['- Mb'],
  FADD: X87, FSUB: X87, FSUBR: X87, FMUL: X87, FDIV: X87, FDIVR: X87, FCOM: X87, FCOMP: X87,
  FIADD: X87_INTEGER, FISUB: X87_INTEGER, FISUBR: X87_INTEGER, FIMUL: X87_INTEGER, FIDIV: X87_INTEGER, FIDIVR: X87_INTEGER,
  FICOM: X87_INTEGER, FICOMP: X87_INTEGER,
  FADDP: ['- T F'], FSUBP: ['- T F'], FSUBRP: ['- T F'], FMULP: ['- T F'], FDIVP: ['- T F'], FDIVRP: ['- T F'],
  FCOMPP: ['- F T'], FUCOM: ['- F T'], FUCOMP: ['- F T'], FUCOMPP: ['- F T'], FCOMI: ['- F T'], FCOMIP: ['- F T'],
  FUCOMI: ['- F T'], FUCOMIP: ['- F T'], FXCH: ['- F T'], FCMOV: ['- F T'], FFREE: ['- T'], FFREEP: ['- T'], FSTPNCE: ['- T'],
  FLD: ['- . T', '- . M', '- . Mq'], FST: ['- T', '- M', '- Mq'], FSTP: ['- T', '- M', '- Mq'], FILD: ['- . Mh', '- . M', '- . Mq'],
  FIST: ['- Mh', '- M'], FISTP: ['- Mh', '- M', '- Mq'], FISTTP: ['- Mh', '- M', '- Mq'],
  FLD_M80: ['- . Mq'], FBLD: ['- . Mq'], FSTP_M80: ['- Mq'], FBSTP: ['- Mq'],
  FLDCW: ['- . Mh'], FNSTCW: ['- Mh'], FNSTSW: ['- Mh', '- Ah'],
  FLDENV: ['y . M', 'h . M'], FRSTOR: ['y . M', 'h . M'], FNSTENV: ['y M', 'h M'], FNSAVE: ['y M', 'h M'],
  RET: ['w'], JMP_REL: ['w'], JCC: ['w'], CALL_REL: ['w'],
};

const SIZES: Readonly<Record<string, readonly Size[]>> = {
  v: [1, 2, 4, 8],
  w: [2, 4, 8],
  z: [1, 2, 4],
  y: [4, 8],
  b: [1],
  h: [2],
  q: [8],
  '-': [4],
};
const RSP = 4;

export const memoryAt = (base: number, segment: number): Address => ({ base, index: -1, scale: 1, displacement: 16, segment });
const NO_ADDRESS: Address = { base: -1, index: -1, scale: 1, displacement: 0, segment: Seg.DS };

export function operand(kind: OperandKind, size: Size, reg = 0, imm = 0, address: Address = NO_ADDRESS): Operand {
  return { kind, size, reg, imm, imm64: BigInt(imm), address };
}

export const NONE = operand(OperandKind.NONE, 1);
const memory = (size: Size, base: number, segment: number = Seg.DS): Operand =>
  operand(OperandKind.MEM, size, 0, 0, memoryAt(base, segment));

/** The operands that a letter stands for. A second letter fixes the size. */
function expand(letter: string, insnSize: Size): Operand[] {
  const size = letter.length > 1 ? SIZES[letter[1]!]![0]! : insnSize;
  switch (letter[0]) {
    case 'E':
      return [operand(OperandKind.REG, size, 3), memory(size, 3), memory(size, RSP, Seg.SS)];
    case 'G':
      return [operand(OperandKind.REG, size, 2)];
    case 'H':
      return [operand(OperandKind.REG_HIGH, 1, 0)];
    case 'M':
      return [memory(size, 3, Seg.FS)];
    case 'I':
      return [operand(OperandKind.IMM, size, 0, 0x15)];
    case '1':
      return [operand(OperandKind.IMM, letter.length > 1 ? size : 1, 0, 1)];
    case '0':
      return [operand(OperandKind.IMM, letter.length > 1 ? size : 1, 0, 0)];
    case 'F':
      return [operand(OperandKind.ST, 8, 0)];
    case 'T':
      return [operand(OperandKind.ST, 8, 3)];
    case 'C':
      return [operand(OperandKind.REG, 1, 1)];
    case 'A':
      return [operand(OperandKind.REG, size, 0)];
    case 'D':
      return [operand(OperandKind.REG, 2, 2)];
    case 'S':
      return [operand(OperandKind.SREG, 2, Seg.SS), operand(OperandKind.SREG, 2, Seg.FS)];
    case 'K':
      return [operand(OperandKind.CREG, size, 3)];
    case 'B':
      return [operand(OperandKind.DREG, size, 7)];
    case 'X':
      return [memory(size, 6)];
    case 'Y':
      return [memory(size, 7, Seg.ES)];
    default:
      return [NONE];
  }
}

const REPEATED: ReadonlySet<Mnemonic> = new Set(['MOVS', 'CMPS', 'STOS', 'LODS', 'SCAS', 'INS', 'OUTS']);

export function insn(mnemonic: Mnemonic, fields: Partial<Insn> = {}): Insn {
  const size = fields.size ?? 4;
  const mode = fields.mode ?? CodeMode.BITS32;
  const stackSize = mode === CodeMode.BITS64 ? (size === 2 ? 2 : 8) : size === 2 ? 2 : 4;
  return {
    mnemonic,
    length: 3,
    mode,
    size,
    addressSize: mode,
    stackSize,
    dst: NONE,
    src: NONE,
    third: NONE,
    lock: false,
    rep: Rep.NONE,
    cc: 4,
    fop: 0,
    displacement: 5,
    alignment: 1,
    ...fields,
  };
}

function instances(mnemonic: Mnemonic, form: string): Insn[] {
  const [sizes, ...letters] = form.split(' ');
  const out: Insn[] = [];
  for (const size of SIZES[sizes!]!) {
    for (const mode of size === 8 ? [CodeMode.BITS64] : [CodeMode.BITS16, CodeMode.BITS32, CodeMode.BITS64]) {
      const choices = [0, 1, 2].map((n) => expand(letters[n] ?? '.', size));
      for (const dst of choices[0]!)
        for (const src of choices[1]!)
          for (const third of choices[2]!) {
            const reps = REPEATED.has(mnemonic) ? [Rep.NONE, Rep.REP, Rep.REPNE] : [Rep.NONE];
            for (const rep of reps) out.push(insn(mnemonic, { size, mode, dst, src, third, rep }));
          }
    }
  }
  return out;
}

/** Every sample instruction of a mnemonic. */
export const samples = (mnemonic: Mnemonic): Insn[] => (FORMS[mnemonic] ?? ['-']).flatMap((form) => instances(mnemonic, form));

export const ALL_SAMPLES: readonly Insn[] = MNEMONICS.flatMap(samples);

const KIND_NAMES = ['none', 'reg', 'high', 'mem', 'imm', 'sreg', 'creg', 'dreg', 'st'];

/** For messages and titles. */
export function describeInsn(i: Insn): string {
  const operands = [i.dst, i.src, i.third].filter((o) => o.kind !== OperandKind.NONE).map((o) => `${KIND_NAMES[o.kind]}${8 * o.size}`);
  return `${i.mnemonic} size ${i.size} in ${8 * i.mode}-bit code: ${operands.join(', ') || 'no operands'}`;
}
