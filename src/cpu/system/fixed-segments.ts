// The flat segments that SYSCALL, SYSRET, SYSENTER and SYSEXIT load without looking at any descriptor (SDM vol. 2).

import { Seg } from '../../base/state/vcpu.ts';
import { SegAttr } from '../arch/segment-attributes.ts';
import type { Cpu } from '../cpu.ts';

const CODE = 0x9b;
const DATA = 0x93;

function setFlat(cpu: Cpu, segment: number, selector: number, attributes: number): void {
  const { state } = cpu;
  state.segSelector[segment] = selector;
  state.segBase[segment] = 0n;
  state.segLimit[segment] = 0xffffffff;
  state.segAttributes[segment] = attributes | SegAttr.G;
}

/**
 * Flat CS and SS of level `cpl`, for 64-bit or 32-bit code. The RPL of CS becomes the level. The RPL of SS takes
 * the level without being cleared before, so that SYSCALL's SS is IA32_STAR[47:32] + 8 to the bit.
 */
export function setFlatSegments(cpu: Cpu, cpl: number, codeSelector: number, stackSelector: number, is64: boolean): void {
  const dpl = cpl << SegAttr.DPL_SHIFT;
  setFlat(cpu, Seg.CS, (codeSelector & 0xfffc) | cpl, CODE | dpl | (is64 ? SegAttr.L : SegAttr.DB));
  setFlat(cpu, Seg.SS, (stackSelector | cpl) & 0xffff, DATA | dpl | SegAttr.DB);
  cpu.refresh();
}
