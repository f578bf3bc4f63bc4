// What is derived of an instruction: which end a block, and how they leave it.

import { describe, expect, it } from 'vitest';
import { HELPERS } from '../../src/cpu/builder/helpers.ts';
import { Rep } from '../../src/cpu/builder/insn.ts';
import { surveyOf } from '../../src/cpu/survey.ts';
import type { Mnemonic } from '../../src/cpu/decode/mnemonic.ts';
import { SYSTEM } from '../../src/cpu/system/index.ts';
import { ALL_SAMPLES } from './instructions.ts';

const ending = (rep: Rep): Mnemonic[] => [
  ...new Set(ALL_SAMPLES.filter((i) => i.rep === rep && surveyOf(i).endsBlock).map(({ mnemonic }) => mnemonic)),
];

describe('the end of a block', () => {
  it('is behind whatever decides how execution goes on', () => {
    // biome-ignore format: a table
    expect(ending(Rep.NONE).sort()).toEqual([
      'JMP_REL', 'JMP', 'JCC', 'CALL_REL', 'CALL', 'RET', 'RET_IMM', 'JCXZ', 'LOOP', 'LOOPE', 'LOOPNE',
      'JMP_FAR', 'JMP_FAR_MEM', 'CALL_FAR', 'CALL_FAR_MEM', 'RET_FAR', 'RET_FAR_IMM', 'IRET',
      'INT', 'INT3', 'INT1', 'INTO', 'SYSCALL', 'SYSRET', 'SYSENTER', 'SYSEXIT',
      'POP_SREG', 'MOV_TO_SREG', 'LOAD_FAR_POINTER', 'POPF', 'CLI', 'STI', 'CLAC', 'STAC', 'HLT',
      'IN', 'OUT', 'INS', 'OUTS', 'MOV_TO_CR', 'MOV_TO_DR', 'LMSW', 'CLTS', 'LGDT', 'LIDT', 'LLDT', 'LTR',
      'INVLPG', 'INVPCID', 'WRMSR', 'SWAPGS', 'WRFSBASE', 'WRGSBASE', 'UD', 'TOO_LONG',
    ].sort());
  });

  it('is behind a repetition', () => {
    expect(ending(Rep.REP).sort()).toEqual(['CMPS', 'INS', 'LODS', 'MOVS', 'OUTS', 'SCAS', 'STOS']);
  });
});

it('every helper says what it changes, and is there', () => {
  expect(Object.keys(SYSTEM).sort()).toEqual(Object.keys(HELPERS).sort());
});
