// Flags by name.

import { AC, AF, CF, DF, ID, IF, IOPL_SHIFT, NT, OF, PF, RF, SF, TF, VIF, VIP, VM, ZF } from '../../../cpu/arch/rflags.ts';

const FLAGS = Object.entries({ CF, PF, AF, ZF, SF, TF, IF, DF, OF, NT, RF, VM, AC, VIF, VIP, ID });
const IOPL = 3 << IOPL_SHIFT;

/** `ZF=1 CF=0` for the bits in `which` of the flags' value. */
export function flagsText(value: number, which: number): string[] {
  const named = FLAGS.filter(([, bit]) => (which & bit) !== 0).map(([name, bit]) => `${name}=${(value & bit) === 0 ? 0 : 1}`);
  return (which & IOPL) === 0 ? named : [...named, `IOPL=${(value & IOPL) >> IOPL_SHIFT}`];
}
