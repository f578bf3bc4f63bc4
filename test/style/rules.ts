// The house rules that a text search can check and the linter does not. Each rule gets samples of what it must find and of what
// it must leave alone (rules.test.ts), so that a rule which finds nothing is known to work.

import { blank } from './blank.ts';

export interface Rule {
  readonly name: string;
  applies(path: string): boolean;
  /** The offending places in `text`, the file at `path`, as text to show. */
  find(text: string, path: string): string[];
  readonly bad: readonly string[];
  readonly good: readonly string[];
}

const MAX_COLUMNS = 140;

const CODE = /^(?:src|test|bench|scripts)\/.*\.m?ts$|^scripts\/.*\.mjs$|^[^/]*\.ts$/;
const isCode = (path: string): boolean => CODE.test(path);

/** Lines of `text` that match `pattern` (with flag g), as `line N: text`. */
function linesMatching(text: string, pattern: RegExp, searched = text): string[] {
  const lines = text.split('\n');
  return [...searched.matchAll(pattern)].map(({ index }) => {
    const line = searched.slice(0, index).split('\n').length;
    return `line ${line}: ${lines[line - 1]!.trim()}`;
  });
}

/** A rule that forbids a pattern; `where` says whether comments and strings are searched too. */
function forbid(
  name: string,
  applies: Rule['applies'],
  where: 'text' | 'code',
  pattern: RegExp,
  bad: readonly string[],
  good: readonly string[],
): Rule {
  const searched = (text: string): string => (where === 'text' ? text : blank(text, { strings: true }));
  return { name, applies, find: (text) => linesMatching(text, pattern, searched(text)), bad, good };
}

const overWide: Rule = {
  name: `no line over ${MAX_COLUMNS} columns`,
  applies: isCode,
  find: (text) =>
    text.split('\n').flatMap((line, index) => {
      const columns = [...line].length;
      return columns > MAX_COLUMNS ? [`line ${index + 1}: ${columns} columns`] : [];
    }),
  bad: ['x'.repeat(MAX_COLUMNS + 1)],
  good: ['x'.repeat(MAX_COLUMNS), 'é'.repeat(MAX_COLUMNS)],
};

const words = (...halves: [string, string][]): string => halves.map(([head, tail]) => head + tail).join('|');
/** Written in halves, so that this file does not find itself. */
const LEFT_OPEN = words(['TO', 'DO'], ['FIX', 'ME'], ['XX', 'X'], ['HA', 'CK']);
const MUTED = words(['@ts-', 'ignore'], ['@ts-', 'nocheck'], ['@ts-', 'expect-error'], ['eslint-', 'disable']);

export const RULES: readonly Rule[] = [
  overWide,
  forbid(
    'no muted compiler',
    isCode,
    'text',
    new RegExp(MUTED, 'g'),
    MUTED.split('|').map((word) => `// ${word}`),
    ['// ignore'],
  ),
  forbid(
    'nothing left open',
    isCode,
    'text',
    new RegExp(`\\b(?:${LEFT_OPEN})\\b`, 'g'),
    LEFT_OPEN.split('|').map((word) => `// ${word}: later`),
    ['// done'],
  ),
  forbid(
    "a skipped test says why: test/support/skip.ts, or context.skip('reason')",
    (path) => /^test\/.*\.ts$/.test(path) && path !== 'test/support/skip.ts',
    'code',
    /\.(?:skip|todo|only|skipIf|runIf|fails)\b(?!\((?:[^()]*,)?\s*(['"`]) {8,}\1\))|\bx(?:it|test|describe)\(/g,
    ["it.skip('a', () => {});", "describe.only('a', f);", "it.todo('b');", "test.skipIf(x)('c', f);", 'c.skip()', "xit('d', f);"],
    ["context.skip('no compiler on this machine');", "skip('no compiler');", 'list.slice(1);'],
  ),
];

const REGISTRY = /\b(?:registry|npm|pypi|proxy|mirrors?|artifactory|nexus)[\w-]*(?:\.[\w-]+)*\.(?:org|com|dev|io|net|local|internal)\b/gi;

/** Searched in every text file of the project, whatever its kind. */
export const TEXT_RULES: readonly Rule[] = [
  forbid(
    'no package registry or mirror is named',
    () => true,
    'text',
    REGISTRY,
    [['registry', 'npmjs', 'org'].join('.'), ['npm', 'example', 'com'].join('.')],
    ['npm ci', 'the registry of devices', 'kernel.org'],
  ),
  forbid(
    'no download address in the lock file',
    (path) => path === 'package-lock.json',
    'text',
    /"resolved":/g,
    ['"resolved": "x"'],
    ['"integrity": "x"'],
  ),
  forbid(
    "no path of someone's machine",
    () => true,
    'text',
    /(?<![\w.}*])\/(?:home|root|Users|work|workspace)\/[\w.-]+/g,
    [['', 'home', 'me', 'x'].join('/'), `see ${['', 'work', 'main'].join('/')}`],
    ['src/work/file', './home/x', '/dev/zero'],
  ),
];
