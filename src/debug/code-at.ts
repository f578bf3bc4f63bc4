// What a vCPU stands at: the code's address, width and bytes, as the guest's own paging leads to them. Nothing changes by looking.

import { INTERNALS } from '../base/internals.ts';
import { PAGE_MASK, gfnOf } from '../base/paging-units.ts';
import { Seg } from '../base/state/vcpu.ts';
import { CodeMode } from '../cpu/builder/insn.ts';
import type { Cpu } from '../cpu/cpu.ts';
import { Access } from '../mmu/vcpu-mmu.ts';
import type { Vm } from '../vm/vm.ts';

/** The longest instruction. */
export const MAX_LENGTH = 15;

const BITS = { [CodeMode.BITS16]: 16, [CodeMode.BITS32]: 32, [CodeMode.BITS64]: 64 } as const;

/** Where code stands: the selector in CS and the offset (unsigned), and what they come to. */
export interface CodeAddress {
  readonly cs: number;
  readonly rip: bigint;
  readonly linear: bigint;
}

export interface Code extends CodeAddress {
  /** The size of code, by which bytes are decoded. */
  readonly bits: 16 | 32 | 64;
  /** From the address on; less than was asked for where the guest's paging gives no more. */
  readonly bytes: Uint8Array;
}

/** The address `rip` (as given, signed or not) in the present code segment of `cpu`. */
export function addressIn(cpu: Cpu, rip: bigint): CodeAddress {
  const { segBase, segSelector } = cpu.state;
  const linear = cpu.mode === CodeMode.BITS64 ? BigInt.asUintN(64, rip) : (rip + segBase[Seg.CS]) & 0xffffffffn;
  return { cs: segSelector[Seg.CS], rip: BigInt.asUintN(64, rip), linear };
}

/** Up to `most` bytes at `rip` of vCPU `index`. Between two slices. */
export function codeAt(vm: Vm, index: number, most: number = MAX_LENGTH, rip?: bigint): Code {
  const cpu = vm[INTERNALS].cpus[index]!;
  cpu.refresh();
  cpu.mmu.setControls();
  return codeOf(vm, cpu, rip ?? cpu.state.rip[0], most, (linear) => cpu.mmu.gpaOf(linear, Access.FETCH, cpu.fetchContext));
}

/** The same whenever the registers of `cpu` are up to date. `gpaOf`: where paging leads a linear address; negative for nowhere. */
export function codeOf(vm: Vm, cpu: Cpu, rip: bigint, most: number, gpaOf: (linear: number) => number): Code {
  const address = addressIn(cpu, rip);
  return { ...address, bits: BITS[cpu.mode], bytes: bytesAt(vm, Number(BigInt.asIntN(64, address.linear)), most, gpaOf) };
}

function bytesAt(vm: Vm, start: number, most: number, gpaOf: (linear: number) => number): Uint8Array {
  const bytes: number[] = [];
  let page: Uint8Array | null = null;
  for (let n = 0; n < most; n++) {
    const inPage = (start + n) & PAGE_MASK;
    if (n === 0 || inPage === 0) {
      const gpa = gpaOf(start + n);
      page = gpa < 0 ? null : vm.page(gfnOf(gpa));
    }
    if (page === null) break;
    bytes.push(page[inPage]!);
  }
  return Uint8Array.from(bytes);
}
