// CPUID's feature flags (SDM vol. 2, CPUID), by the word that shows them. One table serves both sides: the decoder asks whether a
// processor has the features that a row names, and CPUID answers by the same names.

/** The bit of each feature, by word. A word is a register of a leaf. */
export const FEATURE_WORDS = {
  /** Leaf 1. */
  basicEcx: { SSE3: 0, CX16: 13, PCID: 17, MOVBE: 22, POPCNT: 23 },
  basicEdx: {
    FPU: 0,
    VME: 1,
    DE: 2,
    PSE: 3,
    TSC: 4,
    MSR: 5,
    PAE: 6,
    CX8: 8,
    SEP: 11,
    PGE: 13,
    CMOV: 15,
    PAT: 16,
    PSE36: 17,
    CLFSH: 19,
    SSE: 25,
    SSE2: 26,
  },
  /** Leaf 7, subleaf 0. */
  structuredEbx: { FSGSBASE: 0, BMI1: 3, SMEP: 7, INVPCID: 10, SMAP: 20 },
  structuredEcx: { UMIP: 2 },
  /** Leaf 80000001H. */
  extendedEcx: { LAHF64: 0, LZCNT: 5, PREFETCHW: 8 },
  extendedEdx: { SYSCALL: 11, NX: 20, PAGE1GB: 26, RDTSCP: 27, LM: 29 },
} as const;

type Words = typeof FEATURE_WORDS;
export type FeatureWord = keyof Words;
export type Feature = { [W in FeatureWord]: keyof Words[W] }[FeatureWord];
export type FeatureSet = ReadonlySet<Feature>;

/** The word as a processor that shows `features` has it. */
export function featureBits(word: FeatureWord, features: FeatureSet): number {
  let bits = 0;
  for (const [name, bit] of Object.entries(FEATURE_WORDS[word])) if (features.has(name as Feature)) bits |= 1 << bit;
  return bits >>> 0;
}
