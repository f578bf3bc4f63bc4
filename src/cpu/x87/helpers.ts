// The helpers through which x87 instructions run in every engine. Those that look — the gates, what will be stored — leave the
// registers alone and keep what they find in cpu.x87; x87Execute and x87Stored, after the last access that may fault, change them.

import { Seg } from '../../base/state/vcpu.ts';
import { OperandKind } from '../builder/insn.ts';
import type { Insn } from '../builder/insn.ts';
import { CR0 } from '../cpu.ts';
import type { Cpu } from '../cpu.ts';
import type { Mnemonic } from '../decode/mnemonic.ts';
import { Vector } from '../signals.ts';
import type { SystemFunction } from '../system/helper.ts';
import { ARITHMETIC } from './arithmetic.ts';
import { COMPARISONS } from './compare.ts';
import { CONTROL } from './control.ts';
import { readPiece, storeEnvironment, storeRegisters, writePiece } from './image.ts';
import { MOVES } from './moves.ts';
import type { X87Operation } from './operation.ts';
import { STORES, resultOf } from './stores.ts';
import { TRANSCENDENTAL } from './transcendental.ts';
import { EXCEPTIONS } from './x87.ts';

type Operations = Partial<Record<Mnemonic, X87Operation>>;
/** They report exceptions and C1. */
const NUMERIC: Operations = { ...ARITHMETIC, ...TRANSCENDENTAL, ...COMPARISONS, ...MOVES };
const PLAIN: Operations = CONTROL;

/** x = effective address of an operand in memory. Waiting instructions: #NM, then the exception that is pending. */
export const x87Wait: SystemFunction = (cpu, i, x) => {
  requireX87(cpu, i);
  if (cpu.x87.pending) reportPending(cpu);
  cpu.x87.operandOffset = x;
  return 0n;
};

/**
 * SDM vol. 1, "MS-DOS Compatibility Sub-mode": with CR0.NE = 0 the processor asserts FERR# and, unless IGNNE# is asserted, waits
 * for the interrupt that this leads to.
 */
function reportPending(cpu: Cpu): void {
  if (cpu.state.cr0[0] & CR0.NE) cpu.raise(Vector.MF);
  if (cpu.host.floatError?.(cpu.index, true) === false) throw cpu.stallSignal;
}

/** FERR# follows what control instructions cleared or masked. */
function withdrawError(cpu: Cpu): void {
  if (!cpu.x87.pending) cpu.host.floatError?.(cpu.index, false);
}

/** Instructions that do not wait: #NM alone. */
export const x87NoWait: SystemFunction = (cpu, i) => {
  requireX87(cpu, i);
  return 0n;
};

/** SDM vol. 3, "Control Registers": CR0.EM and TS; of FWAIT MP and TS together. */
function requireX87(cpu: Cpu, { mnemonic }: Insn): void {
  const cr0 = cpu.state.cr0[0];
  const unavailable = mnemonic === 'FWAIT' ? (cr0 & CR0.MP) !== 0n && (cr0 & CR0.TS) !== 0n : (cr0 & (CR0.EM | CR0.TS)) !== 0n;
  if (unavailable) cpu.raise(Vector.NM);
}

/** x = the operand in memory, its low 64 bits; y = what lies above. */
export const x87Execute: SystemFunction = (cpu, i, x, y) => {
  const { x87 } = cpu;
  const operand = (y << 64n) | x;
  const numeric = NUMERIC[i.mnemonic];
  if (numeric === undefined) {
    PLAIN[i.mnemonic]!(cpu, i, operand);
    if (i.mnemonic === 'FNOP') notePointers(cpu, i);
    withdrawError(cpu);
    return 0n;
  }
  notePointers(cpu, i);
  x87.begin();
  numeric(cpu, i, operand);
  x87.finish();
  return 0n;
};

function notePointers(cpu: Cpu, i: Insn): void {
  const { state, x87, rip } = cpu;
  state.fop[0] = i.fop;
  state.fip[0] = BigInt.asUintN(64, BigInt(rip));
  state.fcs[0] = state.segSelector[Seg.CS];
  const memory = i.dst.kind === OperandKind.MEM ? i.dst : i.src.kind === OperandKind.MEM ? i.src : null;
  if (memory === null) return;
  state.fdp[0] = x87.operandOffset;
  state.fds[0] = state.segSelector[memory.address.segment];
}

/** Finds what the instruction stores; returns its low 64 bits. Of FNSTENV and FNSAVE it is read by x87ImagePiece. */
export const x87Result: SystemFunction = (cpu, i) => {
  const { x87 } = cpu;
  x87.result = find(cpu, i);
  return BigInt.asUintN(64, x87.result ?? 0n);
};

function find(cpu: Cpu, i: Insn): bigint | null {
  const { x87 } = cpu;
  const store = STORES[i.mnemonic as keyof typeof STORES];
  if (store !== undefined) {
    x87.begin();
    return resultOf(x87, store, i);
  }
  if (i.mnemonic === 'FNSTCW') return BigInt(x87.control);
  if (i.mnemonic === 'FNSTSW') return BigInt(x87.status);
  storeEnvironment(cpu, i.size);
  if (i.mnemonic === 'FNSAVE') storeRegisters(cpu, i.size);
  return 0n;
}

/** Bits 79:64 of the result. */
export const x87ResultHigh: SystemFunction = ({ x87 }) => (x87.result ?? 0n) >> 64n;

/** 0 if an exception that is not masked keeps the result from being stored, else 1. */
export const x87Stores: SystemFunction = ({ x87 }) => (x87.result === null ? 0n : 1n);

/** The result is in memory, or is not to be stored. */
export const x87Stored: SystemFunction = (cpu, i) => {
  const { x87 } = cpu;
  const store = STORES[i.mnemonic as keyof typeof STORES];
  if (store !== undefined) {
    notePointers(cpu, i);
    x87.finish();
    if (store.pops && x87.result !== null) x87.pop();
    return 0n;
  }
  if (i.mnemonic === 'FNSTENV') x87.control |= EXCEPTIONS;
  else x87.initialize(); // FNSAVE
  withdrawError(cpu);
  return 0n;
};

/** x = a piece of the image, as pieceNumber makes it; returns its value. */
export const x87ImagePiece: SystemFunction = ({ x87 }, _i, x) => readPiece(x87, Number(x));

/** x = what was read from memory, y = the piece that it is. The image is taken over by x87Execute. */
export const x87LoadPiece: SystemFunction = ({ x87 }, _i, x, y) => {
  writePiece(x87, Number(y), x);
  return 0n;
};
