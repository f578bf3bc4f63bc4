// Machines with a few bytes of guest code in them, in 32-bit protected mode (flat, paging off) or 64-bit mode.

import { long64 } from '../../src/boot/entry-state.ts';
import { placeIdentityMap } from '../../src/boot/identity-map.ts';
import { loadImage } from '../../src/boot/image.ts';
import { Placement } from '../../src/boot/placement.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import type { OutsideAccess } from '../../src/cpu/replay.ts';
import { ENGINES } from '../../src/vm/config.ts';
import type { VmConfig } from '../../src/vm/config.ts';
import type { Exit } from '../../src/vm/exit.ts';
import type { Regs } from '../../src/vm/registers.ts';
import { Vm } from '../../src/vm/vm.ts';

export const MIB = 1024 ** 2;
/** Where code lies, and the end of its stack. */
export const CODE = 0x1000,
  STACK = 0x8000;
/** A guest-physical address that is no RAM. */
export const DEVICE = 0xfee00000;
/** Each engine by name; `auto` is one of them. */
export const ENGINE_NAMES = ENGINES.filter((engine) => engine !== 'auto');

type Config = Partial<VmConfig> & { readonly regs?: Partial<Regs> };

export function machine32(code: Uint8Array | readonly number[], { regs = {}, ...config }: Config = {}): Vm {
  const vm = new Vm({ memory: MIB, ...config });
  loadImage('code', Uint8Array.from(code), bootTarget(vm), { at: CODE });
  vm.vcpus[0].setRegs({ rbx: 0n, rsp: BigInt(STACK), ...regs });
  return vm;
}

/** The first 4 GiB and all RAM are mapped to themselves. */
export function machine64(code: Uint8Array | readonly number[], { regs = {}, ...config }: Config = {}): Vm {
  const vm = new Vm({ memory: MIB, ...config });
  const target = bootTarget(vm);
  const placement = new Placement('code', target);
  placement.claim('code', CODE, code.length);
  placement.fill(CODE, Uint8Array.from(code), code.length);
  target.setEntry(long64(placement, CODE, placeIdentityMap(placement, target), { rsp: STACK }));
  vm.vcpus[0].setRegs(regs);
  return vm;
}

/** `io read 0x60/1 = 0x5a`: what a test compares. */
export const accessText = ({ kind, direction, address, width, value }: OutsideAccess): string =>
  `${kind} ${direction} 0x${address.toString(16)}/${width} = 0x${value.toString(16)}`;

/** Runs to the first exit that is no outside access; answers reads by `answer`. */
export function runAnswering(
  vm: Vm,
  answer: (access: OutsideAccess, count: number) => number = () => 0,
  limit = 10_000,
): { readonly accesses: string[]; readonly exit: Exit; readonly retired: number } {
  const accesses: string[] = [];
  let retired = 0;
  for (;;) {
    const { exit, retired: more } = vm.runSlice(limit - retired);
    retired += more;
    if (exit.kind !== 'io' && exit.kind !== 'mmio') return { accesses, exit, retired };
    const { access } = exit;
    if (access.direction === 'read') access.value = answer(access, accesses.length);
    accesses.push(accessText(access));
  }
}

/** Interrupt gates for `handlers` (vector to address) in an IDT at 0x800, through the loader's code segment. */
export function setIdt(vm: Vm, handlers: { readonly [vector: number]: number }, { gateType = 0x8e, index = 0 } = {}): void {
  const vcpu = vm.vcpus[index];
  const { selector, attributes } = vcpu.getSregs().cs;
  const long = (attributes & 0x2000) !== 0;
  const size = long ? 16 : 8;
  const base = 0x800;
  for (const [vector, address] of Object.entries(handlers)) {
    const low = (selector * 65536 + (address & 0xffff)) >>> 0;
    const high = ((address & 0xffff0000) | (gateType << 8)) >>> 0;
    const words = Uint32Array.of(low, high, 0, 0).subarray(0, size / 4);
    vm.writeMemory(base + size * Number(vector), new Uint8Array(words.buffer, 0, size));
  }
  vcpu.setSregs({ idt: { base: BigInt(base), limit: 0x7ff } });
}
