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

import type { Size } from '../builder/operand.ts';
import type { CpuState } from '../state/cpu-state.ts';
import { classify } from '../float/index.ts';
import { isProtected } from '../state/modes.ts';
import { contentAt, wordSize } from './image-layout.ts';
import type { X87 } from '../state/x87-registers.ts';

const REGISTERS = 8;
const FOP_MASK = 0x7ff;
const UNUSED = 0xffff0000;

const Tag = { VALID: 0, ZERO: 1, SPECIAL: 2, EMPTY: 3 } as const;

/** The tag word of two bits a register. The tag of a register that is not empty follows from what the register holds. */
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

/** The words behind the first three; the 16-bit format has their low halves. Bits that the 32-bit format leaves unused are ones. */
function pointerWord(cpu: CpuState, size: 2 | 4, n: number): number {
  const { state } = cpu;
  const fip = state.fip[0];
  const fdp = state.fdp[0];
  const fcs = state.fcs[0];
  const fds = state.fds[0];
  const fop = state.fop[0];
  if (isProtected(cpu)) {
    return size === 2 ? [low16(fip), fcs, low16(fdp), fds][n]! : [low32(fip), fcs | (fop << 16), low32(fdp), fds | UNUSED][n]!;
  }
  const ip = BigInt(16 * fcs) + fip;
  const dp = BigInt(16 * fds) + fdp;
  return [low16(ip) | UNUSED, (low16(ip >> 16n) << 12) | fop, low16(dp) | UNUSED, low16(dp >> 16n) << 12][n]!;
}

function environmentWord(cpu: CpuState, size: 2 | 4, n: number): number {
  const { x87, state } = cpu;
  if (n >= 3) return pointerWord(cpu, size, n - 3);
  return UNUSED | (n === 0 ? x87.control : n === 1 ? x87.status : fullTags(x87, state.ftw[0]));
}

/** The value of the piece at `offset` of the image that an instruction of `operandSize` stores. */
export function readPiece(cpu: CpuState, operandSize: Size, offset: number): bigint {
  const { what, n } = contentAt(operandSize, offset);
  if (what === 'low') return BigInt.asUintN(64, cpu.x87.read(n));
  if (what === 'high') return cpu.x87.read(n) >> 64n;
  const size = wordSize(operandSize);
  return BigInt.asUintN(8 * size, BigInt(environmentWord(cpu, size, n)));
}

/**
 * Takes the piece at `offset` of an image from `value`. Pieces come in the order of their offsets, since registers count from the
 * top that the status word has. Exceptions that the masks leave open are pending from then on.
 */
export function writePiece(cpu: CpuState, operandSize: Size, offset: number, value: bigint): void {
  const { what, n } = contentAt(operandSize, offset);
  if (what === 'low') cpu.x87.writeLow(n, value);
  else if (what === 'high') cpu.x87.writeHigh(n, value);
  else writeWord(cpu, wordSize(operandSize), n, Number(value));
}

function writeWord(cpu: CpuState, size: 2 | 4, n: number, word: number): void {
  const { x87, state } = cpu;
  if (n === 0) x87.control = word;
  else if (n === 1) x87.status = word;
  else if (n === 2) state.ftw[0] = abridgedTags(word);
  else if (isProtected(cpu)) writePointer(cpu, size, n - 3, word);
  else writeRealPointer(cpu, n - 3, word);
}

function writePointer({ state }: CpuState, size: 2 | 4, n: number, word: number): void {
  if (n === 0) state.fip[0] = BigInt(word);
  else if (n === 2) state.fdp[0] = BigInt(word);
  else if (n === 3) state.fds[0] = word & 0xffff;
  else {
    state.fcs[0] = word & 0xffff;
    state.fop[0] = size === 4 ? (word >>> 16) & FOP_MASK : 0;
  }
}

/** A linear address in two words, and no selector. */
function writeRealPointer({ state }: CpuState, n: number, word: number): void {
  const high = BigInt((word >>> 12) & 0xffff) << 16n;
  if (n === 0) {
    state.fip[0] = BigInt(word & 0xffff);
    state.fcs[0] = 0;
  } else if (n === 1) {
    state.fip[0] |= high;
    state.fop[0] = word & FOP_MASK;
  } else if (n === 2) {
    state.fdp[0] = BigInt(word & 0xffff);
    state.fds[0] = 0;
  } else {
    state.fdp[0] |= high;
  }
}
