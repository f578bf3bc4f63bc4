// x87 instructions (SDM vol. 2; vol. 1, "Programming with the x87 FPU"): operands in memory are read and results written here,
// what happens to the registers is in cpu/x87. Waiting instructions first raise what is pending; memory comes after that.

import type { Builder, Semantics, Values } from '../builder/builder.ts';
import { CodeMode, OperandKind } from '../builder/insn.ts';
import type { Insn, Operand } from '../builder/insn.ts';
import { environmentPieces, pieceNumber, statePieces } from '../x87/image.ts';
import type { ImagePiece } from '../x87/image.ts';

/** The gate of waiting instructions; with an operand in memory its offset becomes the data pointer. */
function wait<T extends Values>(b: Builder<T>, i: Insn, operand: Operand): void {
  if (operand.kind !== OperandKind.MEM) b.system('x87Wait', i);
  else b.system('x87Wait', i, b.effectiveAddress(i.mode === CodeMode.BITS64 ? 8 : 4, operand));
}

/** src may be in memory; what else there is is in registers. */
const operate: Semantics = (b, i) => {
  wait(b, i, i.src);
  if (i.src.kind === OperandKind.MEM) b.system('x87Execute', i, b.read(i.src));
  else b.system('x87Execute', i);
};

/** Ten bytes are loaded. */
const loadWide: Semantics = (b, i) => {
  wait(b, i, i.src);
  const at = b.address(i.src);
  const { segment } = i.src.address;
  b.system('x87Execute', i, b.load(segment, at, 8), b.load(segment, b.offset(i, at, 8), 2));
};

/** `write` stores the result that it is given the low 64 bits of. Nothing is stored when an exception is not masked. */
function storeResult<T extends Values>(b: Builder<T>, i: Insn, bytes: number, write: (result: T['value']) => void): void {
  b.probeWrite(i.dst.address.segment, b.address(i.dst), bytes);
  const result = b.system('x87Result', i);
  const stores = b.bitAt(b.system('x87Stores', i), 0);
  b.when(stores, () => write(result));
  b.system('x87Stored', i);
}

/** To memory, or to a register of the stack. */
const store: Semantics = (b, i) => {
  wait(b, i, i.dst);
  if (i.dst.kind !== OperandKind.MEM) b.system('x87Execute', i);
  else storeResult(b, i, i.dst.size, (result) => b.store(i.dst.address.segment, b.address(i.dst), i.dst.size, result));
};

/** Ten bytes are stored. */
const storeWide: Semantics = (b, i) => {
  wait(b, i, i.dst);
  storeResult(b, i, 10, (result) => {
    const at = b.address(i.dst);
    const { segment } = i.dst.address;
    const high = b.system('x87ResultHigh', i);
    b.store(segment, at, 8, result);
    b.store(segment, b.offset(i, at, 8), 2, high);
  });
};

/** Of what does not wait nothing keeps the store from being made. */
const storeWord: Semantics = (b, i) => {
  b.system('x87NoWait', i);
  b.write(i.dst, b.system('x87Result', i));
};

const control: Semantics = (b, i) => {
  b.system('x87NoWait', i);
  b.system('x87Execute', i);
};

/** Each piece wraps at the end of the address size for itself. Nothing is taken over before all have been loaded. */
function loadImage<T extends Values>(b: Builder<T>, i: Insn, pieces: readonly ImagePiece[]): void {
  b.system('x87Wait', i);
  const at = b.address(i.src);
  const { segment } = i.src.address;
  for (const { offset, size } of pieces) {
    b.system('x87LoadPiece', i, b.load(segment, b.offset(i, at, offset), size), b.constant(4, pieceNumber(offset, size)));
  }
  b.system('x87Execute', i);
}

function storeImage<T extends Values>(b: Builder<T>, i: Insn, pieces: readonly ImagePiece[]): void {
  b.system('x87NoWait', i);
  const at = b.address(i.dst);
  const { segment } = i.dst.address;
  for (const { offset, size } of pieces) b.probeWrite(segment, b.offset(i, at, offset), size);
  b.system('x87Result', i);
  const values = pieces.map(({ offset, size }) => b.system('x87ImagePiece', i, b.constant(4, pieceNumber(offset, size))));
  for (const [n, { offset, size }] of pieces.entries()) b.store(segment, b.offset(i, at, offset), size, values[n]!);
  b.system('x87Stored', i);
}

export const FLDENV: Semantics = (b, i) => loadImage(b, i, environmentPieces(i.size));
export const FRSTOR: Semantics = (b, i) => loadImage(b, i, statePieces(i.size));
export const FNSTENV: Semantics = (b, i) => storeImage(b, i, environmentPieces(i.size));
export const FNSAVE: Semantics = (b, i) => storeImage(b, i, statePieces(i.size));

/** The condition is found here, among the flags. */
export const FCMOV: Semantics = (b, i) => {
  wait(b, i, i.src);
  b.system('x87Execute', i, b.fromCondition(b.flags.condition(i.cc)));
};

// biome-ignore format: a table
export {
  operate as FADD, operate as FADDP, operate as FIADD, operate as FSUB, operate as FSUBP, operate as FISUB,
  operate as FSUBR, operate as FSUBRP, operate as FISUBR, operate as FMUL, operate as FMULP, operate as FIMUL,
  operate as FDIV, operate as FDIVP, operate as FIDIV, operate as FDIVR, operate as FDIVRP, operate as FIDIVR,
  operate as FCOM, operate as FCOMP, operate as FCOMPP, operate as FICOM, operate as FICOMP,
  operate as FUCOM, operate as FUCOMP, operate as FUCOMPP, operate as FCOMI, operate as FCOMIP, operate as FUCOMI, operate as FUCOMIP,
  operate as FLD, operate as FILD, operate as FXCH,
  operate as FLD1, operate as FLDL2T, operate as FLDL2E, operate as FLDPI, operate as FLDLG2, operate as FLDLN2, operate as FLDZ,
  operate as FCHS, operate as FABS, operate as FTST, operate as FXAM, operate as FSQRT, operate as FPREM, operate as FPREM1,
  operate as FRNDINT, operate as FSCALE, operate as FXTRACT,
  operate as F2XM1, operate as FYL2X, operate as FYL2XP1, operate as FPTAN, operate as FPATAN,
  operate as FSIN, operate as FCOS, operate as FSINCOS, operate as FINCSTP, operate as FDECSTP, operate as FFREE,
  operate as FFREEP, operate as FNOP, operate as FWAIT, operate as FLDCW,
  loadWide as FLD_M80, loadWide as FBLD, storeWide as FSTP_M80, storeWide as FBSTP,
  store as FST, store as FSTP, store as FSTPNCE, store as FIST, store as FISTP, store as FISTTP,
  storeWord as FNSTCW, storeWord as FNSTSW,
  control as FNINIT, control as FNCLEX, control as FNENI, control as FNDISI, control as FNSETPM,
};
