// LAR, LSL, VERR, VERW and ARPL over every type, level and mode (SDM vol. 2, the tables of types in LAR and LSL).

import { describe, expect, it } from 'vitest';
import { Seg } from '../../src/base/state/vcpu.ts';
import { CF, ZF } from '../../src/cpu/arch/rflags.ts';
import { longMode, protectedMode, segment } from '../system/support.ts';
import type { Rig } from '../system/support.ts';

const SELECTOR = 0xd8;
const LIMIT = 0x12345;

type Query = 'lar' | 'lsl' | 'verr' | 'verw';
const QUERIES: readonly Query[] = ['lar', 'lsl', 'verr', 'verw'];

/** Asks about the descriptor with RPL `rpl`; null while ZF = 0. */
function ask(rig: Rig, query: Query, rpl = 0, size: 2 | 4 | 8 = 4): bigint | null {
  rig.cpu.flags.write(CF);
  const { value, fault } = rig.call(query, { size }, BigInt(SELECTOR | rpl));
  expect([fault, rig.cpu.flags.read() & CF]).toEqual([null, CF]);
  return rig.cpu.flags.read() & ZF ? value : null;
}

describe('system types', () => {
  // Which of the sixteen LAR and LSL know, in legacy protected mode and in IA-32e mode.
  const LAR = { legacy: [1, 2, 3, 4, 5, 9, 11, 12], long: [2, 9, 11, 12] };
  const LSL = { legacy: [1, 2, 3, 9, 11], long: [2, 9, 11] };
  it.each(Array.from({ length: 16 }, (_, type) => [type] as const))('type %i', (type) => {
    for (const [rig, mode] of [
      [protectedMode(), 'legacy'],
      [longMode(), 'long'],
      [longMode(0, { compat: true }), 'long'],
    ] as const) {
      rig.descriptor(SELECTOR, segment({ type, system: true, limit: 0x345, pages: false, big: false }));
      expect(ask(rig, 'lar')).toBe(LAR[mode].includes(type) ? BigInt(0x8000 | (type << 8)) : null);
      expect(ask(rig, 'lsl')).toBe(LSL[mode].includes(type) ? 0x345n : null);
      expect([ask(rig, 'verr'), ask(rig, 'verw')]).toEqual([null, null]);
    }
  });
});

describe('code and data', () => {
  it.each(Array.from({ length: 16 }, (_, type) => [type] as const))('type %i', (type) => {
    const rig = protectedMode();
    rig.descriptor(SELECTOR, segment({ type, limit: LIMIT, pages: true }));
    const readable = type < 8 || (type & 2) !== 0;
    const writable = type < 8 && (type & 2) !== 0;
    expect(ask(rig, 'lar')).toBe(BigInt(0x00c09000 | (type << 8)));
    expect(ask(rig, 'lsl')).toBe(BigInt((LIMIT << 12) | 0xfff));
    expect([ask(rig, 'verr') !== null, ask(rig, 'verw') !== null]).toEqual([readable, writable]);
  });

  it('words: the low half of rights and limit', () => {
    const rig = protectedMode();
    rig.descriptor(SELECTOR, segment({ type: 2, limit: LIMIT, pages: true }));
    expect([ask(rig, 'lar', 0, 2), ask(rig, 'lsl', 0, 2)]).toEqual([0x9200n, 0x5fffn]);
  });

  it('an absent segment is as visible as a present one', () => {
    const rig = protectedMode();
    rig.descriptor(SELECTOR, segment({ type: 2, limit: LIMIT, present: false }));
    expect([ask(rig, 'lar'), ask(rig, 'verw') !== null]).toEqual([0xc01200n, true]);
  });
});

// Both CPL and RPL must be at most DPL, but for conforming code.
describe.each([0, 3] as const)('at level %i', (cpl) => {
  it.each([0, 1, 2, 3])('DPL %i', (dpl) => {
    for (const rpl of [0, 1, 2, 3]) {
      const rig = protectedMode(cpl);
      for (const [type, conforming] of [
        [2, false],
        [10, false],
        [14, true],
      ] as const) {
        rig.descriptor(SELECTOR, segment({ type, dpl }));
        const seen = conforming || Math.max(cpl, rpl) <= dpl;
        expect(QUERIES.map((query) => ask(rig, query, rpl) !== null)).toEqual([seen, seen, seen, seen && type === 2]);
      }
    }
  });
});

describe('what names no descriptor', () => {
  it.each([
    ['null', 0],
    ['null with RPL', 3],
    ['beyond the GDT', 0x1000],
    ['beyond the LDT', 0x24],
  ])('%s', (_name, selector) => {
    const rig = protectedMode();
    for (const query of QUERIES) {
      expect(rig.call(query, {}, BigInt(selector)).fault).toBeNull();
      expect(rig.cpu.flags.read() & ZF).toBe(0);
    }
  });

  it('an LDT that is not there', () => {
    const rig = protectedMode();
    rig.call('loadLdt', {}, 0n);
    expect(rig.call('lar', {}, 0x0cn).fault).toBeNull();
    expect(rig.cpu.flags.read() & ZF).toBe(0);
  });

  // SDM vol. 2: a page fault of the descriptor's read is one.
  it('a table that is not mapped', () => {
    const rig = longMode();
    rig.state.gdtrBase[0] = 0x200000n;
    expect(rig.call('verr', {}, BigInt(SELECTOR)).fault).toEqual([14, 0]);
  });
});

describe('ARPL', () => {
  // SDM vol. 2, ARPL: the destination's RPL is raised to the source's, never lowered; ZF tells.
  it.each(Array.from({ length: 16 }, (_, n) => [n >> 2, n & 3] as const))('RPL %i against %i', (mine, other) => {
    const rig = protectedMode(3);
    rig.cpu.flags.write(CF);
    const { value } = rig.call('arpl', {}, BigInt(0x120 | mine), BigInt(0x540 | other));
    expect([value, rig.cpu.flags.read()]).toEqual([BigInt(0x120 | Math.max(mine, other)), CF | 2 | (mine < other ? ZF : 0)]);
  });
});

describe('the accessed bit', () => {
  it('is no matter of a question', () => {
    const rig = protectedMode();
    rig.descriptor(SELECTOR, segment({ type: 2 }));
    for (const query of QUERIES) ask(rig, query);
    expect(rig.get8(0x1000 + SELECTOR + 5)).toBe(0x92);
    expect(rig.call('loadSegment', {}, BigInt(SELECTOR), BigInt(Seg.FS)).fault).toBeNull();
    expect(rig.get8(0x1000 + SELECTOR + 5)).toBe(0x93);
  });
});
