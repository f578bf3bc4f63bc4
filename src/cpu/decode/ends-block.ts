// Which instructions end a straight-line block: control transfers, and whatever may change mode, privilege, mapping, segment
// bases or interruptibility, leave the machine, or must see an exact instruction count.

import type { Mnemonic } from '../isa/mnemonics.ts';

export const STRING_INSTRUCTIONS: ReadonlySet<Mnemonic> = new Set(['MOVS', 'CMPS', 'STOS', 'LODS', 'SCAS', 'INS', 'OUTS']);

// biome-ignore format: a table
export const ENDS_BLOCK: ReadonlySet<Mnemonic> = new Set([
  'JMP_REL', 'JMP', 'JCC', 'CALL_REL', 'CALL', 'RET', 'RET_IMM', 'JCXZ', 'LOOP', 'LOOPE', 'LOOPNE',
  'JMP_FAR', 'JMP_FAR_MEM', 'CALL_FAR', 'CALL_FAR_MEM', 'RET_FAR', 'RET_FAR_IMM', 'IRET',
  'INT', 'INT3', 'INT1', 'INTO', 'SYSCALL', 'SYSRET', 'SYSENTER', 'SYSEXIT',
  'POP_SREG', 'MOV_TO_SREG', 'LOAD_FAR_POINTER', 'POPF', 'CLI', 'STI', 'CLAC', 'STAC', 'HLT',
  'IN', 'OUT', 'INS', 'OUTS',
  'MOV_FROM_CR', 'MOV_TO_CR', 'MOV_FROM_DR', 'MOV_TO_DR', 'LMSW', 'CLTS', 'LGDT', 'LIDT', 'LLDT', 'LTR',
  'INVLPG', 'INVPCID', 'INVD', 'WBINVD', 'RDMSR', 'WRMSR', 'RDTSC', 'RDTSCP', 'RDPMC', 'CPUID', 'SWAPGS', 'XSETBV',
  'WRFSBASE', 'WRGSBASE', 'PAUSE', 'UD', 'TOO_LONG',
] satisfies readonly Mnemonic[]);
