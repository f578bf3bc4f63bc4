// Mistakes that were found by comparing the engines, or by reading, each as small as it could be made.

import { describe, expect, it } from 'vitest';
import { MtEnable, MtFlag, MtOp } from '../../src/mt/abi.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { RESUME, TABLES, WINDOW, codeBase } from '../lockstep/random/layout.ts';
import { lockstep } from '../lockstep/support/lockstep.ts';
import { runRandom } from '../lockstep/random/random.ts';
import { pairOf, RING0_32, RING0_64, together, move } from './support.ts';

const RAX = 0;
const RCX = 1;
const RBX = 3;
const RDI = 7;

describe('found so far', () => {
  it('a 64-bit bit offset in a 32-bit address made code that does not validate', () => {
    const pair = pairOf(RING0_64, (a) => {
      move(a, RBX, WINDOW + 64);
      move(a, RAX, -100);
      // bts [ebx], rax
      a.raw(0x67, 0x48, 0x0f, 0xab, 0x03, 0xf4);
    });
    expect(together(pair, { longest: 100 }).exit.kind).toBe('hlt');
    // Bit 28 of the eight bytes sixteen before.
    expect([...pair.subject.vm.readMemory(WINDOW + 48, 8)]).toEqual([0, 0, 0, 0x10, 0, 0, 0, 0]);
  });

  it('a carry set over flags of unknown kind forgot what kind they were', () => {
    const pair = pairOf(RING0_32, (a) => {
      move(a, RAX, 5);
      move(a, RCX, codeBase(RING0_32) + 15);
      // cmp eax, 5; jmp ecx: what is there is a region of its own, which does not know what the flags come from
      a.raw(0x83, 0xf8, 5, 0xff, 0xe1);
      // bt eax, 0; setc bh; rol edx, 1 (nobody sees the OF before it); setz bl
      a.raw(0x0f, 0xba, 0xe0, 0, 0x0f, 0x92, 0xc7, 0xd1, 0xc2, 0x0f, 0x94, 0xc3, 0xf4);
    });
    expect(together(pair, { longest: 100 }).exit.kind).toBe('hlt');
    expect(pair.subject.vm.vcpus[0]!.getRegs().rbx & 0xffffn).toBe(0x0101n);
  });

  it('an x87 instruction with an exception pending looked for its operand first, and filled the TLB', () => {
    const halt = codeBase(RING0_32) + 0x800;
    const pair = pairOf(RING0_32, (a) => {
      // mov eax, cr0; or al, 20h (NE); mov cr0, eax
      a.raw(0x0f, 0x20, 0xc0, 0x0c, 0x20, 0x0f, 0x22, 0xc0);
      // fninit; fldcw [WINDOW]: division by zero is not masked; fld1; fldz; fdivp; fadd qword [WINDOW + 0x4000]
      a.raw(0xdb, 0xe3, 0xd9, 0x2d).field(4, WINDOW);
      a.raw(0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9, 0xdc, 0x05).field(4, WINDOW + 0x4000);
    });
    for (const { vm } of [pair.reference, pair.subject]) {
      vm.writeMemory(WINDOW, Uint8Array.of(0x7b, 0x03));
      vm.writeMemory(halt, Uint8Array.of(0xf4));
      vm.writeMemory(RESUME, new Uint8Array(Uint32Array.of(halt).buffer));
    }
    expect(lockstep(pair.reference.vm, pair.subject.vm, { slice: () => 1000, limit: 1000 }).exit.kind).toBe('hlt');
  });

  it('an instruction fetch that leads to shutdown is no instruction', () => {
    const pair = pairOf(RING0_32, (a) => {
      // No IDT; then a jump to a page that is not mapped.
      a.raw(0x0f, 0x01, 0x1d).field(4, WINDOW);
      move(a, RAX, 0x700000);
      a.raw(0xff, 0xe0);
    });
    expect(together(pair, { longest: 100 }).exit.kind).toBe('shutdown');
  });

  const METHODS = ['write-protect', 'pml'] as const;
  it.each(METHODS)('a fetch that sets an accessed bit and so reaches the trigger still executes its instruction (%s)', (tracking) => {
    // The function's page is the first that the table of the alias is read for: its entry and those above get their A bits.
    const pair = pairOf(
      RING0_32,
      (a) => {
        move(a, RDI, WINDOW);
        move(a, RBX, 0x820000 + 0x1000);
        a.raw(0xff, 0xe3);
        a.raw(...new Array<number>(0x1000 - a.length).fill(0xcc));
        for (let n = 0; n < 8; n++) a.raw(0x40);
        a.raw(0xf4);
      },
      { tracking },
    );
    const dirtied: number[] = [];
    for (const { vm } of [pair.reference, pair.subject]) {
      const { mt } = vm;
      mt.initMt({ op: MtOp.INIT, flags: MtFlag.NO_DUPS, maxDirty: 0xffffffff });
      mt.enableMt(MtEnable.ON);
      mt.mtDirtyTrigger(1);
      mt.prepareMtCp(0n);
    }
    const run = (vm: Vm): unknown => {
      const seen: unknown[] = [];
      for (let n = 0n; n < 20n; n++) {
        const { exit, retired } = vm.runSlice(1000);
        seen.push([exit.kind, retired, vm.vcpus[0]!.getRegs().rip]);
        if (exit.kind === 'hlt') return seen;
        vm.mt.mtVmQuiesced();
        dirtied.push(...vm.mt.fetchSublist({ count: 64 }).gfns);
        vm.mt.prepareMtCp(n + 1n);
      }
      return seen;
    };
    expect(run(pair.subject.vm)).toEqual(run(pair.reference.vm));
    if (tracking === 'write-protect') expect(dirtied).toContain(TABLES / 4096);
  });

  it('a store that reached the trigger took the source of its MOVS out of the TLB, and one more walk was logged', () => {
    // The window and its alias share an entry of the TLB.
    const genome = [[152, 0, 0, 0, 0, 0, 0, 0, 60575, 1], [0]];
    expect(() => runRandom({ setting: RING0_32, genome, seed: 0, tracking: 'pml', period: 0 })).not.toThrow();
  });

  it('an access that faults took the code that makes it out of the TLB, and the fetch faulted instead', () => {
    const pair = pairOf(RING0_32, (a) => {
      // The page of the code is taken away, unseen by the TLB; then it is read as data.
      const entry = TABLES + 0x1000 + 4 * 0x20;
      const again = a.label();
      a.instruction({ opcode: [0x81], reg: 4, size: 4, rm: { displacement: entry }, immediate: { bytes: 4, value: ~1 } });
      a.instruction({ opcode: [0x8b], reg: RAX, size: 4, rm: { displacement: again } });
      a.bind(again);
      a.raw(0xf4);
    });
    // Two instructions, and the fault's delivery.
    lockstep(pair.reference.vm, pair.subject.vm, { slice: () => 3, limit: 3 });
    expect(pair.subject.vm.vcpus[0].getSregs().cr2).toBeGreaterThan(0x20000n);
  });

  it.each([1, 2, 3, 5])('EIP that ran past 4 GiB at the end of a slice was not 0 in the interpreter (slices of %d)', (slice) => {
    const pair = pairOf(RING0_32, (a) => {
      move(a, RAX, -2);
      a.raw(0xff, 0xe0);
    });
    const last = TABLES + 0x9000;
    const incEbx = 0x43;
    const hlt = 0xf4;
    for (const { vm } of [pair.reference, pair.subject]) {
      const word = (at: number, value: number): void => vm.writeMemory(at, new Uint8Array(Uint32Array.of(value).buffer));
      word(TABLES + 4 * 1023, last | 7);
      word(last + 4 * 1023, WINDOW | 7);
      word(TABLES + 0x1000, (WINDOW + 0x1000) | 7);
      vm.writeMemory(WINDOW + 0xffe, Uint8Array.of(incEbx, incEbx));
      vm.writeMemory(WINDOW + 0x1000, Uint8Array.of(incEbx, hlt));
    }
    lockstep(pair.reference.vm, pair.subject.vm, { slice: () => slice, limit: 100 });
    expect(pair.subject.vm.vcpus[0].getRegs()).toMatchObject({ rbx: 3n, rip: 2n });
    for (const { vm } of [pair.reference, pair.subject]) {
      vm.vcpus[0].activity = 'active';
      vm.vcpus[0].setRegs({ rip: 0xfffffffen });
      vm.runSlice(2);
      expect(vm.vcpus[0].getRegs().rip).toBe(0n);
    }
  });
});
