// The helpers through which x87 instructions run in every engine, one for each operation. Nothing is kept between two calls. Gates
// and conversions change nothing; a helper that changes registers comes after the last access that may fault.

import { Seg } from '../../base/state/vcpu.ts';
import type { Insn } from '../builder/insn.ts';
import { OperandKind } from '../builder/operand.ts';
import { CR0 } from '../arch/control-bits.ts';
import type { Cpu } from '../cpu.ts';
import { Vector } from '../arch/vectors.ts';
import type { PairFunction, SystemFunction } from './helper.ts';
import { ARITHMETIC } from '../x87/arithmetic.ts';
import { COMPARISONS } from '../x87/compare.ts';
import { CONTROL } from '../x87/control.ts';
import { CONVERSIONS, takeOutcome } from '../x87/conversions.ts';
import { readPiece, writePiece } from '../x87/image.ts';
import { MOVES, WIDE_LOADS } from '../x87/moves.ts';
import type { X87Operation } from '../x87/operation.ts';
import { TRANSCENDENTAL } from '../x87/transcendental.ts';

// ── gates ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** SDM vol. 3, "Control Registers": #NM by CR0.EM and TS. */
function requireX87(cpu: Cpu): void {
  if (cpu.state.cr0[0] & (CR0.EM | CR0.TS)) cpu.raise(Vector.NM);
}

/**
 * SDM vol. 1, "MS-DOS Compatibility Sub-mode": with CR0.NE = 0 the processor asserts FERR# and, unless IGNNE# is asserted, waits
 * for the interrupt that this leads to.
 */
function reportPending(cpu: Cpu): void {
  if (!cpu.x87.pending) return;
  if (cpu.state.cr0[0] & CR0.NE) cpu.raise(Vector.MF);
  if (cpu.host.floatError?.(cpu.index, true) === false) throw cpu.stallSignal;
}

/** FERR# follows what control instructions cleared or masked. */
function withdrawError(cpu: Cpu): void {
  if (!cpu.x87.pending) cpu.host.floatError?.(cpu.index, false);
}

const gates = {
  /** Waiting instructions: #NM, then the exception that is pending. */
  x87Wait: (cpu) => {
    requireX87(cpu);
    reportPending(cpu);
    return 0n;
  },
  /** Instructions that do not wait: #NM alone. */
  x87NoWait: (cpu) => {
    requireX87(cpu);
    return 0n;
  },
  /** #NM by CR0.MP and TS together. */
  fwait: (cpu) => {
    const cr0 = cpu.state.cr0[0];
    if (cr0 & CR0.MP && cr0 & CR0.TS) cpu.raise(Vector.NM);
    reportPending(cpu);
    return 0n;
  },
} satisfies Record<string, SystemFunction>;

// ── pointers ────────────────────────────────────────────────────────────────────────────────────────────────────────

function noteInstruction({ state, rip }: Cpu, i: Insn): void {
  state.fop[0] = i.fop;
  state.fip[0] = BigInt.asUintN(64, BigInt(rip));
  state.fcs[0] = state.segSelector[Seg.CS];
}

/** `offset`: the effective address of the operand in memory, if there is one. */
function noteOperand({ state }: Cpu, { dst, src }: Insn, offset: bigint): void {
  const memory = dst.kind === OperandKind.MEM ? dst : src.kind === OperandKind.MEM ? src : null;
  if (memory === null) return;
  state.fdp[0] = offset;
  state.fds[0] = state.segSelector[memory.address.segment];
}

// ── operations ──────────────────────────────────────────────────────────────────────────────────────────────────────

function operate(cpu: Cpu, i: Insn, operation: X87Operation, operand: bigint): void {
  noteInstruction(cpu, i);
  cpu.x87.begin();
  operation(cpu, i, operand);
  cpu.x87.finish();
}

/** x = the operand in memory, y = its offset. */
const numeric =
  (operation: X87Operation): SystemFunction =>
  (cpu, i, x, y) => {
    noteOperand(cpu, i, y);
    operate(cpu, i, operation, x);
    return 0n;
  };

/** x = the operand in memory, y = its bits 79:64; its offset is noted by `x87Operand`. */
const wideLoad =
  (operation: X87Operation): SystemFunction =>
  (cpu, i, x, y) => {
    operate(cpu, i, operation, (y << 64n) | x);
    return 0n;
  };

const control =
  (operation: X87Operation): SystemFunction =>
  (cpu, i, x) => {
    operation(cpu, i, x);
    withdrawError(cpu);
    return 0n;
  };

/** x = the outcome of the conversion, y = offset of the operand. */
const stored =
  (pops: boolean): SystemFunction =>
  (cpu, i, x, y) => {
    noteInstruction(cpu, i);
    noteOperand(cpu, i, y);
    if (takeOutcome(cpu, x) && pops) cpu.x87.pop();
    return 0n;
  };

const others = {
  fnop: (cpu, i) => {
    noteInstruction(cpu, i);
    return 0n;
  },
  x87Operand: (cpu, i, x) => {
    noteOperand(cpu, i, x);
    return 0n;
  },
  x87Stored: stored(false),
  x87StoredPop: stored(true),
  x87Control: ({ x87 }) => BigInt(x87.control),
  x87Status: ({ x87 }) => BigInt(x87.status),
  /** x = offset of a piece of the image. */
  x87Piece: (cpu, i, x) => readPiece(cpu, i.size, Number(x)),
  /** x = its value, y = its offset. */
  x87LoadPiece: (cpu, i, x, y) => {
    writePiece(cpu, i.size, Number(y), x);
    return 0n;
  },
} satisfies Record<string, SystemFunction>;

function each<K extends string>(table: Record<K, X87Operation>, helper: (operation: X87Operation) => SystemFunction) {
  const entries = Object.entries<X87Operation>(table).map(([name, operation]) => [name, helper(operation)] as const);
  return Object.fromEntries(entries) as Record<K, SystemFunction>;
}

export const X87_HELPERS = {
  ...gates,
  ...each({ ...ARITHMETIC, ...TRANSCENDENTAL, ...COMPARISONS, ...MOVES }, numeric),
  ...each(WIDE_LOADS, wideLoad),
  ...each(CONTROL, control),
  ...others,
};

export const X87_PAIRS: Record<keyof typeof CONVERSIONS, PairFunction> = CONVERSIONS;
