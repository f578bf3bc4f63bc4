// The SDM's operand letters (vol. 2, "Key to Abbreviations"): how each is found in an instruction.
//
//   E r/m  G reg  M memory only  R register only (of rm)  S C D segment, control, debug register of reg
//   O moffs  J relative  I immediate (sI sign-extended imm8)  A far pointer  X [rSI]  Y [rDI]  Z register in the opcode
//   b byte  w word  d dword  q qword  t ten bytes  v operand size  z 2 or 4  y 4 or 8  p s a far pointer, pseudo-descriptor, bounds
//   ST0 STi x87 registers: the top, and that of rm

import { Seg } from '../../base/state/vcpu.ts';
import type { Operand, Size } from '../builder/insn.ts';
import { byteImmediate, immediateV, immediateZ, one, signedByteImmediate, wordImmediate } from './immediates.ts';
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

function e(p: Parts, registerSize: Size, memorySize: Size = registerSize): Operand {
  if (p.mod !== 3) return memory(memorySize, p.address);
  return registerSize === 1 ? byteRegister(rmOf(p), p.prefixes.rex) : register(registerSize, rmOf(p));
}

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

function control(p: Parts): Operand {
  const reg = regOf(p);
  if (!CONTROL_REGISTERS.includes(reg)) throw new UndefinedSignal();
  return controlRegister(p.size, reg);
}

function debug(p: Parts): Operand {
  const reg = regOf(p);
  if (reg > 7) throw new UndefinedSignal();
  return debugRegister(p.size, reg);
}

export const OPERANDS = {
  none: () => NO_OPERAND,
  Eb: (p: Parts) => e(p, 1),
  Ew: (p: Parts) => e(p, 2),
  Ed: (p: Parts) => e(p, 4),
  Ev: (p: Parts) => e(p, p.size),
  Ez: (p: Parts) => e(p, narrow(p.size)),
  Gb: (p: Parts) => byteRegister(regOf(p), p.prefixes.rex),
  Gw: (p: Parts) => register(2, regOf(p)),
  Gv: (p: Parts) => register(p.size, regOf(p)),
  Mb: (p: Parts) => m(p, 1),
  Mw: (p: Parts) => m(p, 2),
  Md: (p: Parts) => m(p, 4),
  Mq: (p: Parts) => m(p, 8),
  /** Double extended precision and packed BCD: 8 bytes come first. */
  Mt: (p: Parts) => m(p, 8),
  /** x87 environment or state: words of 2 or 4 bytes. */
  Mz: (p: Parts) => m(p, narrow(p.size)),
  Mv: (p: Parts) => m(p, p.size),
  Ma: (p: Parts) => m(p, p.size),
  /** Far pointer: the offset comes first. */
  Mp: (p: Parts) => m(p, p.size),
  /** Pseudo-descriptor: the limit comes first. */
  Ms: (p: Parts) => m(p, 2),
  /** A register whatever mod says (MOV CR and DR). */
  Rd: (p: Parts) => register(p.size, rmOf(p)),
  Rv: (p: Parts) => register(p.size, rmOf(p)),
  /** A register of operand size, or a word in memory. */
  RvMw: (p: Parts) => e(p, p.size, 2),
  Sw: segment,
  Cd: control,
  Dd: debug,
  Ob: (p: Parts) => moffs(p, 1),
  Ov: (p: Parts) => moffs(p, p.size),
  Xb: (p: Parts) => x(p, 1),
  Xv: (p: Parts) => x(p, p.size),
  Yb: () => y(1),
  Yv: (p: Parts) => y(p.size),
  /** XLAT's table. */
  BX: (p: Parts) => memory(1, makeAddress(RBX, -1, 1, 0, dataSegment(p))),
  Zb: (p: Parts) => byteRegister(opcodeRegister(p), p.prefixes.rex),
  Zv: (p: Parts) => register(p.size, opcodeRegister(p)),
  Ib: (p: Parts) => byteImmediate(p.stream),
  sIb: (p: Parts) => signedByteImmediate(p.stream, p.size),
  Iw: (p: Parts) => wordImmediate(p.stream),
  Iz: (p: Parts) => immediateZ(p.stream, p.size),
  Iv: (p: Parts) => immediateV(p.stream, p.size),
  '1': () => one(),
  AL: () => register(1, RAX),
  CL: () => register(1, RCX),
  AX: () => register(2, RAX),
  rAX: (p: Parts) => register(p.size, RAX),
  DX: () => register(2, RDX),
  ST0: () => stackRegister(0),
  STi: (p: Parts) => stackRegister(p.rm),
  ES: () => segmentRegister(Seg.ES),
  CS: () => segmentRegister(Seg.CS),
  SS: () => segmentRegister(Seg.SS),
  DS: () => segmentRegister(Seg.DS),
  FS: () => segmentRegister(Seg.FS),
  GS: () => segmentRegister(Seg.GS),
} as const satisfies Record<string, (p: Parts) => Operand>;

/** Relative displacements: no operand, but `Insn.displacement`. */
export const RELATIVES = {
  Jb: (p: Parts) => p.stream.s8(),
  Jz: (p: Parts) => (p.size === 2 ? p.stream.s16() : p.stream.s32()),
};

export type Letter = keyof typeof OPERANDS | keyof typeof RELATIVES;
