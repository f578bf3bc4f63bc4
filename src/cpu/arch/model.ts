// What a processor has of the architecture.

import type { FeatureSet } from './features.ts';

/** All vCPUs of a machine are of one model, so what is decoded once holds for each. */
export interface CpuModel {
  /** The features that CPUID shows. */
  readonly shown: FeatureSet;
  /** The features whose instructions decode: those shown, and those that CPUID keeps back because only a part of them is there. */
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
 * SSE and SSE2 are not shown: only what needs no vector register is there of them, which is fences, MOVNTI and PAUSE. 64-bit
 * programs take these for granted and do not ask.
 */
export const DEFAULT_MODEL: CpuModel = { shown: SHOWN, features: new Set([...SHOWN, 'SSE', 'SSE2']) };
