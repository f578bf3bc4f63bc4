// The guest of kvm-cycles.c for this machine: it writes as many distinct pages of a region, in random order, as it is told, and halts.

import { loadImage } from '../../src/boot/image.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { Vm } from '../../src/vm/vm.ts';
import type { VmConfig } from '../../src/vm/config.ts';

const MIB = 1024 ** 2;
const PAGE = 4096;
const CODE = 0x100000;
const DATA = 4 * MIB;

/** 32-bit code, paging off. The step is a linear congruential generator's (Knuth; Numerical Recipes' "quick and dirty" constants). */
// biome-ignore format: a table
const WRITE_PAGES = [
  0x69, 0xf6, 0x0d, 0x66, 0x19, 0x00, // next: imul esi, esi, 1664525
  0x81, 0xc6, 0x5f, 0xf3, 0x6e, 0x3c, // add esi, 1013904223
  0x21, 0xfe,                         // and esi, edi
  0x89, 0xf0,                         // mov eax, esi
  0x89, 0xf2,                         // mov edx, esi
  0xc1, 0xea, 0x08,                   // shr edx, 8
  0x31, 0xd0,                         // xor eax, edx
  0xc1, 0xe0, 0x0c,                   // shl eax, 12
  0x89, 0x2c, 0x03,                   // mov [ebx + eax], ebp
  0x49,                               // dec ecx
  0x75, 0xe0,                         // jnz next
  0xf4,                               // hlt
];

export class RandomGuest {
  readonly vm: Vm;
  private value = 0;

  /** Writes to pages of `mib` MiB, a power of two. */
  constructor(
    mib: number,
    tracking: NonNullable<VmConfig['tracking']>,
    private readonly pages = (mib * MIB) / PAGE,
  ) {
    this.vm = new Vm({ memory: DATA + mib * MIB, tracking });
    loadImage('pages', Uint8Array.from(WRITE_PAGES), bootTarget(this.vm), { at: CODE });
    this.vm.vcpus[0]!.setRegs({ rbx: BigInt(DATA), rdi: BigInt(this.pages - 1), rsi: 0n });
  }

  /** Before a cycle: `count` pages will be written. */
  prepare(count: number): void {
    const vcpu = this.vm.vcpus[0]!;
    vcpu.setRegs({ rip: BigInt(CODE), rcx: BigInt(count), rbp: BigInt(++this.value) });
    vcpu.activity = 'active';
  }
}
