// The dirtier's expected output against the model of it.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GUESTS } from './catalog.ts';
import { DEFAULTS, modelDirtier } from './dirtier-model.ts';

const expected = (file: string): string => readFileSync(new URL(`dirtier/${file}`, GUESTS), 'utf8');

describe('dirtier', () => {
  it('prints what the model says by default', () => {
    expect(modelDirtier(DEFAULTS).output).toBe(expected('expected-output.txt'));
  });

  it('prints what the model says for a region of 211 pages', () => {
    const { output } = modelDirtier({ ...DEFAULTS, pattern: 'random', pages: 211, iterations: 20, rate: 64, seed: 7 });
    expect(output).toBe(expected('expected-output-random-211.txt'));
  });
});
