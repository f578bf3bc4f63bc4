// HLT, the caches that are not modelled, and the checks that semantics ask for by themselves.

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

/** Asked before the operand of an instruction is read that real-address and virtual-8086 mode do not recognise. */
export const checkProtectedMode: SystemFunction = (cpu) => {
  requireProtectedMode(cpu);
  return 0n;
};

export const checkCpl0: SystemFunction = (cpu) => {
  requireCpl0(cpu);
  return 0n;
};
