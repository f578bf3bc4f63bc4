// Every mnemonic that decoding can give, with what its operands are. The SDM's names; a suffix tells apart forms whose
// semantics differ (IMUL with one, two or three operands). `isa/index.ts` has one semantics function for each.

/** x87. FCMOV has a condition code. A suffix M80 tells apart the forms with an operand of ten bytes. */
// biome-ignore format: a table
export const X87_MNEMONICS = [
  // ST(0) and src, or src = memory; FPU stack operations: dst or src is ST(i). …P pops once, …PP twice, …R exchanges the operands
  'FADD', 'FADDP', 'FIADD', 'FSUB', 'FSUBP', 'FISUB', 'FSUBR', 'FSUBRP', 'FISUBR',
  'FMUL', 'FMULP', 'FIMUL', 'FDIV', 'FDIVP', 'FIDIV', 'FDIVR', 'FDIVRP', 'FIDIVR',
  'FCOM', 'FCOMP', 'FCOMPP', 'FICOM', 'FICOMP', 'FUCOM', 'FUCOMP', 'FUCOMPP', 'FCOMI', 'FCOMIP', 'FUCOMI', 'FUCOMIP',
  // what is loaded is src, where it is stored dst
  'FLD', 'FLD_M80', 'FILD', 'FBLD', 'FST', 'FSTP', 'FSTPNCE', 'FSTP_M80', 'FIST', 'FISTP', 'FISTTP', 'FBSTP', 'FXCH', 'FCMOV',
  'FLD1', 'FLDL2T', 'FLDL2E', 'FLDPI', 'FLDLG2', 'FLDLN2', 'FLDZ',
  // ST(0), and ST(1) where there are two operands
  'FCHS', 'FABS', 'FTST', 'FXAM', 'FSQRT', 'FPREM', 'FPREM1', 'FRNDINT', 'FSCALE', 'FXTRACT',
  'F2XM1', 'FYL2X', 'FYL2XP1', 'FPTAN', 'FPATAN', 'FSIN', 'FCOS', 'FSINCOS',
  // stack and control; FNENI, FNDISI and FNSETPM of older coprocessors do nothing
  'FINCSTP', 'FDECSTP', 'FFREE', 'FFREEP', 'FNOP', 'FWAIT', 'FNINIT', 'FNCLEX', 'FNENI', 'FNDISI', 'FNSETPM',
  'FLDCW', 'FNSTCW', 'FNSTSW', 'FLDENV', 'FNSTENV', 'FRSTOR', 'FNSAVE',
] as const;

export type X87Mnemonic = (typeof X87_MNEMONICS)[number];

// biome-ignore format: a table
export const MNEMONICS = [
  ...X87_MNEMONICS,
  // arithmetic: dst, src
  'ADD', 'ADC', 'SUB', 'SBB', 'CMP', 'INC', 'DEC', 'NEG', 'XADD', 'CMPXCHG',
  'AND', 'OR', 'XOR', 'TEST', 'NOT',
  // multiply and divide. MUL, IMUL1, DIV, IDIV: dst is the r/m operand, the rest is in (R)AX:(R)DX or AX
  'MUL', 'IMUL1', 'IMUL2' /* dst, src */, 'IMUL3' /* dst, src, third = imm */, 'DIV', 'IDIV',
  // shifts: dst, src = count (1, CL or imm8); double shifts: dst, src = register, third = count
  'SHL', 'SHR', 'SAR', 'ROL', 'ROR', 'RCL', 'RCR', 'SHLD', 'SHRD',
  // bits: dst, src. BT… with a register src and memory dst address beyond the operand
  'BT', 'BTS', 'BTR', 'BTC', 'BSF', 'BSR', 'TZCNT', 'LZCNT', 'POPCNT', 'BSWAP',
  // moves
  'MOV', 'MOVZX', 'MOVSX' /* also MOVSXD */, 'LEA', 'XCHG', 'CMOV' /* cc */, 'SET' /* cc */,
  'XLAT' /* src = memory: its segment */, 'MOVBE', 'MOVNTI',
  'CBW' /* CBW CWDE CDQE by size */, 'CWD' /* CWD CDQ CQO */, 'CMPXCHG8B' /* 8 or 16 bytes: i.size 4 or 8; dst = memory */,
  // stack; i.stackSize is the width
  'PUSH' /* src = dst operand */, 'POP', 'PUSHA', 'POPA', 'PUSHF', 'POPF', 'ENTER' /* dst = imm16, src = imm8 */, 'LEAVE',
  'PUSH_SREG' /* src = SREG */, 'POP_SREG' /* dst = SREG */, 'MOV_FROM_SREG' /* dst, src = SREG */, 'MOV_TO_SREG' /* dst = SREG, src */,
  'LOAD_FAR_POINTER' /* LES LDS LSS LFS LGS: dst register, src memory, third = SREG */,
  // near control transfers: i.displacement, or dst = r/m
  'JMP_REL', 'JMP', 'JCC', 'CALL_REL', 'CALL', 'RET', 'RET_IMM' /* dst = imm16 */, 'JCXZ', 'LOOP', 'LOOPE', 'LOOPNE',
  // far transfers: dst = memory m16:16/32/64, or dst = imm offset and src = imm16 selector
  'JMP_FAR', 'JMP_FAR_MEM', 'CALL_FAR', 'CALL_FAR_MEM', 'RET_FAR', 'RET_FAR_IMM', 'IRET',
  'INT' /* dst = imm8 */, 'INT3', 'INT1', 'INTO', 'SYSCALL', 'SYSRET', 'SYSENTER', 'SYSEXIT',
  // strings; i.size is the element. src = memory: its segment is that of (R)SI
  'MOVS', 'CMPS', 'STOS', 'LODS', 'SCAS', 'INS', 'OUTS',
  // flags
  'CLC', 'STC', 'CMC', 'CLD', 'STD', 'LAHF', 'SAHF', 'CLI', 'STI', 'CLAC', 'STAC',
  // decimal
  'DAA', 'DAS', 'AAA', 'AAS', 'AAM' /* dst = imm8 */, 'AAD', 'BOUND' /* dst register, src memory */, 'ARPL',
  // system; what has one operand has it in dst
  'HLT', 'IN' /* dst = AL/AX/EAX, src = imm8 or DX */, 'OUT' /* dst = imm8 or DX, src = accumulator */,
  'MOV_FROM_CR', 'MOV_TO_CR', 'MOV_FROM_DR', 'MOV_TO_DR', 'SMSW', 'LMSW', 'CLTS',
  'LGDT', 'LIDT', 'SGDT', 'SIDT' /* dst = memory */, 'LLDT', 'LTR', 'SLDT', 'STR', 'LAR', 'LSL', 'VERR', 'VERW',
  'INVLPG', 'INVPCID', 'INVD', 'WBINVD', 'RDMSR', 'WRMSR', 'RDTSC', 'RDTSCP', 'RDPMC', 'CPUID', 'SWAPGS', 'XGETBV', 'XSETBV',
  'RDFSBASE', 'RDGSBASE', 'WRFSBASE', 'WRGSBASE',
  // no effect here: NOP, multi-byte NOP, PAUSE, ENDBR, PREFETCH, fences, CLFLUSH (which reads its byte)
  'NOP', 'PAUSE', 'FENCE', 'CLFLUSH',
  // always raise
  'UD' /* undefined, and everything that is not there yet */, 'TOO_LONG' /* more than 15 bytes: #GP(0) */,
] as const;

export type Mnemonic = (typeof MNEMONICS)[number];
