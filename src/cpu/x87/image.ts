// The x87 environment and state in memory (SDM vol. 1, figures "Protected Mode x87 FPU State Image in Memory, 32-Bit Format" and
// following): control, status and tag words, then the pointers; with the registers behind them, ST(0) first.
//
//            32-bit format                           16-bit format
//   word 3   FIP 31:0          real: FIP 15:0        FIP 15:0
//        4   FOP 26:16, FCS    real: FIP 31:16, FOP  FCS          real: FIP 19:16 in 15:12, FOP
//        5   FDP 31:0          real: FDP 15:0        FDP 15:0
//        6   FDS               real: FDP 31:16       FDS          real: FDP 19:16 in 15:12
//
// Real is real-address and virtual-8086 mode, where the pointers are linear addresses.

import type { Size } from '../builder/insn.ts';
import type { Cpu } from '../cpu.ts';
import { classify } from '../float/index.ts';
import { isProtected } from '../system/helper.ts';
import type { X87 } from './x87.ts';

const WORDS = 7;
const REGISTERS = 8;
const REGISTER_BYTES = 10;
const FOP_MASK = 0x7ff;
const UNUSED = 0xffff0000;

/** Words are of 2 bytes with a 16-bit operand size, else of 4. */
const wordSize = (size: Size): 2 | 4 => (size === 2 ? 2 : 4);

const environmentBytes = (size: Size): number => WORDS * wordSize(size);

/** What of an image is one access. */
export interface ImagePiece {
  readonly offset: number;
  readonly size: Size;
}

export function environmentPieces(operandSize: Size): ImagePiece[] {
  const size = wordSize(operandSize);
  return Array.from({ length: WORDS }, (_, n) => ({ offset: n * size, size }));
}

/** Registers are accessed in two parts, as an operand of ten bytes is. */
export function statePieces(operandSize: Size): ImagePiece[] {
  const registers = Array.from({ length: REGISTERS }, (_, n) => environmentBytes(operandSize) + REGISTER_BYTES * n);
  const parts = (at: number): ImagePiece[] => [
    { offset: at, size: 8 },
    { offset: at + 8, size: 2 },
  ];
  return [...environmentPieces(operandSize), ...registers.flatMap(parts)];
}

/** A piece as one number, for helpers. */
export const pieceNumber = (offset: number, size: Size): number => offset * 16 + size;

const Tag = { VALID: 0, ZERO: 1, SPECIAL: 2, EMPTY: 3 } as const;

/** Two bits a register: what is not empty is told from what it holds. */
function fullTags(x87: X87, abridged: number): number {
  let tags = 0;
  for (let register = 0; register < REGISTERS; register++) {
    const full = abridged & (1 << register);
    const kind = full ? classify(x87.readPhysical(register)) : 'empty';
    const tag = kind === 'empty' ? Tag.EMPTY : kind === 'zero' ? Tag.ZERO : kind === 'normal' ? Tag.VALID : Tag.SPECIAL;
    tags |= tag << (2 * register);
  }
  return tags;
}

function abridgedTags(tags: number): number {
  let abridged = 0;
  for (let register = 0; register < REGISTERS; register++) {
    if (((tags >> (2 * register)) & 3) !== Tag.EMPTY) abridged |= 1 << register;
  }
  return abridged;
}

const low16 = (x: bigint): number => Number(x & 0xffffn);
const low32 = (x: bigint): number => Number(x & 0xffffffffn);

/** The seven words; of the 16-bit format their low halves. What the 32-bit format leaves unused above a 16-bit field is ones. */
function environmentWords(cpu: Cpu, size: 2 | 4): readonly number[] {
  const { x87, state } = cpu;
  const { fip, fdp } = state;
  const fcs = state.fcs[0];
  const fds = state.fds[0];
  const fop = state.fop[0];
  const control = [x87.control, x87.status, fullTags(x87, state.ftw[0])].map((word) => word | UNUSED);
  if (isProtected(cpu)) {
    return size === 2
      ? [...control, low16(fip[0]), fcs, low16(fdp[0]), fds]
      : [...control, low32(fip[0]), fcs | (fop << 16), low32(fdp[0]), fds | UNUSED];
  }
  const ip = BigInt(16 * fcs) + fip[0];
  const dp = BigInt(16 * fds) + fdp[0];
  return [...control, low16(ip) | UNUSED, (low16(ip >> 16n) << 12) | fop, low16(dp) | UNUSED, low16(dp >> 16n) << 12];
}

/** The value of a piece of `x87.image`. */
export function readPiece({ image }: X87, piece: number): bigint {
  const view = new DataView(image.buffer);
  const at = piece >> 4;
  const size = piece & 15;
  return size === 8 ? view.getBigUint64(at, true) : BigInt(size === 2 ? view.getUint16(at, true) : view.getUint32(at, true));
}

/** Puts the low bytes of `value` there. */
export function writePiece({ image }: X87, piece: number, value: bigint): void {
  for (let n = 0; n < (piece & 15); n++) image[(piece >> 4) + n] = Number((value >> BigInt(8 * n)) & 0xffn);
}

/** Puts the environment into `x87.image`. */
export function storeEnvironment(cpu: Cpu, operandSize: Size): void {
  const { image } = cpu.x87;
  const size = wordSize(operandSize);
  const view = new DataView(image.buffer);
  environmentWords(cpu, size).forEach((word, n) => {
    if (size === 2) view.setUint16(2 * n, word & 0xffff, true);
    else view.setUint32(4 * n, word >>> 0, true);
  });
}

/** Puts the registers behind it, ST(0) first. */
export function storeRegisters({ x87 }: Cpu, operandSize: Size): void {
  const view = new DataView(x87.image.buffer);
  for (let n = 0; n < REGISTERS; n++) {
    const at = environmentBytes(operandSize) + REGISTER_BYTES * n;
    const bits = x87.read(n);
    view.setBigUint64(at, BigInt.asUintN(64, bits), true);
    view.setUint16(at + 8, Number(bits >> 64n), true);
  }
}

/** Takes the environment from `x87.image`. Exceptions that its masks leave open are pending from now on. */
export function loadEnvironment(cpu: Cpu, operandSize: Size): void {
  const { x87, state } = cpu;
  const size = wordSize(operandSize);
  const view = new DataView(x87.image.buffer);
  const word = (n: number): number => (size === 2 ? view.getUint16(2 * n, true) : view.getUint32(4 * n, true));
  x87.control = word(0);
  x87.status = word(1);
  state.ftw[0] = abridgedTags(word(2));
  const isReal = !isProtected(cpu);
  const real = (n: number): bigint => BigInt(word(n) & 0xffff) + (BigInt((word(n + 1) >>> 12) & 0xffff) << 16n);
  state.fip[0] = isReal ? real(3) : BigInt(word(3));
  state.fdp[0] = isReal ? real(5) : BigInt(word(5));
  state.fcs[0] = isReal ? 0 : word(4) & 0xffff;
  state.fds[0] = isReal ? 0 : word(6) & 0xffff;
  state.fop[0] = (isReal ? word(4) : size === 4 ? word(4) >>> 16 : 0) & FOP_MASK;
}

/** Takes the registers from behind it. Their tags are in the environment. */
export function loadRegisters({ x87 }: Cpu, operandSize: Size): void {
  const view = new DataView(x87.image.buffer);
  for (let n = 0; n < REGISTERS; n++) {
    const at = environmentBytes(operandSize) + REGISTER_BYTES * n;
    x87.writePhysical((x87.top + n) & 7, (BigInt(view.getUint16(at + 8, true)) << 64n) | view.getBigUint64(at, true));
  }
}
