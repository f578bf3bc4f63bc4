// The state after RESET (SDM vol. 3, "Processor State After Reset").

import { Activity, Seg } from '../base/state/vcpu.ts';
import { CR0 } from './arch/control-bits.ts';
import type { Cpu } from './cpu.ts';
import { PROCESSOR_SIGNATURE } from './system/cpuid.ts';
import { DR6_FIXED, DR7_FIXED } from './system/debug-registers.ts';
import { MISC_ENABLE_RESET } from './system/misc-enable.ts';
import { PAT_RESET } from './system/msr-table.ts';

const RDX = 2;
const CODE = 0x9b;
const DATA = 0x93;
const LDT = 0x82;
const TSS_BUSY = 0x8b;
const RESET_LIMIT = 0xffff;
/** CS: the selector F000H with the base FFFF0000H, so that the first instruction is at FFFFFFF0H. */
const RESET_SELECTOR = 0xf000;
const RESET_BASE = 0xffff0000n;
const RESET_RIP = 0xfff0n;
/** The x87: nothing is masked, single precision; eight registers of +0.0. */
const RESET_FCW = 0x40;
const NO_TAG_EMPTY = 0xff;

/**
 * Sets every register. The vCPU becomes active: which of several starts is for `powerUp` to say. The retired count becomes 0. The
 * PML index and the request word are no registers of the guest: they stay, with what is logged or asked for and not yet served.
 */
export function resetVcpu(cpu: Cpu): void {
  const { state } = cpu;
  for (const view of Object.values(state)) {
    if (view instanceof BigUint64Array) view.fill(0n);
    else if (view !== state.request && view !== state.pmlIndex) view.fill(0);
  }
  state.gpr[RDX] = BigInt(PROCESSOR_SIGNATURE);
  state.rip[0] = RESET_RIP;
  cpu.flags.write(0);
  for (let segment = 0; segment < 8; segment++) {
    state.segLimit[segment] = RESET_LIMIT;
    state.segAttributes[segment] = segment === Seg.CS ? CODE : segment === Seg.LDTR ? LDT : segment === Seg.TR ? TSS_BUSY : DATA;
  }
  state.segSelector[Seg.CS] = RESET_SELECTOR;
  state.segBase[Seg.CS] = RESET_BASE;
  state.gdtrLimit[0] = RESET_LIMIT;
  state.idtrLimit[0] = RESET_LIMIT;
  state.cr0[0] = CR0.CD | CR0.NW | CR0.ET;
  state.xcr0[0] = 1n;
  state.dr[6] = DR6_FIXED;
  state.dr[7] = DR7_FIXED;
  state.pat[0] = PAT_RESET;
  state.miscEnable[0] = MISC_ENABLE_RESET;
  state.fcw[0] = RESET_FCW;
  state.ftw[0] = NO_TAG_EMPTY;
  state.activity[0] = Activity.ACTIVE;
  cpu.replay.clear();
  cpu.suppressTrap = false;
  cpu.exceptionChain.length = 0;
  cpu.rip = Number(RESET_RIP);
  cpu.nextRip = cpu.rip;
  cpu.mmu.setControls();
  cpu.mmu.flushAll();
  cpu.refresh();
}

/** SDM vol. 3, "MP Initialization Protocol Algorithm": the bootstrap processor starts, the others wait for a startup IPI. */
export function powerUp(cpus: readonly Cpu[]): void {
  cpus.forEach((cpu, n) => {
    resetVcpu(cpu);
    if (n > 0) cpu.state.activity[0] = Activity.WAIT_FOR_SIPI;
  });
}
