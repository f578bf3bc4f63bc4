// Processors that tests are made with.

import { FEATURE_WORDS } from '../../src/cpu/arch/features.ts';
import type { Feature, FeatureSet } from '../../src/cpu/arch/features.ts';
import type { CpuModel } from '../../src/cpu/arch/model.ts';

/** Every feature that a row of the decoder or CPUID knows, those among them that no model shows yet. */
export const ALL_FEATURES: FeatureSet = new Set(Object.values(FEATURE_WORDS).flatMap((word) => Object.keys(word) as Feature[]));

/** Whatever the decoder knows, it has. */
export const EVERYTHING: CpuModel = { shown: ALL_FEATURES, features: ALL_FEATURES };

export const without = (...features: readonly Feature[]): FeatureSet =>
  new Set([...ALL_FEATURES].filter((feature) => !features.includes(feature)));
