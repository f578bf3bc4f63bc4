// Events from outside: KVM_INTERRUPT and KVM_NMI, when they are delivered and what refuses them.

import { describe, expect, it } from 'vitest';
import type { Vm } from '../../src/vm/vm.ts';
import { assemble } from '../support/code.ts';
import type { Item } from '../support/code.ts';
import { CODE, DEVICE, ENGINE_NAMES, machine32, machine64, runAnswering, setIdt } from './support.ts';

const HLT = 0xf4;
const STI = 0xfb;
const CLI = 0xfa;
const IRET = 0xcf;
const NOP = 0x90;
const INC_EAX = 0x40;
const INC_EBX = 0x43;
const INC_ECX = 0x41;
const PUSHF = 0x9c;
const POPF = 0x9d;
const IF = 0x200n;

describe.each(ENGINE_NAMES)('engine %s', (engine) => {
  /** Code with the handlers of vector 0x40 at `irq` (counts in EBX) and of NMI at `nmi` (counts in ECX). */
  function machine(...items: Item[]): { vm: Vm; at: { readonly [label: string]: number } } {
    const { bytes, at } = assemble(CODE, ...items, { label: 'irq' }, INC_EBX, IRET, { label: 'nmi' }, INC_ECX, IRET);
    const vm = machine32(bytes, { engine });
    setIdt(vm, { 2: at.nmi, 0x40: at.irq });
    return { vm, at };
  }
  const regs = (vm: Vm): ReturnType<Vm['vcpus'][0]['getRegs']> => vm.vcpus[0].getRegs();
  const step = (vm: Vm, limit = 1): bigint => {
    vm.runSlice(limit);
    return regs(vm).rip - BigInt(CODE);
  };

  describe('KVM_INTERRUPT', () => {
    it('waits for IF, then for the shadow of STI, and comes before the next instruction', () => {
      const { vm, at } = machine(NOP, STI, INC_EAX, INC_EAX, CLI, HLT);
      vm.vcpus[0].interrupt(0x40);
      expect([step(vm), step(vm), step(vm)]).toEqual([1n, 2n, 3n]);
      expect(regs(vm).rax).toBe(1n);
      // Delivery retires nothing: the slice's one instruction is the handler's first.
      expect(step(vm)).toBe(BigInt(at.irq + 1 - CODE));
      expect([regs(vm).rbx, regs(vm).rflags & IF]).toEqual([1n, 0n]);
      expect(vm.runSlice().exit.kind).toBe('hlt');
      expect([regs(vm).rax, regs(vm).rbx]).toEqual([2n, 1n]);
    });

    it('comes right after POPF, which has no shadow', () => {
      const { vm, at } = machine(0x68, 2, 2, 0, 0, POPF, INC_EAX, CLI, HLT);
      vm.vcpus[0].interrupt(0x40);
      expect(step(vm, 3)).toBe(BigInt(at.irq + 1 - CODE));
      expect(regs(vm).rax).toBe(0n);
    });

    it('EBUSY while one waits, EINVAL for what is no vector', () => {
      const { vm } = machine(HLT);
      vm.vcpus[0].interrupt(0x40);
      expect(() => vm.vcpus[0].interrupt(0x41)).toThrow(expect.objectContaining({ code: 'EBUSY' }));
      for (const vector of [-1, 256, 1.5, NaN]) {
        expect(() => vm.vcpus[0].interrupt(vector)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
      }
    });

    it('can be asked for again once it is delivered', () => {
      const { vm } = machine(STI, NOP, NOP, NOP, HLT);
      for (let n = 0; n < 2; n++) {
        vm.vcpus[0].interrupt(0x40);
        vm.runSlice(4);
      }
      expect(regs(vm).rbx).toBe(2n);
    });

    it('wakes a halted vCPU whose IF is 1', () => {
      const { vm } = machine(STI, HLT, INC_EAX, CLI, HLT);
      expect(vm.runSlice().exit.kind).toBe('hlt');
      vm.vcpus[0].interrupt(0x40);
      expect(vm.runSlice().exit.kind).toBe('hlt');
      expect([regs(vm).rax, regs(vm).rbx]).toEqual([1n, 1n]);
    });

    it('a reset forgets it', () => {
      const { vm } = machine(NOP);
      vm.vcpus[0].interrupt(0x40);
      vm.vcpus[0].reset();
      vm.vcpus[0].interrupt(0x41);
    });

    it('in 64-bit mode', () => {
      const { bytes, at } = assemble(CODE, STI, NOP, HLT, { label: 'irq' }, 0x48, 0xff, 0xc3, CLI, HLT);
      const vm = machine64(bytes, { engine });
      setIdt(vm, { 0x40: at.irq });
      vm.vcpus[0].interrupt(0x40);
      expect(vm.runSlice().exit.kind).toBe('hlt');
      expect(regs(vm)).toMatchObject({ rbx: 1n, rip: BigInt(at.irq + 5) });
    });

    it('whose frame goes to a device is delivered once, with each access seen once', () => {
      const { vm, at } = machine(STI, NOP, NOP, HLT);
      vm.vcpus[0].setRegs({ rsp: BigInt(DEVICE + 0x100) });
      vm.vcpus[0].interrupt(0x40);
      const cs = vm.vcpus[0].getSregs().cs.selector;
      const values = [CODE + 2, cs, 0x202];
      const { accesses, exit } = runAnswering(vm, ({ address }) => values[(address - DEVICE - 0xf4) / 4]);
      expect(exit.kind).toBe('hlt');
      expect(accesses.filter((text) => text.includes('write'))).toHaveLength(3);
      expect(accesses.filter((text) => text.includes('read'))).toHaveLength(3);
      expect(regs(vm)).toMatchObject({ rbx: 1n, rsp: BigInt(DEVICE + 0x100), rip: BigInt(CODE + 4) });
      expect(at.irq).toBeGreaterThan(CODE);
    });
  });

  describe('KVM_NMI', () => {
    it('does not care about IF; a second one waits for IRET, a third is lost', () => {
      const { vm, at } = machine(NOP, HLT);
      vm.vcpus[0].nmi();
      expect(step(vm)).toBe(BigInt(at.nmi + 1 - CODE));
      vm.vcpus[0].nmi();
      vm.vcpus[0].nmi();
      expect(vm.runSlice().exit.kind).toBe('hlt');
      expect(regs(vm).rcx).toBe(2n);
    });

    it('comes before an interrupt that waits for IF', () => {
      const { vm } = machine(PUSHF, NOP, HLT);
      vm.vcpus[0].interrupt(0x40);
      vm.vcpus[0].nmi();
      expect(vm.runSlice().exit.kind).toBe('hlt');
      expect([regs(vm).rbx, regs(vm).rcx]).toEqual([0n, 1n]);
    });

    it('wakes a halted vCPU', () => {
      const { vm } = machine(CLI, HLT, INC_EAX, HLT);
      vm.runSlice();
      vm.vcpus[0].nmi();
      expect(vm.runSlice().exit.kind).toBe('hlt');
      expect([regs(vm).rax, regs(vm).rcx]).toEqual([1n, 1n]);
    });
  });
});
