// FCOM and its kin, FTST, FXAM: results in the condition codes, or of FCOMI in the flags.

import { OperandKind } from '../builder/insn.ts';
import type { Insn } from '../builder/insn.ts';
import type { CpuState } from '../state/cpu-state.ts';
import { CF, PF, STATUS_FLAGS, ZF } from '../arch/rflags.ts';
import { classify, compare } from '../float/index.ts';
import type { Comparison, FloatClass } from '../float/index.ts';
import type { X87Operation } from './operation.ts';
import { integerSource, realSource, withSource } from './sources.ts';
import type { Source } from './sources.ts';
import { Status } from '../arch/x87-status.ts';

const { C0, C2, C3 } = Status;

interface Form {
  readonly quiet?: true;
  readonly pops?: 0 | 1 | 2;
  readonly find?: typeof realSource;
  /** Sets ZF, PF, CF in place of the condition codes. */
  readonly flags?: true;
}

const CONDITIONS: Record<Comparison, number> = { greater: 0, less: C0, equal: C3, unordered: C0 | C2 | C3 };
const FLAGS: Record<Comparison, number> = { greater: 0, less: CF, equal: ZF, unordered: CF | PF | ZF };

function report(cpu: CpuState, result: Comparison, flags: boolean): void {
  if (flags) cpu.flags.write((cpu.flags.read() & ~STATUS_FLAGS) | FLAGS[result]);
  else cpu.x87.conditions = CONDITIONS[result];
}

/** ST(0) against `source`; an empty operand compares as unordered. Null: an exception is not masked. */
function ordered(cpu: CpuState, empty: boolean, find: () => Source, quiet: boolean): Comparison | null {
  const { x87 } = cpu;
  const { env } = x87;
  if (empty) return x87.stackFault('underflow') === null ? null : 'unordered';
  const source = find();
  return withSource(
    env,
    source,
    (result) => result === 'unordered',
    () => compare(env, x87.read(0), source.bits, { quiet }),
  );
}

const comparison =
  ({ quiet, pops = 0, find = realSource, flags }: Form): X87Operation =>
  (cpu: CpuState, i: Insn, x: bigint) => {
    const { x87 } = cpu;
    const empty = x87.isEmpty(0) || (i.src.kind === OperandKind.ST && x87.isEmpty(i.src.reg));
    const result = ordered(cpu, empty, () => find(x87, i, x), quiet === true);
    if (result === null) return;
    report(cpu, result, flags === true);
    for (let n = 0; n < pops; n++) x87.pop();
  };

const test: X87Operation = (cpu) => {
  const result = ordered(cpu, cpu.x87.isEmpty(0), () => ({ bits: 0n, denormal: false }), false);
  if (result !== null) report(cpu, result, false);
};

const CLASSES: Record<FloatClass, number> = {
  unsupported: 0,
  nan: C0,
  normal: C2,
  infinity: C2 | C0,
  zero: C3,
  denormal: C3 | C2,
};
const EMPTY = C3 | C0;

/** C1 is the sign, of an empty register too. */
const examine: X87Operation = ({ x87 }) => {
  const bits = x87.read(0);
  x87.conditions = x87.isEmpty(0) ? EMPTY : CLASSES[classify(bits)];
  x87.env.roundedUp = bits >> 79n !== 0n;
};

export const COMPARISONS = {
  fcom: comparison({}),
  fcomp: comparison({ pops: 1 }),
  fcompp: comparison({ pops: 2 }),
  ficom: comparison({ find: integerSource }),
  ficomp: comparison({ find: integerSource, pops: 1 }),
  fucom: comparison({ quiet: true }),
  fucomp: comparison({ quiet: true, pops: 1 }),
  fucompp: comparison({ quiet: true, pops: 2 }),
  fcomi: comparison({ flags: true }),
  fcomip: comparison({ flags: true, pops: 1 }),
  fucomi: comparison({ quiet: true, flags: true }),
  fucomip: comparison({ quiet: true, flags: true, pops: 1 }),
  ftst: test,
  fxam: examine,
} satisfies Record<string, X87Operation>;
