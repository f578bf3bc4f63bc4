// Where the x87 of the recorded AMD processor and that of the modelled Intel processor differ, by name.

import type { Mnemonic } from '../../src/cpu/decode/mnemonic.ts';
import type { VendorDifference } from './vendor-differences.ts';

const COMPARISONS: ReadonlySet<Mnemonic> = new Set([
  'FCOM',
  'FCOMP',
  'FCOMPP',
  'FICOM',
  'FICOMP',
  'FUCOM',
  'FUCOMP',
  'FUCOMPP',
  'FCOMI',
  'FCOMIP',
  'FUCOMI',
  'FUCOMIP',
  'FTST',
]);
const SETS_FLAGS: ReadonlySet<Mnemonic> = new Set(['FCOMI', 'FCOMIP', 'FUCOMI', 'FUCOMIP']);
const IMAGES: ReadonlySet<Mnemonic> = new Set(['FLDENV', 'FNSTENV', 'FRSTOR', 'FNSAVE']);
const TRANSCENDENTAL: ReadonlySet<Mnemonic> = new Set(['F2XM1', 'FYL2X', 'FYL2XP1', 'FPTAN', 'FPATAN', 'FSIN', 'FCOS', 'FSINCOS']);
const ES = 0x80;

export const X87_DIFFERENCES: readonly VendorDifference[] = [
  {
    name: 'comparison by the x87 whose exception is not masked',
    why: 'the condition codes or flags are not set (SDM vol. 2, FCOM, FCOMI, "If the … exception is unmasked"); AMD sets them',
    excuses: 'conditions',
    holds: (insn, { x87After, fault }) =>
      COMPARISONS.has(insn.mnemonic) && fault === null && x87After !== null && (x87After.status & ES) !== 0,
  },
  {
    name: 'C1 after FCOMI',
    why: 'is 0 (SDM vol. 2, FCOMI/FCOMIP/FUCOMI/FUCOMIP, "FPU Flags Affected"); AMD leaves it',
    excuses: 'C1',
    holds: (insn) => SETS_FLAGS.has(insn.mnemonic),
  },
  {
    name: 'x87 environment or state that faults',
    why:
      'here the lowest word that cannot be accessed is named, and nothing has changed (SDM vol. 3, "Program or Task Restart"); ' +
      'AMD names another, and keeps what was accessed before',
    excuses: 'everything',
    holds: (insn, vector) => IMAGES.has(insn.mnemonic) && [12, 13, 14].includes(vector.fault?.vector ?? -1),
  },
  {
    name: 'transcendental functions',
    why: 'results may be wrong by less than one unit of the last place (SDM vol. 1, "Transcendental Instruction Accuracy")',
    excuses: 'last bits',
    holds: (insn) => TRANSCENDENTAL.has(insn.mnemonic),
  },
];
