// The guest of KVM's dirty_log_test, in real mode: each vCPU writes the iteration number to a random page of a region, again and
// again. The host counts the iterations. `judge` holds what is collected against what is in memory, by that test's rules.

import type { VmConfig } from '../../src/vm/config.ts';
import { Vm } from '../../src/vm/vm.ts';
import { PAGE } from '../laws/support/configurations.ts';

const REGION = 0x20000;
/** Of the slots 1 and 2, which the region consists of: neither is a multiple of 64. */
const SLOT_PAGES = [131, 80] as const;
export const PAGES = SLOT_PAGES[0] + SLOT_PAGES[1];
const CODE = 0x8000;
/** Words of each vCPU, at its DS. */
const Word = { iteration: 0x500, writes: 0x504, random: 0x50c } as const;
const DS_BYTES = 0x20;

// biome-ignore format: an instruction or two a row
const PROGRAM = [
  0x66, 0xa1, 0x0c, 0x05, 0x66, 0x69, 0xc0, 0x6d, 0x4e, 0xc6, 0x41, // mov eax, [random]; imul eax, eax, 1103515245
  0x66, 0x05, 0x39, 0x30, 0, 0, 0x66, 0xa3, 0x0c, 0x05, // add eax, 12345; mov [random], eax
  0x66, 0xc1, 0xe8, 0x10, 0x31, 0xd2, 0xbb, PAGES, 0, 0xf7, 0xf3, // shr eax, 16; xor dx, dx; mov bx, PAGES; div bx
  0xc1, 0xe2, 0x08, 0x81, 0xc2, 0x00, 0x20, 0x8e, 0xc2, // shl dx, 8; add dx, 2000h; mov es, dx
  0x66, 0xa1, 0x00, 0x05, 0x26, 0x66, 0xa3, 0, 0, // mov eax, [iteration]; mov es:[0], eax
  0x66, 0xff, 0x06, 0x04, 0x05, // inc dword [writes]
  0xb9, 0x05, 0x00, 0xe2, 0xfe, 0xeb, 0xc2, // mov cx, 5; loop $; jmp the start
];

/** The slots that `startLogging` is to log. */
export const LOGGED = [1, 2] as const;

const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);

export function kvmGuest(config: Partial<VmConfig> & { readonly vcpus: number }): Vm {
  const vm = new Vm({ memory: REGION, spareMemory: PAGES * PAGE, gpaLimit: REGION + PAGES * PAGE, quantum: 1_900, ...config });
  let guestPhysAddr = REGION;
  SLOT_PAGES.forEach((pages, n) => {
    vm.setUserMemoryRegion({ slot: n + 1, guestPhysAddr, memorySize: pages * PAGE });
    guestPhysAddr += pages * PAGE;
  });
  vm.writeMemory(CODE, Uint8Array.from(PROGRAM));
  const segment = (base: number) => ({ selector: base >> 4, base: BigInt(base), limit: 0xffff, attributes: 0x93 });
  vm.vcpus.forEach((vcpu) => {
    const data = segment(vcpu.index * DS_BYTES);
    vcpu.setSregs({ cs: { ...segment(0), attributes: 0x9b }, ds: data, es: data, ss: data });
    vcpu.setRegs({ rip: BigInt(CODE), rflags: 2n });
    vcpu.activity = 'active';
    vm.writeMemory(Word.random + vcpu.index * DS_BYTES, u32(1 + vcpu.index * 7919));
  });
  return vm;
}

const readWord = (vm: Vm, gpa: number): number => new DataView(vm.readMemory(gpa, 4).buffer).getUint32(0, true);

export const setIteration = (vm: Vm, iteration: number): void => {
  for (const { index } of vm.vcpus) vm.writeMemory(Word.iteration + index * DS_BYTES, u32(iteration));
};

/** Pages written so far, again and again counted. */
export const writesOf = (vm: Vm): number => vm.vcpus.reduce((sum, { index }) => sum + readWord(vm, Word.writes + index * DS_BYTES), 0);

/**
 * KVM's rules for iteration `iteration`: a page that is clear was not written in it; a page that is dirty has its number, except
 * those whose write began in the one before, of which there is at most one a vCPU.
 */
export function judge(vm: Vm, iteration: number, dirty: ReadonlySet<number>): void {
  let stale = 0;
  for (let page = 0; page < PAGES; page++) {
    const value = readWord(vm, REGION + page * PAGE);
    const where = `iteration ${iteration}: page ${page} with value ${value}`;
    if (!dirty.has(REGION / PAGE + page)) {
      if (value >= iteration) throw new Error(`${where} is clear`);
    } else if (value !== iteration) {
      if (value !== iteration - 1) throw new Error(`${where} is dirty`);
      stale++;
    }
  }
  if (stale > vm.vcpus.length) throw new Error(`iteration ${iteration}: ${stale} pages are dirty with an older value`);
}
