// A VM as something to load an image into.

import { requireVm } from '../vm/check-arguments.ts';
import { checkEntry, checkTarget } from './check-arguments.ts';
import type { Vm } from '../vm/vm.ts';
import type { BootTarget, EntryState, SegmentState } from './target.ts';
import type { Regs, SegmentRegister } from '../vm/registers.ts';
import { GPR_NAMES } from '../vm/registers.ts';

const segment = ({ selector, base, limit, attributes }: SegmentState): SegmentRegister => ({
  selector,
  base: BigInt(base),
  limit,
  attributes,
});

/** A machine: bare, or with a board as `createPc` gives it. */
export type Machine = Vm | { readonly vm: Vm };

/** The bare machine of `machine`. KvmError EINVAL if it is none. */
export function vmOf(machine: Machine): Vm {
  const vm = typeof machine === 'object' && machine !== null && 'vm' in machine ? machine.vm : machine;
  requireVm(vm);
  return vm;
}

/** What `loadImage` was given to load into. KvmError EINVAL if that is neither a target nor a machine. */
export function targetOf(given: BootTarget | Machine): BootTarget {
  checkTarget(given);
  return 'setEntry' in given ? given : bootTarget(given);
}

/** RAM (ROM is not for loading), vCPU 0, and the firmware of the board of `machine`. Writes are host-side writes. */
export function bootTarget(machine: Machine): BootTarget {
  const vm = vmOf(machine);
  return {
    memory: vm.memslots
      .filter((slot) => !slot.readonly)
      .map(({ guestPhysAddr, memorySize }) => ({ base: guestPhysAddr, size: memorySize })),
    powerOn: () => vm.platform?.powerOn?.(),
    write: (gpa, bytes) => vm.writeMemory(gpa, bytes),
    setEntry: (state) => enter(vm, state),
  };
}

/** Puts vCPU `index` into the entry state: vCPU 0 after loading, or an application processor, which it also starts. */
export function enter(vm: Vm, state: EntryState, index = 0): void {
  checkEntry(vm, state, index);
  const vcpu = vm.vcpus[index]!;
  const { segments: s } = state;
  vcpu.reset();
  vcpu.setSregs({
    es: segment(s.es),
    cs: segment(s.cs),
    ss: segment(s.ss),
    ds: segment(s.ds),
    fs: segment(s.fs),
    gs: segment(s.gs),
    ldt: segment(s.ldtr),
    tr: segment(s.tr),
    gdt: { base: BigInt(state.gdtr.base), limit: state.gdtr.limit },
    idt: { base: BigInt(state.idtr.base), limit: state.idtr.limit },
    cr0: BigInt(state.cr0),
    cr3: BigInt(state.cr3),
    cr4: BigInt(state.cr4),
    efer: BigInt(state.efer),
  });
  const regs: Partial<Regs> = { rip: BigInt(state.rip), rflags: BigInt(state.rflags) };
  for (const name of GPR_NAMES) regs[name] = BigInt(state.gpr[name] ?? 0);
  vcpu.setRegs(regs);
  vcpu.activity = 'active';
}
