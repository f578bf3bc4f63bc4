// The recorded vectors in test/hardware/vectors: one file per code size, brotli over lines of text.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import type { VectorMode } from './vector.ts';

/** The seed of the data template, and of everything random in the file. */
export const SEED: Record<VectorMode, number> = { 64: 64, 32: 32, 16: 16, '16w': 17 };

/** The lines of the file for code of `mode`. */
export function vectorLines(mode: VectorMode, what: 'integer' | 'x87' | 'segments' = 'integer'): string[] {
  const packed = readFileSync(join(import.meta.dirname, 'vectors', `${what}-${mode}.txt.br`));
  return brotliDecompressSync(packed)
    .toString('latin1')
    .split('\n')
    .filter((line) => line !== '');
}

/** One of `step`, scattered, because vectors of one form come in turns. */
export const isTaken = (at: number, step: number): boolean => (Math.imul(at, 0x9e3779b1) >>> 8) % step === 0;
