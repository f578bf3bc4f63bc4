// The decoder against an independent one over the opcode space: length, mnemonic and operands.

import { beforeAll, describe, expect, it } from 'vitest';
import { emptyExploration, explore } from './explore.ts';
import { addressingSpace, opcodeSpace } from './space.ts';
import { unimplementedMarkdown, unlisted } from './unimplemented.ts';

describe('the opcode space', () => {
  const found = emptyExploration();

  beforeAll(() => {
    for (const mode of [8, 4, 2] as const) {
      explore(opcodeSpace(mode), mode, found);
      explore(addressingSpace(mode), mode, found);
    }
  });

  it('is walked: more than a million instructions', () => {
    expect(found.compared).toBeGreaterThan(1_000_000);
  });

  it('decodes alike wherever both know the instruction', () => {
    expect(found.disagreements.length, JSON.stringify(found.disagreements.slice(0, 20), null, 1)).toBe(0);
  });

  it('gives no meaning to what the other calls invalid', () => {
    expect([...found.onlyOurs]).toEqual([]);
  });

  it('misses only what is listed as missing', () => {
    expect(unlisted(found)).toEqual([]);
  });

  it('keeps docs/unimplemented.md true (vitest -u writes it)', async () => {
    await expect(unimplementedMarkdown(found)).toMatchFileSnapshot('../../docs/unimplemented.md');
  });
});
