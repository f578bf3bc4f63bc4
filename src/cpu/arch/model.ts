// What a processor is: what of the architecture it has.

import type { FeatureSet } from './features.ts';

/** All vCPUs of a machine are of one model: what is decoded once holds for each. */
export interface CpuModel {
  readonly features: FeatureSet;
}

/** Everything that is there: no MMX, SSE, FXSR, APIC, MTRR, MCE. */
// biome-ignore format: a table
export const DEFAULT_MODEL: CpuModel = {
  features: new Set([
    'FPU', 'VME', 'DE', 'PSE', 'TSC', 'MSR', 'PAE', 'CX8', 'SEP', 'PGE', 'CMOV', 'PAT', 'PSE36', 'CLFSH',
    'CX16', 'PCID', 'MOVBE', 'POPCNT', 'FSGSBASE', 'SMEP', 'INVPCID', 'SMAP', 'UMIP',
    'SYSCALL', 'NX', 'PAGE1GB', 'RDTSCP', 'LM', 'LAHF64', 'LZCNT', 'PREFETCHW',
  ]),
};
