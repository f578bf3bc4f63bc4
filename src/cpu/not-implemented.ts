// What a guest can ask of the processor and does not get, as data for the documentation. Everything here is either absent
// from CPUID or answered as told: nothing is passed over in silence.

export interface Absence {
  readonly name: string;
  /** What happens instead. */
  readonly behaviour: string;
}

export const NOT_IMPLEMENTED: readonly Absence[] = [
  {
    name: 'FERR# of other vCPUs than the first, or without a board',
    behaviour:
      'the pin is not wired: with CR0.NE = 0 an x87 exception that is not masked is pending and reported to nobody, as under ' + 'IGNNE#',
  },
  {
    name: 'MMX, SSE, AVX, FXSAVE, XSAVE',
    behaviour:
      'CPUID does not offer them; the instructions are undefined (#UD), but for fences, MOVNTI and PAUSE; CR4.OSFXSR, OSXMMEXCPT ' +
      'and OSXSAVE are reserved (#GP)',
  },
  {
    name: 'task switches through tables in device memory',
    behaviour:
      'the descriptors that the new task loads and the stack that an error code is pushed on must lie in RAM: an access ' +
      'there that leaves the machine is not resumed',
  },
  {
    name: 'breakpoints on what the processor reads and writes by itself',
    behaviour: 'a data breakpoint does not match accesses to descriptor tables, task-state segments and page tables',
  },
  {
    name: 'branch single-step and last-branch records',
    behaviour: 'IA32_DEBUGCTL is not there (#GP)',
  },
  {
    name: 'local APIC',
    behaviour: 'CPUID does not offer it; IA32_APIC_BASE raises #GP; CR8 is kept and masks nothing',
  },
  {
    name: 'MTRRs, machine check, performance counters, microcode updates',
    behaviour: 'CPUID does not offer them; their MSRs raise #GP; every RDPMC raises #GP(0); IA32_BIOS_SIGN_ID reads 0',
  },
  {
    name: 'BMI1, SSE3',
    behaviour: 'CPUID does not offer them; their instructions are undefined (#UD), FISTTP among them, and F3 0F BC executes as BSF',
  },
  {
    name: '5-level paging, protection keys, CET',
    behaviour: 'CPUID does not offer them; their CR4 bits are reserved (#GP)',
  },
  {
    name: 'thermal control, SpeedStep, MONITOR, xTPR messages',
    behaviour: 'CPUID does not offer them; their bits of IA32_MISC_ENABLE are kept and do nothing',
  },
  {
    name: 'system-management mode, VMX, TSX',
    behaviour: 'their instructions are undefined (#UD)',
  },
  {
    name: 'PCIDs in the TLB',
    behaviour: 'CR4.PCIDE and INVPCID work; translations of a PCID are dropped when CR3 changes to another, which the architecture allows',
  },
];
