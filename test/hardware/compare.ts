// Compares what our processor did with what was recorded.

import { OperandKind } from '../../src/cpu/builder/insn.ts';
import type { Insn } from '../../src/cpu/builder/insn.ts';
import { RF, STATUS_FLAGS, TF } from '../../src/cpu/arch/rflags.ts';
import type { Outcome } from './runner.ts';
import { isResultUndefined, lostBits, undefinedBits, undefinedFlags } from './undefined-flags.ts';
import { compareX87 } from './x87-state.ts';
import { REGISTERS, SEGMENTS } from './vector.ts';
import type { RecordedFault, Run, Vector } from './vector.ts';
import { operandOffset, windowBytes } from './vector-memory.ts';
import type { Excused, VendorDifference } from './vendor-differences.ts';

/** The status flags, DF, NT, AC, ID and what else user code can see; RF and TF are the recorder's. */
const COMPARED_FLAGS = 0x3f7fd5 & ~TF & ~RF;
const PF_VECTOR = 14;
const GP_VECTOR = 13;
const OF_VECTOR = 4;
/** Bit P of a page fault's error code tells what the host's system has mapped outside the window. */
const PF_PRESENT = 1;

/** The raw shift count of a shift, else 0. */
function shiftCount(insn: Insn, vector: Vector): number {
  const operand = insn.third.kind === OperandKind.NONE ? insn.src : insn.third;
  return operand.kind === OperandKind.IMM ? operand.imm : Number(vector.gpr[1]! & 0xffn);
}

const hex = (x: bigint | number | null): string => (x === null ? 'none' : x.toString(16));

const show = (fault: RecordedFault | null): string =>
  fault ? `#${fault.vector}(${hex(fault.errorCode)}) cr2 ${hex(fault.cr2)}` : 'no fault';

function sameFault(ours: RecordedFault | null, theirs: RecordedFault | null): boolean {
  if (ours === null || theirs === null) return ours === theirs;
  // INTO goes through the IDT, and the machine here has none: the fault names the vector it looked for.
  if (theirs.vector === OF_VECTOR) return ours.vector === GP_VECTOR && ours.errorCode === OF_VECTOR * 8 + 2;
  if (ours.vector !== theirs.vector || ours.cr2 !== theirs.cr2) return false;
  const mask = ours.vector === PF_VECTOR ? ~PF_PRESENT : ~0;
  return ours.errorCode === theirs.errorCode || ((ours.errorCode ?? 0) & mask) === ((theirs.errorCode ?? 0) & mask);
}

const C1 = 0x200;
const CONDITIONS = 0x4700;

/** Bits of the x87 status word. */
const excusedStatus = (excused: Excused): number => {
  if (excused === 'conditions') return CONDITIONS;
  return excused === 'C1' || excused === 'last bits' ? C1 : 0;
};

/** The destination where it is undefined: register bits, or addresses of the data window. */
function undefinedResult(insn: Insn, { mode, gpr, fault }: Vector, count: number): { bits: bigint; memory: readonly number[] } {
  const { dst } = insn;
  if (fault !== null || !isResultUndefined(insn, count))
    return { bits: dst.kind === OperandKind.REG ? undefinedBits(insn) : 0n, memory: [] };
  if (dst.kind === OperandKind.REG) return { bits: (1n << BigInt(8 * insn.size)) - 1n, memory: [] };
  return { bits: 0n, memory: windowBytes(mode, operandOffset(insn, dst, mode, gpr), insn.size) };
}

/** Changed bytes by address, without those of `except`. */
function bytesOf(writes: readonly Run[], except: readonly number[]): Map<number, number> {
  const bytes = new Map(writes.flatMap(({ address, bytes: all }) => [...all].map((byte, n) => [address + n, byte] as const)));
  for (const address of except) bytes.delete(address);
  return bytes;
}

const showBytes = (bytes: ReadonlyMap<number, number>): string => [...bytes].map(([at, byte]) => `${hex(at)}:${hex(byte)}`).join(' ');

/** One line per difference; empty when all that is defined agrees with what was recorded, or with what `difference` makes of it. */
export function compare(insn: Insn, recorded: Vector, outcome: Outcome, difference?: VendorDifference): string[] {
  const out: string[] = [];
  const vector = difference?.expects?.(insn, recorded) ?? recorded;
  const excused = difference?.excuses ?? 'nothing';
  const count = shiftCount(insn, vector);
  const free = undefinedResult(insn, vector, count);
  if (!sameFault(outcome.fault, vector.fault)) out.push(`${show(outcome.fault)}, not ${show(vector.fault)}`);
  vector.gprAfter.forEach((expected, r) => {
    const wanted = excused === 'registers' ? vector.gpr[r]! : expected;
    const wrong = (outcome.gpr[r]! ^ wanted) & ~(insn.dst.reg === r ? free.bits : 0n) & ~lostBits(vector, r);
    if (wrong !== 0n) out.push(`${REGISTERS[r]} ${hex(outcome.gpr[r]!)}, not ${hex(wanted)}`);
  });
  const isInto = vector.fault?.vector === OF_VECTOR;
  if (!isInto && outcome.ip !== vector.ipAfter) out.push(`ip ${hex(outcome.ip)}, not ${hex(vector.ipAfter)}`);
  const undefinedOnes = (vector.fault ? 0 : undefinedFlags(insn, count)) | (excused === 'conditions' ? STATUS_FLAGS : 0);
  const wrong = (outcome.flags ^ vector.flagsAfter) & COMPARED_FLAGS & ~undefinedOnes;
  if (wrong !== 0) out.push(`flags ${hex(outcome.flags)}, not ${hex(vector.flagsAfter)} (${hex(wrong)})`);
  if (vector.x87After) {
    const tolerance = { status: excusedStatus(excused), units: excused === 'last bits' ? 1n : 0n };
    out.push(...compareX87(outcome.x87, vector.x87After, tolerance));
  }
  const selectors = (all: ReadonlyMap<number, number>): string => [...all].map(([s, value]) => `${SEGMENTS[s]} ${hex(value)}`).join(' ');
  const expected = selectors(vector.selectors);
  if (selectors(outcome.selectors) !== expected) out.push(`selectors ${selectors(outcome.selectors)}, not ${expected}`);
  const bases = (all: ReadonlyMap<number, bigint>): string => [...all].map(([s, value]) => `${SEGMENTS[s]} ${hex(value)}`).join(' ');
  if (bases(outcome.bases) !== bases(vector.bases)) out.push(`bases ${bases(outcome.bases)}, not ${bases(vector.bases)}`);
  const except = [...free.memory, ...(difference?.memory?.(insn, vector) ?? [])];
  const ours = showBytes(bytesOf(outcome.writes, except));
  const theirs = showBytes(bytesOf(vector.writes, except));
  if (ours !== theirs) out.push(`memory ${ours}, not ${theirs}`);
  return out;
}
