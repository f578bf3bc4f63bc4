// A guest that makes as many pages dirty as it is told and halts: one store to each, a fixed distance apart.

import { loadImage } from '../../src/boot/image.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { Vm } from '../../src/vm/vm.ts';
import type { VmConfig } from '../../src/vm/config.ts';

const CODE = 0x100000;
const DATA = 0x400000;
const PAGE = 4096;

/** 32-bit code, paging off. next: mov [edi], al; add edi, edx; loop next; hlt. */
const STORE_STRIDED = [0x88, 0x07, 0x01, 0xd7, 0xe2, 0xfa, 0xf4];

export class DirtyingGuest {
  readonly vm: Vm;

  /** `stride`: pages from one store to the next. An odd one uses all TLB entries alike. */
  constructor(
    config: VmConfig,
    private readonly stride: number,
  ) {
    this.vm = new Vm(config);
    loadImage('stores', Uint8Array.from(STORE_STRIDED), bootTarget(this.vm), { at: CODE });
  }

  /** Stores to `pages` pages. */
  run(pages: number): void {
    const vcpu = this.vm.vcpus[0]!;
    vcpu.setRegs({ rip: BigInt(CODE), rdi: BigInt(DATA), rdx: BigInt(this.stride * PAGE), rcx: BigInt(pages) });
    vcpu.activity = 'active';
    const { exit } = this.vm.runSlice();
    if (exit.kind !== 'hlt') throw new Error(`the guest left with ${exit.kind}`);
  }
}
