// The state table of one vCPU. Everything an engine touches is here; 64-bit fields that hold linear addresses are canonical.

import { field, stateTable } from './table.ts';
import type { StateViews } from './table.ts';

/** Index of a segment register in the `seg…` fields; 0 to 5 is the SDM's encoding in ModRM.reg. */
export const Seg = { ES: 0, CS: 1, SS: 2, DS: 3, FS: 4, GS: 5, LDTR: 6, TR: 7 } as const;

/** `activity`: the activity states of the VMCS (SDM vol. 3, "Guest Non-Register State"). */
export const Activity = { ACTIVE: 0, HLT: 1, SHUTDOWN: 2, WAIT_FOR_SIPI: 3 } as const;

/**
 * `segAttributes`: the access rights as in the VMCS: 3:0 type | 4 S | 6:5 DPL | 7 P | 12 AVL | 13 L | 14 D/B | 15 G | 16 unusable.
 * `flagResult` and `flagAux`: the six status flags, kept as what they are computed from (cpu/flags.ts).
 */
export const VCPU_STATE = stateTable('vcpu', {
  gpr: field('u64', 'RAX RCX RDX RBX RSP RBP RSI RDI R8…R15', { count: 16 }),
  rip: field('u64', 'instruction pointer; valid outside guest mode'),
  flagResult: field('u64', 'the last result, sign-extended to 64 bits: ZF, SF, PF'),
  flagAux: field('u32', 'carries and corrections: CF, OF, AF, and SF/PF deltas'),
  rflags: field('u32', 'RFLAGS without the six status flags; bit 1 is set'),
  segSelector: field('u32', 'selectors: ES CS SS DS FS GS LDTR TR', { count: 8 }),
  segLimit: field('u32', 'limits in bytes, granularity applied', { count: 8 }),
  segAttributes: field('u32', 'access rights', { count: 8 }),
  segBase: field('u64', 'bases', { count: 8 }),
  gdtrBase: field('u64', 'GDTR base'),
  idtrBase: field('u64', 'IDTR base'),
  gdtrLimit: field('u32', 'GDTR limit'),
  idtrLimit: field('u32', 'IDTR limit'),
  cr0: field('u64', 'CR0'),
  cr2: field('u64', 'CR2'),
  cr3: field('u64', 'CR3'),
  cr4: field('u64', 'CR4'),
  cr8: field('u64', 'CR8, the task priority'),
  xcr0: field('u64', 'XCR0'),
  efer: field('u64', 'IA32_EFER'),
  dr: field('u64', 'DR0…DR7; 4 and 5 unused', { count: 8 }),
  pdpte: field('u64', 'the four PDPTEs loaded in PAE paging', { count: 4 }),
  star: field('u64', 'IA32_STAR'),
  lstar: field('u64', 'IA32_LSTAR'),
  cstar: field('u64', 'IA32_CSTAR'),
  sfmask: field('u64', 'IA32_FMASK'),
  kernelGsBase: field('u64', 'IA32_KERNEL_GS_BASE'),
  sysenterCs: field('u64', 'IA32_SYSENTER_CS'),
  sysenterEsp: field('u64', 'IA32_SYSENTER_ESP'),
  sysenterEip: field('u64', 'IA32_SYSENTER_EIP'),
  pat: field('u64', 'IA32_PAT'),
  miscEnable: field('u64', 'IA32_MISC_ENABLE'),
  tscOffset: field('u64', 'added to virtual time to give the TSC'),
  tscAux: field('u64', 'IA32_TSC_AUX'),
  fpr: field('u64', 'x87 registers R0…R7, two words each: the significand, then sign and exponent', { count: 16 }),
  fcw: field('u32', 'x87 control word'),
  fsw: field('u32', 'x87 status word without ES and B, which follow from its exceptions and the masks'),
  ftw: field('u32', 'x87 tags, abridged as by FXSAVE: bit n is 0 when Rn is empty'),
  fop: field('u32', 'x87 opcode of the last non-control instruction, 11 bits'),
  fip: field('u64', 'x87 instruction pointer: its offset'),
  fcs: field('u32', 'its selector'),
  fdp: field('u64', 'x87 data pointer: the offset of the last operand in memory'),
  fds: field('u32', 'its selector'),
  retired: field('u64', 'retired instructions and REP iterations since reset; valid outside guest mode'),
  activity: field('u32', 'activity state'),
  interruptibility: field(
    'u32',
    '0 blocking by STI | 1 blocking by MOV SS | 3 blocking by NMI | 16 between two iterations of REP | 27:24 breakpoints met by MOV SS',
  ),
  pendingNmi: field('u32', '1 when an NMI is latched'),
  injected: field('u32', 'event to deliver at the next entry: 7:0 vector | 10:8 type | 11 error code valid | 31 valid'),
  injectedError: field('u32', 'its error code'),
  pmlIndex: field('u32', 'PML index, 511 … 0, then 0xFFFF'),
  budgetEnd: field('u32', 'virtual time, in ticks, at which the budget is used up: low and high half', { count: 2, saved: false }),
  budget: field('i32', 'instructions that translated code may still retire', { saved: false }),
  lazyKind: field('u32', 'status flags between two regions of translated code (cpu/translator/flag-kinds.ts): their kind', {
    saved: false,
  }),
  lazyTop: field('u32', 'CF and OF where the kind says that they are kept apart', { saved: false }),
  lazyX: field('u64', 'word x', { saved: false }),
  lazyY: field('u64', 'word y', { saved: false }),
  lazyR: field('u64', 'word r', { saved: false }),
  x87Value: field('u64', 'what a quick conversion of the x87 gives (cpu/x87/quick)', { saved: false }),
  codeKey: field('u32', 'what translation depends on beside the bytes (cpu/code-key.ts); 0: not translatable', { saved: false }),
  request: field('i32', 'pending-request word: non-zero makes the engine stop at the next instruction boundary', { saved: false }),
  segReadEnd: field('u32', 'per segment: where reads begin to need a check, for translated code', { count: 8, saved: false }),
  segWriteEnd: field('u32', 'the same of writes (cpu/segment-ends.ts)', { count: 8, saved: false }),
});

export type VcpuState = StateViews<typeof VCPU_STATE.fields>;
