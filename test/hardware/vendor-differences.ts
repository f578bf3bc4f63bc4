// Where the recorded AMD processor and the modelled Intel processor differ, by name: by their manuals, or where the SDM leaves
// the behaviour to the implementation. A vector for which one of these holds is not compared, or only in part.

import { Seg } from '../../src/base/state/vcpu.ts';
import { CodeMode, OperandKind, Rep } from '../../src/cpu/builder/insn.ts';
import type { Insn } from '../../src/cpu/builder/insn.ts';
import type { Mnemonic } from '../../src/cpu/decode/mnemonic.ts';
import { icedDecode } from '../decode/iced.ts';
import { FAMILIES } from '../decode/unimplemented.ts';
import { OLDER_DIFFERENCES } from './older-differences.ts';
import { WIDE_BASE, withoutEffect } from './vector.ts';
import type { Vector } from './vector.ts';
import { bytesBelow, operandOffset } from './vector-memory.ts';
import { X87_DIFFERENCES } from './x87-differences.ts';

/**
 * What need not agree. Registers excused must be unchanged instead. `conditions`: those of the x87, and the status flags. `last bits`:
 * one unit of the last place, and C1. `nothing`: all that `expects` gives must agree.
 */
export type Excused = 'everything' | 'nothing' | 'registers' | 'conditions' | 'C1' | 'last bits';

export interface VendorDifference {
  readonly name: string;
  /** The Intel behaviour, and where the SDM states it. */
  readonly why: string;
  readonly excuses: Excused;
  readonly holds: (insn: Insn, vector: Vector) => boolean;
  /** Addresses of the data window whose bytes need not agree. */
  readonly memory?: (insn: Insn, vector: Vector) => readonly number[];
  /** What the modelled processor does, in place of what was recorded. */
  readonly expects?: (insn: Insn, vector: Vector) => Vector;
}

const NEAR_BRANCHES: ReadonlySet<Mnemonic> = new Set([
  'JMP_REL',
  'JMP',
  'JCC',
  'CALL_REL',
  'CALL',
  'RET',
  'RET_IMM',
  'JCXZ',
  'LOOP',
  'LOOPE',
  'LOOPNE',
]);
const isNearBranch64 = (insn: Insn): boolean => insn.mode === CodeMode.BITS64 && NEAR_BRANCHES.has(insn.mnemonic);

const PREFIXES = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3];

/** The legacy prefixes, in order. */
function prefixesOf({ code }: Vector): readonly number[] {
  const end = code.findIndex((byte) => !PREFIXES.includes(byte));
  return [...code.subarray(0, end)];
}

/** The opcode after prefixes and REX, as hexadecimal digits. */
const opcodeOf = (vector: Vector): string => {
  const rest = vector.code.subarray(prefixesOf(vector).length);
  return Buffer.from(vector.mode === '64' && (rest[0]! & 0xf0) === 0x40 ? rest.subarray(1) : rest).toString('hex');
};

