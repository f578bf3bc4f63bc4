// Compares one instruction of ours with the independent decoder's, field by field.

import { OperandKind } from '../../src/cpu/builder/insn.ts';
import type { Insn, Operand } from '../../src/cpu/builder/insn.ts';
import type { IcedInsn, IcedOperand } from './iced.ts';
import { namesOf } from './names.ts';

const GPR = ['A', 'C', 'D', 'B', 'SP', 'BP', 'SI', 'DI'];
const SEGMENTS = ['ES', 'CS', 'SS', 'DS', 'FS', 'GS'];

/** The name of general register `reg` in `size` bytes. */
export function registerName(reg: number, size: number): string {
  if (reg >= 8) return `R${reg}${{ 1: 'L', 2: 'W', 4: 'D', 8: '' }[size]}`;
  const stem = GPR[reg]!;
  if (size === 1) return `${stem}L`;
  const word = reg < 4 ? `${stem}X` : stem;
  return { 2: '', 4: 'E', 8: 'R' }[size]! + word;
}

function operandRegister(o: Operand): string {
  switch (o.kind) {
    case OperandKind.REG:
      return registerName(o.reg, o.size);
    case OperandKind.REG_HIGH:
      return `${GPR[o.reg]}H`;
    case OperandKind.SREG:
      return SEGMENTS[o.reg]!;
    case OperandKind.CREG:
      return `CR${o.reg}`;
    case OperandKind.DREG:
      return `DR${o.reg}`;
    case OperandKind.ST:
      return `ST${o.reg}`;
    default:
      return '';
  }
}

/** A word register where the other decoder writes the whole one: the manual allows both spellings. */
const WORD_SOURCE = new Set<Insn['mnemonic']>(['LAR', 'LSL', 'LLDT', 'LTR', 'VERR', 'VERW', 'LMSW', 'MOV_TO_SREG', 'ARPL']);
/** Memory operands that are structures or no access at all. */
// biome-ignore format: a table
const NO_MEMORY_SIZE = new Set<Insn['mnemonic']>([
  'LEA', 'INVLPG', 'INVPCID', 'SGDT', 'SIDT', 'LGDT', 'LIDT', 'BOUND', 'CMPXCHG8B', 'LOAD_FAR_POINTER', 'JMP_FAR_MEM', 'CALL_FAR_MEM',
  'CLFLUSH', 'FLD_M80', 'FSTP_M80', 'FBLD', 'FBSTP', 'FLDENV', 'FNSTENV', 'FRSTOR', 'FNSAVE',
]);
/** Where operands are not compared: hints have none here. */
const NO_OPERANDS = new Set<Insn['mnemonic']>(['NOP', 'PAUSE', 'FENCE', 'UD']);

/** Our operands in the other decoder's order, implied ones included as it does. */
function operandsOf(insn: Insn): Operand[] {
  const given = [insn.dst, insn.src, insn.third].filter((o) => o.kind !== OperandKind.NONE);
  // of the x87's ST(0) beside memory the other says nothing, nor of both in FCOMPP
  if (insn.dst.kind === OperandKind.ST && insn.src.kind === OperandKind.MEM) return [insn.src];
  switch (insn.mnemonic) {
    case 'FCOMPP':
    case 'FUCOMPP':
      return [];
    case 'CMPS':
      return [insn.src, insn.dst];
    case 'XLAT':
      return [insn.src];
    case 'LOAD_FAR_POINTER':
      return [insn.dst, insn.src];
    case 'JMP_FAR':
    case 'CALL_FAR':
      return [insn.dst];
    default:
      return given;
  }
}

/** In 64-bit mode ES CS SS DS are the same flat space, and the other decoder tells a null prefix as an override. */
const sameSegment = (insn: Insn, ours: number, theirs: string): boolean =>
  SEGMENTS[ours] === theirs || (insn.mode === 8 && ours < 4 && SEGMENTS.indexOf(theirs) < 4);

