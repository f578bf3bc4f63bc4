// Operands in memory: where they are, and what is there. The guest's tables are walked without a trace of it, and devices are not asked.

import { gfnOf, PAGE_MASK, PAGE_SIZE } from '../../../base/paging-units.ts';
import { Seg } from '../../../base/state/vcpu.ts';
import type { VcpuState } from '../../../base/state/vcpu.ts';
import type { Cpu } from '../../../cpu/cpu.ts';
import { Access } from '../../../mmu/vcpu-mmu.ts';
import type { Vm } from '../../../vm/vm.ts';
import { hexBytes } from '../listing.ts';
import type { MemoryOperand } from './operands.ts';
import { registerValue } from './register-values.ts';

const RSP = 4;
const RBP = 5;
/** Bytes that are shown as a number; of more, the first are shown as they lie. */
const NUMBER = 16;

/** An operand's place, as paging led there before the instruction. */
export interface Place {
  /** Unsigned. */
  readonly linear: bigint;
  readonly bytes: number;
  /** Of each page that it touches: the guest-physical address, or -1 where paging leads nowhere, and how many bytes. */
  readonly pieces: readonly { readonly gpa: number; readonly bytes: number }[];
}

/** Where `operand` is for the registers as they are. `bitOffset` as in `Operands`. Call `codeAt` for the vCPU before. */
export function placeOf(cpu: Cpu, bitness: 16 | 32 | 64, operand: MemoryOperand, bitOffset: string | null): Place {
  const linear = linearOf(cpu, bitness, operand, bitOffset);
  const { bytes } = operand;
  const pieces: { gpa: number; bytes: number }[] = [];
  for (let at = 0; at < bytes; ) {
    const start = Number(BigInt.asIntN(64, linear + BigInt(at)));
    const length = Math.min(bytes - at, PAGE_SIZE - (start & PAGE_MASK));
    const address = bitness === 64 ? start : start >>> 0;
    pieces.push({ gpa: cpu.mmu.gpaOf(address, Access.READ, cpu.dataContext), bytes: length });
    at += length;
  }
  return { linear, bytes, pieces };
}

function linearOf(cpu: Cpu, bitness: 16 | 32 | 64, operand: MemoryOperand, bitOffset: string | null): bigint {
  const { segment, base, index, scale, displacement, isStack } = operand;
  const { state } = cpu;
  const valueOf = (name: string | null): bigint => (name === null ? 0n : registerValue(state, name)!);
  const bits = isStack ? cpu.stackSize * 8 : addressBits(base ?? index, bitness);
  // A stack pointer that is wider than the code's addresses counts in full.
  const first = isStack ? state.gpr[base!.endsWith('bp') ? RBP : RSP]! : valueOf(base);
  const added = isStack ? BigInt.asIntN(addressBits(base, bitness), displacement) : displacement;
  const offset = BigInt.asUintN(bits, first + valueOf(index) * BigInt(scale) + added + bitBytes(state, operand, bitOffset));
  return BigInt.asUintN(bitness === 64 ? 64 : 32, BigInt(cpu.base[segmentIndex(segment)]!) + offset);
}

/** Bytes from an operand of BT and its kin to the part of it that holds the bit. */
function bitBytes(state: VcpuState, { bytes }: MemoryOperand, register: string | null): bigint {
  if (register === null) return 0n;
  const bit = BigInt.asIntN(bytes * 8, registerValue(state, register)!);
  return (bit >> BigInt(Math.log2(bytes * 8))) * BigInt(bytes);
}

const segmentIndex = (name: string): number => Seg[name.toUpperCase() as keyof typeof Seg];

const addressBits = (register: string | null, bitness: 16 | 32 | 64): number =>
  register === null ? bitness : /^(?:r[a-z]|r\d+$)/.test(register) ? 64 : /^(?:e|r\d+d)/.test(register) ? 32 : 16;

/** `[0x101790]=0x5`; `=mmio` where it is not RAM, `=?` where paging leads nowhere. */
export function placeText(vm: Vm, { linear, bytes, pieces }: Place): string {
  const name = `[0x${linear.toString(16)}]`;
  if (pieces.some(({ gpa }) => gpa < 0)) return `${name}=?`;
  const value = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    const page = vm.page(gfnOf(piece.gpa));
    if (page === null) return `${name}=mmio`;
    const from = piece.gpa & PAGE_MASK;
    value.set(page.subarray(from, from + piece.bytes), at);
    at += piece.bytes;
  }
  if (bytes > NUMBER) return `${name}=${hexBytes(value.subarray(0, NUMBER))}... (${bytes} bytes)`;
  return `${name}=0x${hexBytes(value.reverse()).replace(/^0+(?=.)/, '')}`;
}
