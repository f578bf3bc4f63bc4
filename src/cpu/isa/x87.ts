// x87 instructions (SDM vol. 2; vol. 1, "Programming with the x87 FPU"). Operands in memory are read and results written here;
// cpu/x87 has what happens to the registers. Waiting instructions first raise what is pending; memory comes after that.

import type { Builder, Semantics, Values } from '../builder/builder.ts';
import type { PairHelper, SystemHelper } from '../builder/helpers.ts';
import { CodeMode, OperandKind } from '../builder/insn.ts';
import type { Insn, Operand } from '../builder/insn.ts';
import { environmentPieces, statePieces } from '../x87/image-layout.ts';
import type { ImagePiece } from '../x87/image-layout.ts';

/** The offset of an operand in memory, for the data pointer. */
const offsetOf = <T extends Values>(b: Builder<T>, i: Insn, operand: Operand): T['value'] =>
  b.effectiveAddress(i.mode === CodeMode.BITS64 ? 8 : 4, operand);

/** src may be in memory; all other operands are in registers. */
const operate =
  (operation: SystemHelper): Semantics =>
  (b, i) => {
    b.system('x87Wait', i);
    if (i.src.kind === OperandKind.MEM) b.system(operation, i, b.read(i.src), offsetOf(b, i, i.src));
    else b.system(operation, i);
  };

/** Ten bytes are loaded. */
const loadWide =
  (operation: SystemHelper): Semantics =>
  (b, i) => {
    b.system('x87Wait', i);
    const at = b.address(i.src);
    const { segment } = i.src.address;
    const low = b.load(segment, at, 8);
    const high = b.load(segment, b.offset(i, at, 8), 2);
    b.system('x87Operand', i, offsetOf(b, i, i.src));
    b.system(operation, i, low, high);
  };

type WriteResult<T extends Values> = (at: T['address'], result: T['value'], outcome: T['value']) => void;

/** `write` stores the result. Nothing is stored when an exception is not masked. */
function storeResult<T extends Values>(
  b: Builder<T>,
  i: Insn,
  bytes: number,
  format: PairHelper,
  pops: boolean,
  write: WriteResult<T>,
): void {
  const at = b.address(i.dst);
  b.probeWrite(i.dst.address.segment, at, bytes);
  const [result, outcome] = b.systemPair(format, i);
  b.when(b.bitAt(outcome, 31), () => write(at, result, outcome));
  b.system(pops ? 'x87StoredPop' : 'x87Stored', i, outcome, offsetOf(b, i, i.dst));
}

/** To memory. */
const store =
  (format: PairHelper, { pops }: { pops: boolean }): Semantics =>
  (b, i) => {
    b.system('x87Wait', i);
    storeResult(b, i, i.dst.size, format, pops, (at, result) => b.store(i.dst.address.segment, at, i.dst.size, result));
  };

/** To memory, or to a register of the stack. */
const storeReal =
  (pops: boolean): Semantics =>
  (b, i) => {
    if (i.dst.kind === OperandKind.MEM) store('toReal', { pops })(b, i);
    else operate(pops ? 'fstp' : 'fst')(b, i);
  };

/** Ten bytes are stored. */
const storeWide =
  (format: PairHelper): Semantics =>
  (b, i) => {
    b.system('x87Wait', i);
    storeResult(b, i, 10, format, true, (at, result, outcome) => {
      const { segment } = i.dst.address;
      b.store(segment, at, 8, result);
      b.store(segment, b.offset(i, at, 8), 2, b.truncate(2, outcome));
    });
  };

/** These do not wait, so no exception that is pending keeps them from storing. */
const storeWord =
  (word: 'x87Control' | 'x87Status'): Semantics =>
  (b, i) => {
    b.system('x87NoWait', i);
    b.write(i.dst, b.system(word, i));
  };

const control =
  (operation: SystemHelper): Semantics =>
  (b, i) => {
    b.system('x87NoWait', i);
    b.system(operation, i);
  };

/** Each piece by itself wraps at the end of the address size. Nothing is taken over before all have been loaded. */
function loadImage<T extends Values>(b: Builder<T>, i: Insn, pieces: readonly ImagePiece[]): void {
  b.system('x87Wait', i);
  const at = b.address(i.src);
  const { segment } = i.src.address;
  const values = pieces.map(({ offset, size }) => b.load(segment, b.offset(i, at, offset), size));
  for (const [n, { offset }] of pieces.entries()) b.system('x87LoadPiece', i, values[n]!, b.constant(4, offset));
  b.system('x87Loaded', i);
}

