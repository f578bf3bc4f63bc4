// Limits are exact, and however a run is cut into slices it ends in the same state.

import { describe, expect, it } from 'vitest';
import { loadGuest } from '../guests/run-guest.ts';
import type { LoadedGuest } from '../guests/run-guest.ts';
import { describeCut, finalState } from './cut.ts';
import { CODE, ENGINE_NAMES, machine32, setIdt } from './support.ts';

const NOP = 0x90;
const HLT = 0xf4;
const INC_EAX = 0x40;

describe.each(ENGINE_NAMES)('engine %s', (engine) => {
  it('retires exactly what it may', () => {
    // INC EAX; JMP to it
    const vm = machine32([INC_EAX, 0xeb, 0xfd], { engine });
    let total = 0;
    for (const limit of [0, 1, 2, 3, 7, 100, 999, 0, 12_345]) {
      expect(vm.runSlice(limit)).toEqual({ vcpu: 0, exit: { kind: 'limit' }, retired: limit });
      total += limit;
      expect(vm.retired).toBe(BigInt(total));
      expect(vm.vcpus[0].getRegs()).toMatchObject({ rax: BigInt(Math.ceil(total / 2)), rip: BigInt(CODE + (total % 2)) });
      expect(vm.clock.now()).toBe(total);
    }
  });

  it('counts each REP iteration', () => {
    // MOV ECX, 10; MOV EDI, 0x9000; REP STOSB; HLT
    const vm = machine32([0xb9, 10, 0, 0, 0, 0xbf, 0, 0x90, 0, 0, 0xf3, 0xaa, HLT], { engine });
    expect(vm.runSlice(5).retired).toBe(5);
    expect(vm.vcpus[0].getRegs()).toMatchObject({ rcx: 7n, rdi: 0x9003n, rip: BigInt(CODE + 10) });
    expect(vm.runSlice()).toEqual({ vcpu: 0, exit: { kind: 'hlt' }, retired: 8 });
  });

  it('counts a fault’s delivery, so that a handler that always faults uses its limit up', () => {
    // The handler of #UD is UD2 itself, on a stack that wraps through what is not RAM.
    const vm = machine32([0x0f, 0x0b], { engine, unclaimed: 'float' });
    setIdt(vm, { 6: CODE });
    vm.vcpus[0].setRegs({ rsp: 0xf0000000n });
    expect(vm.runSlice(1000)).toEqual({ vcpu: 0, exit: { kind: 'limit' }, retired: 1000 });
  });

  it('of what is no count: EINVAL', () => {
    const vm = machine32([NOP], { engine });
    for (const limit of [-1, NaN]) expect(() => vm.runSlice(limit)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });

  it('an instruction at a time ends the same', () => {
    const load = (): LoadedGuest => loadGuest({ image: 'triple-fault/triple-fault.elf', engine });
    const whole = load();
    const steps = load();
    const end = whole.vm.runSlice().exit;
    let result = steps.vm.runSlice(1);
    while (result.exit.kind === 'limit') result = steps.vm.runSlice(1);
    expect(result.exit).toEqual(end);
    expect(finalState(steps)).toEqual(finalState(whole));
  });
});

describeCut(1);
