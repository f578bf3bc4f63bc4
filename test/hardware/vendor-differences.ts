// Where the recorded AMD processor and the modelled Intel processor differ, by name: by their manuals, or where the SDM leaves
// the behaviour to the implementation. A vector for which one of these holds is not compared, or only in part.

import { CodeMode, Rep } from '../../src/cpu/builder/insn.ts';
import type { Insn } from '../../src/cpu/builder/insn.ts';
import type { Mnemonic } from '../../src/cpu/isa/mnemonics.ts';
import { icedDecode } from '../decode/iced.ts';
import { FAMILIES } from '../decode/unimplemented.ts';
import type { Vector } from './vector.ts';

export interface VendorDifference {
  readonly name: string;
  /** The Intel behaviour, and where the SDM states it. */
  readonly why: string;
  /** What need not agree. */
  readonly excuses: 'everything' | 'memory';
  readonly holds: (insn: Insn, vector: Vector) => boolean;
}

const NEAR_BRANCHES: ReadonlySet<Mnemonic> = new Set([
  'JMP_REL', 'JMP', 'JCC', 'CALL_REL', 'CALL', 'RET', 'RET_IMM', 'JCXZ', 'LOOP', 'LOOPE', 'LOOPNE',
]);
const isNearBranch64 = (insn: Insn): boolean => insn.mode === CodeMode.BITS64 && NEAR_BRANCHES.has(insn.mnemonic);

const isCanonical = (address: bigint): boolean => BigInt.asUintN(64, BigInt.asIntN(48, address)) === address;

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
    name: 'near branch to a non-canonical address',
    why: 'Intel raises #GP(0) at the branch (SDM vol. 2, JMP, CALL, RET); AMD branches and faults at the target',
    excuses: 'everything',
    holds: (insn, vector) => isNearBranch64(insn) && !isCanonical(vector.ipAfter),
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
    excuses: 'everything',
    holds: (insn, vector) => insn.mnemonic === 'NOP' && opcodeOf(vector).startsWith('0f0d') && vector.fault?.vector === 6,
  },
  {
    name: 'LOCK MOV CR0',
    why: 'AMD has it for CR8 (AltMovCr8); for Intel LOCK makes it undefined',
    excuses: 'everything',
    holds: (insn, vector) => insn.mnemonic === 'UD' && prefixesOf(vector).includes(0xf0) && /^0f2[02]/.test(opcodeOf(vector)),
  },
  {
    name: 'PUSH of a segment register with 32-bit operand size',
    why: 'Intel writes 16 bits and leaves the upper half of the slot (SDM vol. 2, PUSH); AMD writes 32',
    excuses: 'memory',
    holds: (insn) => insn.mnemonic === 'PUSH_SREG' && insn.stackSize === 4,
  },
  {
    name: 'PUSHA or ENTER that faults midway',
    why: 'stores below the stack pointer before the fault are left to the implementation; here there are none',
    excuses: 'memory',
    holds: (insn, vector) => (insn.mnemonic === 'PUSHA' || insn.mnemonic === 'ENTER') && vector.fault !== null,
  },
  {
    name: 'POPA that faults midway',
    why: 'Intel restarts with all registers unchanged (SDM vol. 3, "Restarting the Program or Task After an Exception"); AMD keeps those popped',
    excuses: 'everything',
    holds: (insn, vector) => insn.mnemonic === 'POPA' && vector.fault !== null,
  },
  {
    name: 'REP INS or OUTS without permission and with a count of 0',
    why: 'by the pseudo-code of REP (SDM vol. 2) nothing is executed, so nothing is checked; AMD checks the port first',
    excuses: 'everything',
    holds: (insn, vector) => (insn.mnemonic === 'INS' || insn.mnemonic === 'OUTS') && insn.rep !== Rep.NONE
      && BigInt.asUintN(8 * insn.addressSize, vector.gpr[1]!) === 0n,
  },
  {
    name: 'access past the end of a 4-GiB segment',
    why: '"these accesses may or may not cause the indicated exceptions" (SDM vol. 3, "Limit Checking"); here they wrap',
    excuses: 'everything',
    holds: (insn, vector) => insn.mode !== CodeMode.BITS64 && vector.fault?.vector === 13 && wraps(insn, vector),
  },
];

/** The memory operand runs past 2^32. */
function wraps(insn: Insn, vector: Vector): boolean {
  const operand = [insn.dst, insn.src].find(({ address }) => address.base >= 0 || address.index >= 0);
  if (!operand || insn.addressSize !== 4) return false;
  const { base, index, scale, displacement } = operand.address;
  const sum = (base < 0 ? 0n : vector.gpr[base]!) + (index < 0 ? 0n : vector.gpr[index]! * BigInt(scale)) + BigInt(displacement);
  return BigInt.asUintN(32, sum) + BigInt(operand.size) > 1n << 32n;
}

/** The difference that excuses `vector`, if any. */
export const vendorDifference = (insn: Insn, vector: Vector): VendorDifference | undefined =>
  VENDOR_DIFFERENCES.find(({ holds }) => holds(insn, vector));

/** An instruction that is not there yet: what it did where it was recorded says nothing. */
export function missingInstruction(insn: Insn, vector: Vector): VendorDifference | undefined {
  if (insn.mnemonic !== 'UD' || vector.fault?.vector === 6) return undefined;
  const { valid, features } = icedDecode(vector.code, vector.mode === '64' ? 64 : 32);
  const family = valid ? FAMILIES.find((f) => f.members === undefined && f.features.includes(features.join('+'))) : undefined;
  return family && { name: `not there: ${family.title}`, why: 'docs/unimplemented.md', excuses: 'everything', holds: () => true };
}