export const VENDOR_DIFFERENCES: readonly VendorDifference[] = [
  {
    name: 'near branch with 66h in 64-bit mode',
    why: 'Intel forces the operand size to 64 bits (SDM vol. 2, superscript f64); AMD truncates RIP to 16 bits',
    excuses: 'everything',
    holds: (insn, vector) => isNearBranch64(insn) && prefixesOf(vector).includes(0x66),
  },
  {
    name: 'LOOPE or LOOPNE with F2h or F3h',
    why: 'reserved (SDM vol. 2, "Instruction Prefixes"), ignored here; the recorded processor takes the condition from the prefix',
    excuses: 'everything',
    holds: (insn, vector) => (insn.mnemonic === 'LOOPE' || insn.mnemonic === 'LOOPNE') && prefixesOf(vector).some((byte) => byte >= 0xf2),
  },
  {
    name: '0F 0D with a register',
    why: 'a reserved NOP of Intel (SDM vol. 2, appendix A, note on reserved NOPs); #UD on AMD, whose PREFETCH is memory only',
    excuses: 'nothing',
    holds: (insn, vector) => insn.mnemonic === 'NOP' && opcodeOf(vector).startsWith('0f0d') && vector.fault?.vector === 6,
    expects: (_insn, vector) => withoutEffect(vector, null),
  },
  {
    name: 'LOCK MOV CR0',
    why: 'AMD has it for CR8 (AltMovCr8); for Intel LOCK makes it undefined',
    excuses: 'nothing',
    holds: (insn, vector) => insn.mnemonic === 'UD' && prefixesOf(vector).includes(0xf0) && /^0f2[02]/.test(opcodeOf(vector)),
    expects: (_insn, vector) => withoutEffect(vector, { vector: 6, errorCode: null, cr2: null }),
  },
  {
    name: 'CALL whose target and stack are both impossible',
    why: 'by its pseudo-code (SDM vol. 2, CALL) the target is checked first; AMD pushes first',
    excuses: 'nothing',
    holds: (insn, vector) =>
      (insn.mnemonic === 'CALL' || insn.mnemonic === 'CALL_REL') &&
      vector.fault !== null &&
      vector.fault.vector !== 13 &&
      callsImpossible(insn, vector),
    expects: (_insn, vector) => withoutEffect(vector, { vector: 13, errorCode: 0, cr2: null }),
  },
  {
    name: 'CMPXCHG16B that is both misaligned and not canonical by SS',
    why: 'which of #GP(0) and #SS(0) comes first is not stated (SDM vol. 2, CMPXCHG8B/CMPXCHG16B)',
    excuses: 'everything',
    holds: (insn, vector) =>
      insn.mnemonic === 'CMPXCHG8B' && insn.size === 8 && insn.dst.address.segment === Seg.SS && vector.fault?.vector === 13,
  },
  {
    name: 'MOVSXD with 66h from memory',
    why: 'Intel reads 16 bits (SDM vol. 2, MOVSX/MOVSXD, "MOVSXD r16, r/m16"); AMD reads 32 and may fault for the rest',
    excuses: 'everything',
    holds: (insn, vector) => insn.mnemonic === 'MOVSX' && insn.size === 2 && opcodeOf(vector).startsWith('63') && vector.fault !== null,
  },
  {
    name: 'PUSH of a segment register with 32-bit operand size',
    why: 'Intel writes 16 bits and leaves the upper half of the slot (SDM vol. 2, PUSH); AMD writes 32',
    excuses: 'nothing',
    holds: (insn, { fault }) => insn.mnemonic === 'PUSH_SREG' && insn.stackSize === 4 && fault === null,
    memory: (_insn, { mode, gpr }) => bytesBelow(mode, gpr[4]!, 2),
  },
  {
    name: 'PUSH of a segment register of which only the upper half does not fit',
    why: 'the same: only what is written is checked here',
    excuses: 'nothing',
    holds: (insn, { mode, fault, gpr }) =>
      insn.mnemonic === 'PUSH_SREG' &&
      insn.stackSize === 4 &&
      fault?.vector === 12 &&
      mode === '16w' &&
      [0xfffdn, 0xfffen].includes((gpr[4]! - 4n) & 0xffffn),
    memory: (_insn, { mode, gpr }) => bytesBelow(mode, gpr[4]!, 4),
    expects: (_insn, vector) => {
      const pushed = withoutEffect(vector, null);
      const gprAfter = vector.gpr.slice();
      gprAfter[4] = (gprAfter[4]! & ~0xffffn) | ((gprAfter[4]! - 4n) & 0xffffn);
      return { ...pushed, gprAfter };
    },
  },
  {
    name: 'PUSHA or ENTER that faults midway',
    why: 'stores below the stack pointer before the fault are left to the implementation; here there are none',
    excuses: 'nothing',
    holds: (insn, vector) => (insn.mnemonic === 'PUSHA' || insn.mnemonic === 'ENTER') && vector.fault !== null,
    memory: ({ mnemonic, stackSize, src }, { mode, gpr }) =>
      bytesBelow(mode, gpr[4]!, stackSize * (mnemonic === 'PUSHA' ? 8 : (src.imm & 31) + 1)),
  },
  {
    name: 'POPA whose skipped slot alone faults',
    why: 'the slot of (E)SP is skipped, not read (SDM vol. 2, POPA/POPAD); AMD reads it',
    excuses: 'everything',
    holds: (insn, vector) => insn.mnemonic === 'POPA' && skippedSlotFaults(insn, vector),
  },
  {
    name: 'POPA that faults midway',
    why: 'a fault leaves the state from before the instruction (SDM vol. 3, "Program or Task Restart"); AMD keeps what was popped',
    excuses: 'registers',
    holds: (insn, vector) => insn.mnemonic === 'POPA' && vector.fault !== null,
  },
  {
    name: 'REP INS or OUTS without permission and with a count of 0',
    why: 'by the pseudo-code of REP (SDM vol. 2) nothing is executed, so nothing is checked; AMD checks the port first',
    excuses: 'nothing',
    holds: (insn, vector) =>
      (insn.mnemonic === 'INS' || insn.mnemonic === 'OUTS') &&
      insn.rep !== Rep.NONE &&
      vector.fault?.vector === 13 &&
      BigInt.asUintN(8 * insn.addressSize, vector.gpr[1]!) === 0n,
    expects: (_insn, vector) => withoutEffect(vector, null),
  },
  {
    name: 'access past the end of a 4-GiB segment',
    why: '"these accesses may or may not cause the indicated exceptions" (SDM vol. 3, "Limit Checking"); here they wrap',
    excuses: 'everything',
    holds: (insn, vector) => insn.mode !== CodeMode.BITS64 && [12, 13].includes(vector.fault?.vector ?? -1) && wraps(insn, vector),
  },
];

