import { describe, expect, it } from 'vitest';
import type { WebEnd } from '../../src/web/protocol.ts';
import { mips, percent, summary, verdict } from '../../src/web/words.ts';

const END: WebEnd = {
  how: 'guest',
  exit: { kind: 'hlt' },
  cycles: 2,
  reported: 1234,
  pages: 4096,
  compared: 2,
  rebuilt: { checked: 3, wrong: [] },
  lost: null,
  milliseconds: 1540,
};

describe('verdict', () => {
  it('holds when nothing was lost and every cycle rebuilds', () => {
    expect(verdict(END)).toEqual({
      holds: true,
      text:
        'Verified: every page not reported is byte-identical (4,096 pages, 2 comparisons), ' +
        "and every cycle rebuilds (3 of 3 hashes equal, the base's included)",
    });
  });

  it('names a lost write', () => {
    const lost = verdict({ ...END, how: 'lost-write', exit: null, rebuilt: null, lost: 'lost write: page 7 changed' });
    expect(lost).toEqual({ holds: false, text: 'Not verified: lost write: page 7 changed' });
  });

  it('names the cycles that do not rebuild', () => {
    const { holds, text } = verdict({ ...END, rebuilt: { checked: 3, wrong: [1, 2] } });
    expect([holds, text]).toEqual([false, 'Not verified: of 3 cycles, these do not rebuild: 1, 2']);
  });
});

describe('summary', () => {
  it.each<[Partial<WebEnd>, string]>([
    [{}, 'The guest halted'],
    [{ how: 'stopped', exit: null }, 'Stopped'],
    [{ how: 'lost-write' }, 'The proof failed'],
    [{ exit: { kind: 'debug-exit', value: 3 } }, 'The guest failed with code 3'],
    [{ exit: { kind: 'shutdown', chain: [] } }, 'The guest shut its processor down (triple fault)'],
  ])('of %o', (end, outcome) => {
    expect(summary({ ...END, ...end })).toBe(`${outcome} after 2 cycles and 1.5 s; 1,234 pages reported and copied.`);
  });
});

describe('percent', () => {
  it.each([
    [null, '–'],
    [0, '0 %'],
    [0.999, '99 %'],
    [1, '100 %'],
  ] as const)('%s: %s', (share, text) => {
    expect(percent(share)).toBe(text);
  });
});

describe('mips', () => {
  it.each([
    [null, '–'],
    [0.917, '0.92'],
    [28.47, '28.5'],
    [1712.4, '1,712'],
  ] as const)('%s: %s', (value, text) => {
    expect(mips(value)).toBe(text);
  });
});
