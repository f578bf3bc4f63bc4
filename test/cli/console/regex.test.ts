// Our regular expressions against JavaScript's own, which mean the same where both offer something.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/base/errors.ts';
import { compileRegex, matches, RegexMatcher } from '../../../src/cli/console/regex.ts';

const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', String.raw`\w`, String.raw`\d`, String.raw`\s`, ' ', '1', String.raw`\x61`);
const assertion = fc.constantFrom('^', '$', String.raw`\b`, String.raw`\B`);
const { regex } = fc.letrec<{ regex: string; part: string }>((tie) => ({
  part: fc.oneof(
    { weight: 4, arbitrary: atom },
    { weight: 1, arbitrary: assertion },
    { weight: 2, arbitrary: fc.tuple(atom, fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{2,}', '*?')).map((both) => both.join('')) },
    { weight: 1, arbitrary: fc.tuple(tie('regex'), fc.constantFrom('', '*', '+', '?')).map(([inner, sign]) => `(?:${inner})${sign}`) },
  ),
  regex: fc
    .array(fc.array(tie('part'), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 2 })
    .map((choices) => choices.map((parts) => parts.join('')).join('|')),
}));
const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', ' ', 'A', '-'), maxLength: 8 });

describe('regular expressions', () => {
  it("match what JavaScript's do", () => {
    fc.assert(
      fc.property(regex, fc.array(text, { minLength: 8, maxLength: 8 }), (source, texts) => {
        const ours = compileRegex(source);
        for (const one of texts) expect([source, one, matches(ours, one)]).toEqual([source, one, new RegExp(source, 's').test(one)]);
      }),
      { numRuns: 500 },
    );
  });

  it.each<[string, string, boolean]>([
    ['(?i)PANIC', 'kernel Panic', true],
    ['[[:digit:]]+[[:space:]]x', 'a 12 x', true],
    ['[]a]', ']', true],
    ['[^]]', ']', false],
    [String.raw`[\d-]x`, '-x', true],
    [String.raw`\$ $`, 'user$ ', true],
    [String.raw`\u{1F600}|é`, 'caf\u00e9', true],
    ['a{3}', 'aa', false],
    ['x{', 'x{', true],
    ['(?<name>b)c', 'abc', true],
  ])('%s of %j: %s', (source, line, expected) => expect(matches(compileRegex(source), line)).toBe(expected));

  it.each([
    ['(a', /'\)' is missing/],
    ['a)', /'\)' closes nothing/],
    ['[a', /']' is missing/],
    ['*a', /'\*' repeats nothing/],
    ['^*', /repeats nothing/],
    ['a\\', /it ends too early/],
    ['(?=a)', /look-around is not offered/],
    [String.raw`(a)\1`, /'\\1' is not offered/],
    ['[z-a]', /runs backwards/],
    ['a{2,1}', /is not a count/],
    ['a{1001}', /is not a count of at most 1000/],
    ['(?:(?:a{1000}){1000})', /too large/],
    ['('.repeat(1000), /nested too deep/],
  ])('%s is refused in one line', (source, why) => {
    expect(() => compileRegex(source)).toThrow(InputError);
    expect(() => compileRegex(source)).toThrow(why);
  });

  it('take time in proportion to the text where backtracking would take for ever', () => {
    const matcher = new RegexMatcher(compileRegex('^(a+)+(a|aa)*b'));
    let early = false;
    for (let n = 0; n < 20_000; n++) early ||= matcher.character(0x61);
    expect(early).toBe(false);
    expect(matcher.character(0x62)).toBe(true);
  });

  it('match at the character that completes the match; what looks further, when that is there', () => {
    const steps = (source: string, line: string): boolean[] => {
      const matcher = new RegexMatcher(compileRegex(source));
      return [...[...line].map((character) => matcher.character(character.codePointAt(0)!)), matcher.lineEnd()];
    };
    expect(steps('log', 'logs').indexOf(true)).toBe(2);
    expect(steps(String.raw`log\b`, 'log:').indexOf(true)).toBe(3);
    expect(steps('log$', 'log').indexOf(true)).toBe(3);
    expect(steps(String.raw`log$|logs\b`, 'logsx')).not.toContain(true);
  });

  it('go on from the middle of a line as from there', () => {
    const matcher = new RegexMatcher(compileRegex(String.raw`^b|\bb`), 0x61);
    expect(matcher.character(0x62)).toBe(false);
    expect(matcher.lineEnd()).toBe(false);
    expect(matcher.character(0x62)).toBe(true);
  });
});