/** Met by the vectors about segments alone. */
const FAR_CALL: VendorDifference = {
  name: 'far CALL whose target is beyond the limit',
  why: 'by its pseudo-code (SDM vol. 2, CALL) the target is checked before the pushes; AMD pushes first',
  excuses: 'nothing',
  memory: ({ size }, { mode, gpr }) => bytesBelow(mode, gpr[4]!, 2 * size),
  holds: (insn, { fault }) =>
    (insn.mnemonic === 'CALL_FAR' || insn.mnemonic === 'CALL_FAR_MEM') && fault?.vector === 13 && fault.errorCode === 0,
};

/** The fault is that of (E)SP's slot: its address, or in a segment of 64 KiB its place at the end. */
function skippedSlotFaults({ size }: Insn, { mode, fault, gpr }: Vector): boolean {
  const wide = mode === '16w';
  const slot = wide ? (gpr[4]! + BigInt(3 * size)) & 0xffffn : gpr[4]! + BigInt(3 * size);
  if (fault === null) return false;
  if (fault.cr2 === null) return wide && fault.vector === 12 && slot + BigInt(size) > 0x10000n;
  const distance = fault.cr2 - slot - (wide ? BigInt(WIDE_BASE) : 0n);
  return distance >= 0n && distance < BigInt(size);
}

/** Not canonical, or beyond the limit of a 16-bit code segment. */
function isImpossible(insn: Insn, target: bigint): boolean {
  if (insn.mode === CodeMode.BITS64) return BigInt.asUintN(64, BigInt.asIntN(48, target)) !== target;
  return insn.mode === CodeMode.BITS16 && BigInt.asUintN(8 * insn.stackSize, target) > 0xffffn;
}

/** The target of CALL, as far as the vector tells it: a displacement, a register, or memory that it fills. */
function callsImpossible(insn: Insn, vector: Vector): boolean {
  if (insn.mnemonic === 'CALL_REL') return isImpossible(insn, vector.ipAfter + BigInt(insn.length + insn.displacement));
  if (insn.dst.kind === OperandKind.REG) return isImpossible(insn, vector.gpr[insn.dst.reg]!);
  const target = (bytes: Uint8Array): bigint => new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  return vector.patches.some(({ bytes }) => bytes.length === 8 && isImpossible(insn, target(bytes)));
}

/** The memory operand runs past 2^32. */
function wraps(insn: Insn, { mode, gpr }: Vector): boolean {
  const operand = [insn.dst, insn.src].find(({ kind }) => kind === OperandKind.MEM);
  if (!operand || insn.addressSize !== 4) return false;
  const bytes = insn.mnemonic === 'CMPXCHG8B' ? 2 * insn.size : operand.size;
  return operandOffset(insn, operand, mode, gpr) + BigInt(bytes) > 1n << 32n;
}

/** The difference that excuses `vector`, if any. */
export const vendorDifference = (insn: Insn, vector: Vector): VendorDifference | undefined =>
  [...VENDOR_DIFFERENCES, FAR_CALL, ...OLDER_DIFFERENCES, ...X87_DIFFERENCES].find(({ holds }) => holds(insn, vector));

/** An instruction that is not there yet: what it did where it was recorded says nothing. */
export function missingInstruction(insn: Insn, vector: Vector): VendorDifference | undefined {
  if (insn.mnemonic !== 'UD' || vector.fault?.vector === 6) return undefined;
  const { valid, features } = icedDecode(vector.code, vector.mode === '64' ? 64 : vector.mode === '32' ? 32 : 16);
  const family = valid ? FAMILIES.find((f) => f.members === undefined && f.features.includes(features.join('+'))) : undefined;
  return family && { name: `not there: ${family.title}`, why: 'docs/unimplemented.md', excuses: 'everything', holds: () => true };
}
