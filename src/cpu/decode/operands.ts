// The SDM's operand letters (vol. 2, "Key to Abbreviations"): a type, which says where the operand is, and a size.
//
//   E r/m  G reg  M memory only  R register only (of rm)  S C D segment, control, debug register of reg
//   O moffs  J relative  I immediate (sI sign-extended to the operand size)  X [rSI]  Y [rDI]  Z register in the opcode
//   b byte  w word  d dword  q qword  t ten bytes  v operand size  z 2 or 4  y operand size, 4 or 8
//   p s a far pointer, pseudo-descriptor, bounds
//   ST0 STi x87 registers: the top, and that of rm

import { Seg } from '../../base/state/vcpu.ts';
import type { Operand, Size } from '../builder/operand.ts';
import { immediate, one, signExtended } from './immediates.ts';
import { makeAddress } from './modrm.ts';
import {
  NO_OPERAND,
  byteRegister,
  controlRegister,
  debugRegister,
  memory,
  register,
  segmentRegister,
  stackRegister,
} from './operand-record.ts';
import { UndefinedSignal } from './undefined.ts';
import type { Parts } from './parts.ts';
import { REX_B, REX_R } from './prefixes.ts';

const RAX = 0;
const RCX = 1;
const RDX = 2;
const RBX = 3;
const RSI = 6;
const RDI = 7;
/** Control registers that exist. */
const CONTROL_REGISTERS: readonly number[] = [0, 2, 3, 4, 8];

const regOf = (p: Parts): number => p.reg + (p.prefixes.rex & REX_R ? 8 : 0);
const rmOf = (p: Parts): number => p.rm + (p.prefixes.rex & REX_B ? 8 : 0);

/** A general register; of a byte 4 to 7 may be AH CH DH BH. */
const general = (p: Parts, size: Size, reg: number): Operand => (size === 1 ? byteRegister(reg, p.prefixes.rex) : register(size, reg));

/** Memory only. */
function m(p: Parts, size: Size): Operand {
  if (p.mod === 3) throw new UndefinedSignal();
  return memory(size, p.address);
}

/** DS unless overridden. */
const dataSegment = (p: Parts): number => (p.prefixes.segment >= 0 ? p.prefixes.segment : Seg.DS);

/** String operands: rSI with an override, rDI always in ES. */
const x = (p: Parts, size: Size): Operand => memory(size, makeAddress(RSI, -1, 1, 0, dataSegment(p)));
const y = (size: Size): Operand => memory(size, makeAddress(RDI, -1, 1, 0, Seg.ES));

function moffs(p: Parts, size: Size): Operand {
  const { stream, addressSize } = p;
  const displacement = addressSize === 2 ? stream.s16() : addressSize === 4 ? stream.s32() : Number(stream.s64());
  return memory(size, makeAddress(-1, -1, 1, displacement, dataSegment(p)));
}

const opcodeRegister = (p: Parts): number => (p.opcode & 7) + (p.prefixes.rex & REX_B ? 8 : 0);
const narrow = (size: Size): Size => (size === 8 ? 4 : size);

function segment(p: Parts): Operand {
  if (p.reg > Seg.GS) throw new UndefinedSignal();
  return segmentRegister(p.reg);
}

function control(p: Parts, size: Size): Operand {
  const reg = regOf(p);
  if (!CONTROL_REGISTERS.includes(reg)) throw new UndefinedSignal();
  return controlRegister(size, reg);
}

function debug(p: Parts, size: Size): Operand {
  const reg = regOf(p);
  if (reg > 7) throw new UndefinedSignal();
  return debugRegister(size, reg);
}

/** Bytes by a size letter. Of what is wider than 8 the first part's, which is accessed first. */
const SIZES = {
  b: () => 1,
  w: () => 2,
  d: () => 4,
  q: () => 8,
  v: (p) => p.size,
  z: (p) => narrow(p.size),
  y: (p) => p.size,
  /** Double extended precision and packed BCD. */
  t: () => 8,
  /** Bounds. */
  a: (p) => p.size,
  /** Far pointer: the offset comes first. */
  p: (p) => p.size,
  /** Pseudo-descriptor: the limit comes first. */
  s: () => 2,
} as const satisfies Record<string, (p: Parts) => Size>;
type SizeLetter = keyof typeof SIZES;

/** `letter` is the size's: an imm32 of letter z is extended to 64 bits. */
type Find = (p: Parts, size: Size, letter: SizeLetter) => Operand;

/** Where an operand is. */
const TYPES = {
  E: (p, size) => (p.mod === 3 ? general(p, size, rmOf(p)) : memory(size, p.address)),
  G: (p, size) => general(p, size, regOf(p)),
  M: m,
  R: (p, size) => register(size, rmOf(p)),
  S: segment,
  C: control,
  D: debug,
  O: moffs,
  X: x,
  Y: (_p, size) => y(size),
  Z: (p, size) => general(p, size, opcodeRegister(p)),
  I: (p, size, letter) => (letter === 'z' ? signExtended(p.stream, size, p.size) : immediate(p.stream, size)),
  sI: (p, size) => signExtended(p.stream, size, p.size),
} as const satisfies Record<string, Find>;

/** Operands that nothing encodes, or rm alone. */
const FIXED = {
  none: () => NO_OPERAND,
  /** XLAT's table. */
  BX: (p) => memory(1, makeAddress(RBX, -1, 1, 0, dataSegment(p))),
  '1': () => one(),
  AL: () => register(1, RAX),
  CL: () => register(1, RCX),
  AX: () => register(2, RAX),
  rAX: (p) => register(p.size, RAX),
  DX: () => register(2, RDX),
  ST0: () => stackRegister(0),
  STi: (p) => stackRegister(p.rm),
  ES: () => segmentRegister(Seg.ES),
  CS: () => segmentRegister(Seg.CS),
  SS: () => segmentRegister(Seg.SS),
  DS: () => segmentRegister(Seg.DS),
  FS: () => segmentRegister(Seg.FS),
  GS: () => segmentRegister(Seg.GS),
} as const satisfies Record<string, (p: Parts) => Operand>;

type Fixed = keyof typeof FIXED;
/** J: no operand, but `Insn.displacement`. */
type Type = keyof typeof TYPES | 'J';
export type Letter = `${Type}${SizeLetter}` | Fixed;

/** An operand of a row. */
export type OperandForm = { readonly type: Type; readonly size: SizeLetter } | { readonly type: 'fixed'; readonly name: Fixed };

/** The form that letters of the manual stand for. */
export function formOf(letters: Letter): OperandForm {
  if (letters in FIXED) return { type: 'fixed', name: letters as Fixed };
  return { type: letters.slice(0, -1) as Type, size: letters.slice(-1) as SizeLetter };
}

export function findOperand(form: OperandForm | undefined, p: Parts): Operand {
  if (form === undefined || form.type === 'J') return NO_OPERAND;
  if (form.type === 'fixed') return FIXED[form.name](p);
  const find: Find = TYPES[form.type];
  return find(p, SIZES[form.size](p), form.size);
}

/** Signed distance of a relative jump. */
export function readDisplacement(size: SizeLetter, p: Parts): number {
  const bytes = SIZES[size](p);
  return bytes === 1 ? p.stream.s8() : bytes === 2 ? p.stream.s16() : p.stream.s32();
}
