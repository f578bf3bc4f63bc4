// What a processor is: what of the architecture it has.

import type { FeatureSet } from './features.ts';

/** All vCPUs of a machine are of one model: what is decoded once holds for each. */
export interface CpuModel {
  /** What CPUID tells. */
  readonly shown: FeatureSet;
  /** Whose instructions there are: what is shown, and more if CPUID keeps a feature back of which only a part is there. */
  readonly features: FeatureSet;
}

/** No MMX, APIC, MTRR, MCE. */
// biome-ignore format: a table
const SHOWN: FeatureSet = new Set([
  'FPU', 'VME', 'DE', 'PSE', 'TSC', 'MSR', 'PAE', 'CX8', 'SEP', 'PGE', 'CMOV', 'PAT', 'PSE36', 'CLFSH',
  'CX16', 'PCID', 'MOVBE', 'POPCNT', 'FSGSBASE', 'SMEP', 'INVPCID', 'SMAP', 'UMIP',
  'SYSCALL', 'NX', 'PAGE1GB', 'RDTSCP', 'LM', 'LAHF64', 'LZCNT', 'PREFETCHW',
]);

/**
 * Everything that is there. Of SSE and SSE2 that is what needs no vector register, fences, MOVNTI and PAUSE: 64-bit programs take
 * them for granted and do not ask.
 */
export const DEFAULT_MODEL: CpuModel = { shown: SHOWN, features: new Set([...SHOWN, 'SSE', 'SSE2']) };
