import { describe, expect, it } from 'vitest';
import { blank } from './blank.ts';
import { projectFiles, readProjectFile } from './project-files.ts';
import { RULES, type Rule, TEXT_RULES } from './rules.ts';

const files = projectFiles();
const TEXT = /\.(?:m?ts|mjs|js|json|md|sh|ya?ml|c|h|s|S|asm|inc|ld|html|css|txt)$|^(?:\.ci\/|bin\/|LICENSE$|\.[^/]+$)|(?:^|\/)Makefile$/;

function violations({ applies, find }: Rule): string[] {
  const searched = files.filter((path) => TEXT.test(path) && applies(path));
  return searched.flatMap((path) => find(readProjectFile(path), path).map((what) => `${path}: ${what}`));
}

describe.each([...RULES, ...TEXT_RULES].map((rule) => [rule.name, rule] as const))('%s', (_name, rule) => {
  it('finds what it must', () => {
    for (const sample of rule.bad) expect(rule.find(sample, 'src/x/y.ts'), sample).not.toEqual([]);
  });

  it('leaves alone what it must', () => {
    for (const sample of rule.good) expect(rule.find(sample, 'src/x/y.ts'), sample).toEqual([]);
  });

  it('holds', () => expect(violations(rule)).toEqual([]));
});

describe('blank', () => {
  it.each([
    ['a // b', 'a     ', 'a     '],
    ['a /* b\nc */ d', 'a     \n     d', 'a     \n     d'],
    ["x = '//'; y", "x = '//'; y", "x = '  '; y"],
    ['"it\\"s" // c', '"it\\"s"     ', '"     "     '],
    ['`a${b + `c${d}`}e` // f', '`a${b + `c${d}`}e`     ', '` ${b + ` ${d}`} `     '],
    ['`${{ a: 1 }.a}//` z', '`${{ a: 1 }.a}//` z', '`${{ a: 1 }.a}  ` z'],
    ['r = /\'[/]"/.test(s) / 2 // c', 'r = /\'[/]"/.test(s) / 2     ', 'r = /     /.test(s) / 2     '],
    ['a = b / c; // d', 'a = b / c;     ', 'a = b / c;     '],
  ])('%s', (source, withStrings, without) => {
    expect(blank(source, { strings: false })).toBe(withStrings);
    expect(blank(source, { strings: true })).toBe(without);
  });
});
