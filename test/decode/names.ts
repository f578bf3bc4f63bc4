// What an instruction of ours is called by the independent decoder.

import type { Insn } from '../../src/cpu/builder/insn.ts';

const CONDITIONS = ['o', 'no', 'b', 'ae', 'e', 'ne', 'be', 'a', 's', 'ns', 'p', 'np', 'l', 'ge', 'le', 'g'];
const X87_CONDITIONS: Record<number, string> = { 2: 'b', 3: 'nb', 4: 'e', 5: 'ne', 6: 'be', 7: 'nbe', 10: 'u', 11: 'nu' };
const SUFFIX: Record<number, string> = { 1: 'b', 2: 'w', 4: 'd', 8: 'q' };
const STRINGS = new Set(['MOVS', 'CMPS', 'STOS', 'LODS', 'SCAS', 'INS', 'OUTS']);

// biome-ignore format: a table
const HINTS = [
  'Nop', 'Reservednop', 'Prefetch', 'Prefetchw', 'Prefetchwt1', 'Prefetchnta', 'Prefetcht0', 'Prefetcht1', 'Prefetcht2', 'Prefetchit0',
  'Prefetchit1', 'Prefetchreserved_rm32', 'Endbr32', 'Endbr64', 'Cldemote', 'Rdsspd', 'Rdsspq',
];

// biome-ignore format: a table
const OTHERS: Partial<Record<Insn['mnemonic'], readonly string[]>> = {
  SHL: ['Shl', 'Sal'], IMUL1: ['Imul'], IMUL2: ['Imul'], IMUL3: ['Imul'], MOVSX: ['Movsx', 'Movsxd'], XLAT: ['Xlatb'],
  CBW: ['Cbw', 'Cwde', 'Cdqe'], CWD: ['Cwd', 'Cdq', 'Cqo'], CMPXCHG8B: ['Cmpxchg8b', 'Cmpxchg16b'],
  PUSHA: ['Pusha', 'Pushad'], POPA: ['Popa', 'Popad'], PUSHF: ['Pushf', 'Pushfd', 'Pushfq'], POPF: ['Popf', 'Popfd', 'Popfq'],
  PUSH_SREG: ['Push'], POP_SREG: ['Pop'], MOV_FROM_SREG: ['Mov'], MOV_TO_SREG: ['Mov'],
  LOAD_FAR_POINTER: ['Les', 'Lds', 'Lss', 'Lfs', 'Lgs'],
  JMP_REL: ['Jmp'], CALL_REL: ['Call'], RET_IMM: ['Ret'], JCXZ: ['Jcxz', 'Jecxz', 'Jrcxz'], JMP_FAR: ['Jmp'], JMP_FAR_MEM: ['Jmp'],
  CALL_FAR: ['Call'], CALL_FAR_MEM: ['Call'], RET_FAR: ['Retf'], RET_FAR_IMM: ['Retf'], IRET: ['Iret', 'Iretd', 'Iretq'],
  SYSRET: ['Sysret', 'Sysretq'], SYSEXIT: ['Sysexit', 'Sysexitq'], MOV_FROM_CR: ['Mov'], MOV_TO_CR: ['Mov'], MOV_FROM_DR: ['Mov'],
  MOV_TO_DR: ['Mov'], NOP: HINTS, XCHG: ['Xchg', 'Nop', 'Pause'], FENCE: ['Lfence', 'Mfence', 'Sfence'], WBINVD: ['Wbinvd', 'Wbnoinvd'],
  FWAIT: ['Wait'], FLD_M80: ['Fld'], FSTP_M80: ['Fstp'],
  UD: ['Ud0', 'Ud1', 'Ud2'],
};

/** The names that are right for `insn`. */
export function namesOf(insn: Insn): readonly string[] {
  const { mnemonic } = insn;
  if (mnemonic === 'JCC') return [`J${CONDITIONS[insn.cc]}`];
  if (mnemonic === 'SET') return [`Set${CONDITIONS[insn.cc]}`];
  if (mnemonic === 'FCMOV') return [`Fcmov${X87_CONDITIONS[insn.cc]}`];
  if (mnemonic === 'CMOV') return [`Cmov${CONDITIONS[insn.cc]}`];
  const capital = mnemonic[0]! + mnemonic.slice(1).toLowerCase();
  if (STRINGS.has(mnemonic)) return [capital + SUFFIX[insn.size]!];
  return OTHERS[mnemonic] ?? [capital];
}
