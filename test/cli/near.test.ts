import { describe, expect, it } from 'vitest';
import { didYouMean, nearest } from '../../src/base/near.ts';

const KNOWN = ['memory', 'max-dirty', 'module', 'engine', 'at', 'stats', 'serial', 'timeout', 'trace', 'tracking'];

describe('the nearest word', () => {
  it.each([
    ['memroy', 'memory'],
    ['memor', 'memory'],
    ['Memory', 'memory'],
    ['tiemout', 'timeout'],
    ['engin', 'engine'],
    ['mex-dirty', 'max-dirty'],
    ['maxdirty', 'max-dirty'],
    ['tracing', 'tracking'],
    ['trac', 'trace'],
    ['ta', 'at'],
    ['mem', 'memory'],
    ['max', 'max-dirty'],
  ])('to %s is %s', (word, near) => expect(nearest(word, KNOWN)).toBe(near));

  it.each(['', 'x', 'b', 'zoom', 'colour', 'm', 'me', 'constructor'])("to '%s' is none", (word) => expect(nearest(word, KNOWN)).toBe(null));

  it('is none if a beginning is that of several', () => expect(nearest('stat', ['station', 'statue'])).toBe(null));

  it('is the nearest of several', () => expect(nearest('lost-writes', ['lose-write', 'lost-write'])).toBe('lost-write'));

  it('ends a message', () => {
    expect(didYouMean('memroy', KNOWN, '--')).toBe("; did you mean '--memory'?");
    expect(didYouMean('zoom', KNOWN)).toBe('');
  });
});