/** `behind` is what happens to the x87 after the store. */
function storeImage<T extends Values>(b: Builder<T>, i: Insn, pieces: readonly ImagePiece[], behind: SystemHelper): void {
  b.system('x87NoWait', i);
  const at = b.address(i.dst);
  const { segment } = i.dst.address;
  for (const { offset, size } of pieces) b.probeWrite(segment, b.offset(i, at, offset), size);
  const values = pieces.map(({ offset }) => b.system('x87Piece', i, b.constant(4, offset)));
  for (const [n, { offset, size }] of pieces.entries()) b.store(segment, b.offset(i, at, offset), size, values[n]!);
  b.system(behind, i);
}

export const FLDENV: Semantics = (b, i) => loadImage(b, i, environmentPieces(i.size));
export const FRSTOR: Semantics = (b, i) => loadImage(b, i, statePieces(i.size));
export const FNSTENV: Semantics = (b, i) => storeImage(b, i, environmentPieces(i.size), 'x87MaskAll');
export const FNSAVE: Semantics = (b, i) => storeImage(b, i, statePieces(i.size), 'fninit');

/** The condition is found here, among the flags. */
export const FCMOV: Semantics = (b, i) => {
  b.system('x87Wait', i);
  b.system('fcmov', i, b.fromCondition(b.flags.condition(i.cc)));
};

export const FWAIT: Semantics = (b, i) => void b.system('fwait', i);
export const FLDCW: Semantics = (b, i) => {
  b.system('x87Wait', i);
  b.system('fldcw', i, b.read(i.src));
};

/** Instructions of older coprocessors, which do nothing. */
const obsolete: Semantics = (b, i) => void b.system('x87NoWait', i);
export const FNENI: Semantics = obsolete;
export const FNDISI: Semantics = obsolete;
export const FNSETPM: Semantics = obsolete;

// biome-ignore format: a table
export const
  FADD = operate('fadd'), FADDP = operate('faddp'), FIADD = operate('fiadd'),
  FSUB = operate('fsub'), FSUBP = operate('fsubp'), FISUB = operate('fisub'),
  FSUBR = operate('fsubr'), FSUBRP = operate('fsubrp'), FISUBR = operate('fisubr'),
  FMUL = operate('fmul'), FMULP = operate('fmulp'), FIMUL = operate('fimul'),
  FDIV = operate('fdiv'), FDIVP = operate('fdivp'), FIDIV = operate('fidiv'),
  FDIVR = operate('fdivr'), FDIVRP = operate('fdivrp'), FIDIVR = operate('fidivr'),
  FCOM = operate('fcom'), FCOMP = operate('fcomp'), FCOMPP = operate('fcompp'), FICOM = operate('ficom'), FICOMP = operate('ficomp'),
  FUCOM = operate('fucom'), FUCOMP = operate('fucomp'), FUCOMPP = operate('fucompp'), FCOMI = operate('fcomi'),
  FCOMIP = operate('fcomip'), FUCOMI = operate('fucomi'), FUCOMIP = operate('fucomip'),
  FLD = operate('fld'), FILD = operate('fild'), FXCH = operate('fxch'),
  FLD1 = operate('fld1'), FLDL2T = operate('fldl2t'), FLDL2E = operate('fldl2e'), FLDPI = operate('fldpi'), FLDLG2 = operate('fldlg2'),
  FLDLN2 = operate('fldln2'), FLDZ = operate('fldz'),
  FCHS = operate('fchs'), FABS = operate('fabs'), FTST = operate('ftst'), FXAM = operate('fxam'), FSQRT = operate('fsqrt'),
  FPREM = operate('fprem'), FPREM1 = operate('fprem1'),
  FRNDINT = operate('frndint'), FSCALE = operate('fscale'), FXTRACT = operate('fxtract'),
  F2XM1 = operate('f2xm1'), FYL2X = operate('fyl2x'), FYL2XP1 = operate('fyl2xp1'), FPTAN = operate('fptan'), FPATAN = operate('fpatan'),
  FSIN = operate('fsin'), FCOS = operate('fcos'), FSINCOS = operate('fsincos'),
  FINCSTP = operate('fincstp'), FDECSTP = operate('fdecstp'), FFREE = operate('ffree'), FFREEP = operate('ffreep'),
  FNOP = operate('fnop'), FSTPNCE = operate('fstpnce');

// biome-ignore format: a table
export const
  FLD_M80 = loadWide('fldM80'), FBLD = loadWide('fbld'), FSTP_M80 = storeWide('toExtended'), FBSTP = storeWide('toDecimal'),
  FST = storeReal(false), FSTP = storeReal(true),
  FIST = store('toInteger', { pops: false }), FISTP = store('toInteger', { pops: true }), FISTTP = store('toTruncated', { pops: true }),
  FNSTCW = storeWord('x87Control'), FNSTSW = storeWord('x87Status'), FNINIT = control('fninit'), FNCLEX = control('fnclex');
