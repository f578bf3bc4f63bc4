import { toPlain } from '../../../vm/plain-registers.ts';
import type { Vm } from '../../../vm/vm.ts';
import { generalText, systemText } from '../../guest/registers-text.ts';
import type { View } from './view.ts';

/** The registers of every vCPU. */
export function registersView(vm: Vm): View {
  return {
    text: vm.vcpus.flatMap((vcpu) => [
      `vCPU ${vcpu.index}: ${vcpu.activity}, ${vcpu.retired} instructions retired`,
      ...generalText(vcpu.getRegs(), vcpu.getSregs()).map((line) => `  ${line}`),
      ...systemText(vcpu.getSregs()).map((line) => `  ${line}`),
    ]),
    data: vm.vcpus.map((vcpu) => ({
      vcpu: vcpu.index,
      activity: vcpu.activity,
      retired: vcpu.retired,
      regs: toPlain(vcpu.getRegs()),
      sregs: toPlain(vcpu.getSregs()),
    })),
  };
}
