// The code key has 16 bits, and every one of them tells translations apart.

import { expect, it } from 'vitest';
import { LinearMemory } from '../../src/base/linear-memory.ts';
import { CodeMode } from '../../src/cpu/arch/code-mode.ts';
import { KEY_LIMIT } from '../../src/cpu/code-key.ts';
import { WHOLE_PAGE, planRegion } from '../../src/cpu/translator/region-planner.ts';
import { HelperSites } from '../../src/cpu/translator/helper-sites.ts';
import { RegionStore } from '../../src/cpu/translator/region-store.ts';
import { ALL_FEATURES } from '../support/cpu-models.ts';

const GFN = 5;
const KEY = 0x8000;
const page = new Uint8Array(4096);
page.set([0x40, 0xeb, 0xfd]); // inc eax; jmp to it

it('keeps translations apart whose keys differ in any bit, and those at other places', () => {
  const code = { page, following: new Uint8Array(), mode: CodeMode.BITS32, features: ALL_FEATURES, bounds: WHOLE_PAGE, entered: [] };
  const plan = planRegion(code, 0);
  const lost: number[][] = [];
  const store = new RegionStore({
    memory: LinearMemory.create(65536, false),
    caches: [],
    code: { rows: 0, bits: 0 },
    translate: () => 0,
    sites: new HelperSites(),
    tableSize: 32,
    lost: (...place) => lost.push(place),
    flushed: () => {},
  });
  const keys = Array.from({ length: Math.log2(KEY_LIMIT) }, (_, bit) => KEY ^ (1 << bit)).filter((key) => (key & 8) === 0);
  const made = [KEY, ...keys].map((key) => store.add(GFN, key, plan).region);
  expect(new Set(made).size).toBe(keys.length + 1);
  expect([KEY, ...keys].map((key) => store.find(GFN, 0, key)?.region ?? 0)).toEqual(made);
  for (const distance of [1, 2, 16, 0xfff])
    expect([KEY, ...keys].map((key) => store.find(GFN, distance, key)?.region ?? 0)).toEqual(made.map(() => 0));
  store.drop(GFN, 3, 8, () => {});
  expect(lost, 'bytes behind the code').toEqual([]);
  store.drop(GFN, 2, 3, () => {});
  expect(lost).toEqual([KEY, ...keys].map((key) => [GFN, 0, key]));
  expect([KEY, ...keys].map((key) => store.find(GFN, 0, key)?.region ?? 0)).toEqual(made.map(() => 0));
});
