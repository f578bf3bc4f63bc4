// Where the operands of a vector lie, and what there is: the data window as the code sees it, and which accesses fault.

import { Seg } from '../../src/base/state/vcpu.ts';
import { RIP } from '../../src/cpu/builder/insn.ts';
import type { Insn, Operand } from '../../src/cpu/builder/insn.ts';
import { CODE_BASE, DATA_BASE, DATA_SIZE, GS_BASE, WIDE_BASE, startOf } from './vector.ts';
import type { RecordedFault, VectorMode } from './vector.ts';

const CODE_BYTES = 0x10000n;
const PAGE = 0x1000n;
/** Limits of the data segments of 16-bit code. */
const LIMIT: Partial<Record<VectorMode, bigint>> = { 16: BigInt(DATA_SIZE - 1), '16w': 0xffffn };

/** Of `bytes` bytes from `offset` in the data segment: where they are in the data window, as `Vector.writes` has addresses. */
export function windowBytes(mode: VectorMode, offset: bigint, bytes: number): number[] {
  const segmented = (n: bigint): number => DATA_BASE + Number((offset + n + (mode === '16w' ? PAGE : 0n)) & 0xffffn);
  return Array.from({ length: bytes }, (_, n) => (LIMIT[mode] === undefined ? Number(offset) + n : segmented(BigInt(n))));
}

/** The `bytes` bytes below the stack pointer `sp`. */
export const bytesBelow = (mode: VectorMode, sp: bigint, bytes: number): number[] => windowBytes(mode, sp - BigInt(bytes), bytes);

/** The offset of a memory operand in its segment; in 64-bit code with the base of FS and GS added. */
export function operandOffset(insn: Insn, operand: Operand, mode: VectorMode, gpr: BigUint64Array): bigint {
  const { base, index, scale, displacement, segment } = operand.address;
  const next = BigInt(startOf(mode) + insn.length);
  const first = base < 0 ? 0n : base === RIP ? next : gpr[base]!;
  const second = index < 0 ? 0n : gpr[index]! * BigInt(scale);
  const offset = BigInt.asUintN(8 * insn.addressSize, first + second + BigInt(displacement));
  if (mode !== '64' || segment < Seg.FS) return offset;
  return BigInt.asUintN(64, offset + BigInt(segment === Seg.FS ? DATA_BASE : GS_BASE));
}

function isMapped(linear: bigint): boolean {
  const within = (base: number, bytes: bigint): boolean => linear >= BigInt(base) && linear < BigInt(base) + bytes;
  return within(DATA_BASE, BigInt(DATA_SIZE)) || within(CODE_BASE, CODE_BYTES) || within(WIDE_BASE, PAGE);
}

/** The fault of reading `operand`, whose offset is given, or null. Segments of 32-bit code are flat. */
export function readFault({ address }: Operand, bytes: number, offset: bigint, mode: VectorMode): RecordedFault | null {
  const limit = LIMIT[mode];
  const last = offset + BigInt(bytes) - 1n;
  const refused = mode === '64' ? BigInt.asUintN(64, BigInt.asIntN(48, offset)) !== offset : limit !== undefined && last > limit;
  if (refused) return { vector: address.segment === Seg.SS ? 12 : 13, errorCode: 0, cr2: null };
  const linear = limit === undefined ? offset : offset + BigInt(mode === '16' ? DATA_BASE : WIDE_BASE);
  for (let n = 0n; n < BigInt(bytes); n++) {
    if (!isMapped(linear + n)) return { vector: 14, errorCode: 4, cr2: linear + n };
  }
  return null;
}
