// What the translator's tests share: the same small program under both engines.

import { Assembler } from '../lockstep/random/assembler.ts';
import { codeBase, randomMachine } from '../lockstep/random/layout.ts';
import type { RandomMachine, Setting } from '../lockstep/random/layout.ts';
import type { VmConfig } from '../../src/vm/config.ts';
import { randomOf } from '../mt/laws/machine.ts';
import { lockstep } from '../lockstep/support/lockstep.ts';
import type { LockstepEnd } from '../lockstep/support/lockstep.ts';

export const RING0_32: Setting = { width: 32, ring: 0 };
export const RING0_64: Setting = { width: 64, ring: 0 };

export interface Pair {
  readonly reference: RandomMachine;
  readonly subject: RandomMachine;
}

/** Code at the setting's code base. */
export function assembled(setting: Setting, emit: (a: Assembler) => void): Uint8Array {
  const a = new Assembler(setting.width, codeBase(setting));
  emit(a);
  return a.finish();
}

/** The program in two machines: the interpreter's, and the translator's that translates at once. */
export function pairOf(setting: Setting, emit: (a: Assembler) => void, config: Partial<VmConfig> = {}, period = 0): Pair {
  const code = assembled(setting, emit);
  const machine = (engine: 'interpreter' | 'translator'): RandomMachine => randomMachine(setting, code, period, { ...config, engine });
  return { reference: machine('interpreter'), subject: machine('translator') };
}

/** Lockstep in slices of random length up to `longest`. */
export function together({ reference, subject }: Pair, { longest, limit = 20_000 }: { longest: number; limit?: number }): LockstepEnd {
  const random = randomOf(1);
  return lockstep(reference.vm, subject.vm, { slice: () => 1 + random(longest), limit });
}

/** mov reg, value: sign-extended from 32 bits in 64-bit code. */
export function move(a: Assembler, reg: number, value: number | { at: number }): void {
  if (a.width === 64) a.instruction({ opcode: [0xc7], reg: 0, size: 8, rm: reg, immediate: { bytes: 4, value } });
  else a.raw(0xb8 + reg).field(4, value);
}
