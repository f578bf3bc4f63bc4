// HLT, and the caches that are not modelled.

import { Activity } from '../../base/state/vcpu.ts';
import { requireCpl0, requireProtectedMode } from './helper.ts';
import type { SystemFunction } from './helper.ts';

/** The run loop finds the activity state changed and waits for what wakes it. */
export const halt: SystemFunction = (cpu) => {
  requireCpl0(cpu);
  cpu.state.activity[0] = Activity.HLT;
  cpu.noteInterruptWindow();
  return 0n;
};

/** INVD, WBINVD: memory is always coherent here, so there is nothing to write back or to lose. */
export const invalidateCaches: SystemFunction = (cpu) => {
  requireCpl0(cpu);
  return 0n;
};

/** For what is not recognised in real-address and virtual-8086 mode: its operand is not looked at there. */
export const checkProtectedMode: SystemFunction = (cpu) => {
  requireProtectedMode(cpu);
  return 0n;
};

export const checkCpl0: SystemFunction = (cpu) => {
  requireCpl0(cpu);
  return 0n;
};
