// What loads registers of the x87 stack, moves them and exchanges them.

import type { Insn } from '../builder/insn.ts';
import { DE, constant, fromBcd, fromFloat32, fromFloat64, fromInteger } from '../float/index.ts';
import type { ConstantName } from '../float/index.ts';
import { OperandKind } from '../builder/insn.ts';
import type { X87Operation } from './operation.ts';
import { Status } from '../arch/x87-status.ts';
import type { X87 } from '../state/x87-registers.ts';

type Load = (x87: X87, i: Insn, x: bigint) => bigint | null;

/** Pushes what `load` gives, unless there is no room. */
const pushing =
  (load: Load): X87Operation =>
  ({ x87 }, i, x) => {
    const isSourceEmpty = i.src.kind === OperandKind.ST && x87.isEmpty(i.src.reg);
    const value = isSourceEmpty ? x87.stackFault('underflow') : x87.isEmpty(-1) ? load(x87, i, x) : x87.stackFault('overflow');
    if (value !== null) x87.push(value);
  };

/** A denormal becomes a normal number, and is loaded even if DE is not masked. */
const registerOrReal: Load = (x87, { src }, x) => {
  if (src.kind === OperandKind.ST) return x87.read(src.reg);
  const { env } = x87;
  env.masks |= DE;
  return src.size === 4 ? fromFloat32(env, x) : fromFloat64(env, x);
};

const constants = (name: ConstantName): X87Operation => pushing((x87) => constant(name, x87.env.rounding));

const store =
  (pops: boolean): X87Operation =>
  ({ x87 }, i) => {
    const value = x87.isEmpty(0) ? x87.stackFault('underflow') : x87.read(0);
    if (value === null) return;
    x87.write(i.dst.reg, value);
    if (pops) x87.pop();
  };

/** Empty registers are filled with the masked response, then the two are exchanged. */
const exchange: X87Operation = ({ x87 }, i) => {
  const other = i.src.reg;
  for (const n of [0, other]) {
    if (!x87.isEmpty(n)) continue;
    const response = x87.stackFault('underflow');
    if (response === null) return;
    x87.write(n, response);
  }
  const top = x87.read(0);
  x87.write(0, x87.read(other));
  x87.write(other, top);
};

/** An empty register is popped, and that is all. */
const storeUnchecked: X87Operation = ({ x87 }, i) => {
  if (!x87.isEmpty(0)) x87.write(i.dst.reg, x87.read(0));
  x87.pop();
};

const freeing =
  (pops: boolean): X87Operation =>
  ({ x87 }, i) => {
    x87.free(i.dst.reg);
    if (pops) x87.pop();
  };

/** x = whether the condition holds. An empty register is a fault in either case; without one, C1 stays. */
const conditional: X87Operation = ({ x87 }, i, x) => {
  const empty = x87.isEmpty(0) || x87.isEmpty(i.src.reg);
  x87.env.roundedUp = (x87.status & Status.C1) !== 0;
  const value = empty ? x87.stackFault('underflow') : x === 0n ? null : x87.read(i.src.reg);
  if (value !== null) x87.write(0, value);
};

// biome-ignore format: a table
export const MOVES = {
  fld: pushing(registerOrReal),
  fild: pushing((_x87, { src }, x) => fromInteger(BigInt.asIntN(8 * src.size, x))),
  fld1: constants('FLD1'), fldl2t: constants('FLDL2T'), fldl2e: constants('FLDL2E'), fldpi: constants('FLDPI'),
  fldlg2: constants('FLDLG2'), fldln2: constants('FLDLN2'), fldz: constants('FLDZ'),
  fst: store(false), fstp: store(true), fstpnce: storeUnchecked,
  fxch: exchange, fcmov: conditional, ffree: freeing(false), ffreep: freeing(true),
  fincstp: ({ x87 }) => { x87.top++; },
  fdecstp: ({ x87 }) => { x87.top--; },
} satisfies Record<string, X87Operation>;

/** Operands of ten bytes. */
export const WIDE_LOADS = {
  fldM80: pushing((_x87, _i, x) => x),
  fbld: pushing((_x87, _i, x) => fromBcd(x)),
} satisfies Record<string, X87Operation>;
