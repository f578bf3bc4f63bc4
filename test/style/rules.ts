// The house rules that a text search can check. Each rule gets samples of what it must find and of what it must leave alone
// (rules.test.ts), so that a rule which finds nothing is known to work.

import { blank } from './blank.ts';

export interface Rule {
  readonly name: string;
  applies(path: string): boolean;
  /** The offending places in `text`, the file at `path`, as text to show. */
  find(text: string, path: string): string[];
  readonly bad: readonly string[];
  readonly good: readonly string[];
}

/** Source files over the limit of lines: tables, each with the reason why it is one file. */
export const LONG_TABLES: Readonly<Record<string, string>> = {};
const MAX_LINES = 400;
const MAX_COLUMNS = 140;

const CODE = /^(?:src|test|bench|scripts)\/.*\.m?ts$|^scripts\/.*\.mjs$|^[^/]*\.ts$/;
const isCode = (path: string): boolean => CODE.test(path);
const inSource = (path: string): boolean => /^src\/.*\.ts$/.test(path);

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

const overLong: Rule = {
  name: `no source file over ${MAX_LINES} lines, but for the tables listed with a reason`,
  applies: (path) => /^(?:src|bench|scripts)\//.test(path) && isCode(path),
  find(text, path) {
    const lines = text.trimEnd().split('\n').length;
    const listed = path in LONG_TABLES;
    if (lines > MAX_LINES && !listed) return [`${lines} lines`];
    return lines <= MAX_LINES && listed ? ['listed as a long table, but is not long'] : [];
  },
  bad: ['x\n'.repeat(MAX_LINES + 1)],
  good: ['x\n'.repeat(MAX_LINES)],
};

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

/** Arrays exported without readonly: neither annotated so nor followed by `as const`. */
const mutableArrays: Rule = {
  name: 'no exported mutable array',
  applies: inSource,
  find(text) {
    const code = blank(text, { strings: true });
    return [...code.matchAll(/^export const \w+(?<annotation>:[^=]*?(?:=>[^=]*?)*)? = (?=\[)/gm)].flatMap(({ index, 0: head, groups }) => {
      const behind = code.slice(closing(code, index + head.length));
      return /readonly|Readonly/.test(groups!['annotation'] ?? '') || /^\s*as const\b/.test(behind) ? [] : [head];
    });
  },
  bad: ['export const A = [1];', 'export const A: number[] = [\n  1,\n];'],
  good: ['export const A = [[1], 2] as const;', 'export const A: readonly number[] = [1];', 'const a = [1];', '  const a = [];'],
};

/** The offset behind the bracket that closes the one at `open`. */
function closing(code: string, open: number): number {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if ('([{'.includes(code[at]!)) depth++;
    if (')]}'.includes(code[at]!) && --depth === 0) return at + 1;
  }
  return code.length;
}

const words = (...halves: [string, string][]): string => halves.map(([head, tail]) => head + tail).join('|');
/** Written in halves, so that this file does not find itself. */
const LEFT_OPEN = words(['TO', 'DO'], ['FIX', 'ME'], ['XX', 'X'], ['HA', 'CK']);
const MUTED = words(['@ts-', 'ignore'], ['@ts-', 'nocheck'], ['@ts-', 'expect-error'], ['eslint-', 'disable']);

export const RULES: readonly Rule[] = [
  overLong,
  overWide,
  mutableArrays,
  forbid(
    'no module-level let or var',
    inSource,
    'code',
    /^(?:export )?(?:let|var) /gm,
    ['let count = 0;', 'export let x: number;', 'const a = 1;\nvar b;'],
    ['  let inner = 0;', '// let it be', 'const letter = 1;'],
  ),
  forbid(
    'no module-level collection to be filled later',
    inSource,
    'code',
    /^(?:export )?const \w+(?::[^=]*)? = (?:new (?:Weak)?(?:Map|Set)(?:<[^=]*>)?\(\)|\[\]);/gm,
    ['const cache = new Map<string, number>();', 'export const seen: Set<number> = new Set();', 'const list: string[] = [];'],
    ['const table = new Map([[1, 2]]);', '  const local = new Map();', 'const none: readonly number[] = [1];'],
  ),
  forbid(
    'no exported Map or Set that can be changed',
    inSource,
    'code',
    /^export const \w+(?::(?!\s*Readonly)[^=]*)? = new (?:Map|Set)\b/gm,
    ['export const M = new Map([[1, 2]]);', 'export const S: Set<number> = new Set([1]);'],
    ['export const M: ReadonlyMap<number, number> = new Map([[1, 2]]);', 'const m = new Map([[1, 2]]);'],
  ),
  forbid(
    'no mutable static field',
    inSource,
    'code',
    /^\s+(?:(?:private|protected|public) )?static (?!readonly\b)#?\w+\s*(?::[^=;(){}]*)?[=;]/gm,
    ['class A {\n  static count = 0;\n}', 'class A {\n  private static made: number;\n}'],
    ['class A {\n  static readonly NONE = 0;\n}', 'class A {\n  static create(size = 1): A { return new A(); }\n}'],
  ),
  forbid(
    'no any',
    isCode,
    'code',
    /(?:[:<|&,(]\s*|\bas\s+|\bextends\s+|=\s*)\bany\b(?!\s*[(:.])/g,
    ['const x: any = 1;', 'f(y as any);', 'type A = Map<string, any>;', 'let z: any[];'],
    ['const many = 1;', '// any page', "const s = 'any';", 'Promise.any(list);'],
  ),
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
    'no enum',
    isCode,
    'code',
    /^\s*(?:export )?(?:declare )?(?:const )?enum /gm,
    ['export enum A {}', 'const enum B {}'],
    ['const enumerate = 1;', '// enum A'],
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