function memoryDifferences(insn: Insn, o: Operand, theirs: IcedInsn): string[] {
  const { base, index, scale, displacement, segment } = o.address;
  const out: string[] = [];
  const expectedBase = base === 16 ? (insn.addressSize === 4 ? 'EIP' : 'RIP') : base < 0 ? 'None' : registerName(base, insn.addressSize);
  if (expectedBase !== theirs.base) out.push(`base ${expectedBase}, not ${theirs.base}`);
  if (insn.mnemonic !== 'XLAT') {
    const expectedIndex = index < 0 ? 'None' : registerName(index, insn.addressSize);
    if (expectedIndex !== theirs.index) out.push(`index ${expectedIndex}, not ${theirs.index}`);
    if (index >= 0 && scale !== theirs.scale) out.push(`scale ${scale}, not ${theirs.scale}`);
  }
  // The other decoder gives the target of RIP-relative addresses; the instruction is at 0.
  const target = BigInt(displacement) + (base === 16 ? BigInt(insn.length) : 0n);
  const bits = insn.addressSize * 8;
  // A moffs beyond 2^53 is not canonical, and its low bits do not matter.
  const exact = Number.isSafeInteger(displacement);
  const low = (x: bigint): bigint => BigInt.asUintN(bits, x);
  const same = exact ? low(target) === low(theirs.displacement) : displacement === Number(theirs.displacement);
  if (!same) out.push(`displacement ${target}, not ${theirs.displacement}`);
  if (!sameSegment(insn, segment, theirs.segment)) out.push(`segment ${SEGMENTS[segment]}, not ${theirs.segment}`);
  return out;
}

function operandDifferences(insn: Insn, o: Operand, other: IcedOperand, theirs: IcedInsn): string[] {
  switch (other.kind) {
    case 'register': {
      const ours = operandRegister(o);
      const loose = WORD_SOURCE.has(insn.mnemonic) && o.kind === OperandKind.REG && o.size === 2;
      const same = loose ? [2, 4, 8].some((size) => registerName(o.reg, size) === other.register) : ours === other.register;
      return same ? [] : [`register ${ours || 'none'}, not ${other.register}`];
    }
    case 'memory': {
      if (o.kind !== OperandKind.MEM) return [`kind ${o.kind}, not memory`];
      const sizes = NO_MEMORY_SIZE.has(insn.mnemonic) || o.size === other.size ? [] : [`access of ${o.size}, not ${other.size}`];
      if (other.register === '') return [...sizes, ...memoryDifferences(insn, o, theirs)];
      if (o.address.base !== { SI: 6, DI: 7 }[other.register]) sizes.push(`base ${o.address.base}, not ${other.register}`);
      if (other.register === 'SI' && !sameSegment(insn, o.address.segment, theirs.segment)) {
        sizes.push(`segment ${SEGMENTS[o.address.segment]}, not ${theirs.segment}`);
      }
      return sizes;
    }
    case 'immediate': {
      if (o.kind !== OperandKind.IMM) return [`kind ${o.kind}, not immediate`];
      const bits = o.size * 8;
      const low = (width: number, x: bigint): bigint => BigInt.asUintN(width, x);
      const narrow = Math.min(bits, 32);
      const same = low(bits, o.imm64) === low(bits, other.value) && low(narrow, BigInt(o.imm)) === low(narrow, other.value);
      return same ? [] : [`immediate ${o.imm64}, not ${other.value}`];
    }
    case 'far': {
      const value = BigInt.asUintN(o.size * 8, o.imm64) | (BigInt(insn.src.imm) << 32n);
      return value === other.value && o.size === other.size ? [] : [`far pointer ${value}, not ${other.value}`];
    }
    default:
      return [];
  }
}

/** What differs, in words; empty when the two agree. */
export function differences(insn: Insn, theirs: IcedInsn): string[] {
  if (insn.length !== theirs.length) return [`length ${insn.length}, not ${theirs.length}`];
  if (!namesOf(insn).includes(theirs.mnemonic)) return [`${insn.mnemonic}, not ${theirs.mnemonic}`];
  // F3 41 90 exchanges R8 with RAX: recorded on hardware (test/hardware), whatever its name
  if (NO_OPERANDS.has(insn.mnemonic) || theirs.mnemonic === 'Pause') return [];
  const ours = operandsOf(insn);
  const near = theirs.operands[0]?.kind === 'near';
  if (near) {
    const bits = insn.mode === 8 ? 64 : insn.size * 8;
    const target = BigInt.asUintN(bits, BigInt(insn.length + insn.displacement));
    return target === theirs.operands[0]!.value ? [] : [`target ${target}, not ${theirs.operands[0]!.value}`];
  }
  // Constant operands and implied accumulators are listed by both.
  if (ours.length !== theirs.operands.length) return [`${ours.length} operands, not ${theirs.operands.length}`];
  return ours.flatMap((o, n) => operandDifferences(insn, o, theirs.operands[n]!, theirs));
}
