// The linter's own plugin (no-module-state.grit) and the settings of biome.json find what they must, and leave alone what they
// must. That the project itself passes is one of the checks that `npm test` begins with.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT } from './project-files.ts';

/** A project of its own with this one's settings. */
const project = mkdtempSync(join(tmpdir(), 'lint-'));
for (const path of ['biome.json', 'scripts/lint']) cpSync(join(ROOT, path), join(project, path), { recursive: true });
afterAll(() => rmSync(project, { recursive: true, force: true }));

/** The linter's complaints, by category, about `source` as the file at `path`. */
function complaints(path: string, source: string): string[] {
  const file = join(project, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, source);
  const { stdout, error } = spawnSync(join(ROOT, 'node_modules/.bin/biome'), ['lint', '--reporter=json', path], {
    cwd: project,
    encoding: 'utf8',
  });
  if (error) throw error;
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string }[] };
  return diagnostics.map(({ category }) => category);
}

describe('no state of a module', () => {
  it.each([
    'let count = 0;',
    'export let x: number;',
    'const cache = new Map<string, number>();',
    'export const seen: Set<number> = new Set();',
    'const list: string[] = [];',
    'export const M = new Map([[1, 2]]);',
    'export const A = [1];',
    'export const A: number[] = [\n  1,\n];',
    'export class A {\n  static count = 0;\n}',
    'export class A {\n  private static made: number;\n}',
  ])('finds %j', (source) => expect(complaints('src/base/sample.ts', source)).toContain('plugin'));

  it.each([
    'const letter = 1;',
    'function f() {\n  let inner = 0;\n  const local = new Map();\n  return [inner, local];\n}',
    'const table = new Map([[1, 2]]);',
    'export const M: ReadonlyMap<number, number> = new Map([[1, 2]]);',
    'export const A = [[1], 2] as const;',
    'export const A: readonly number[] = [1];',
    'const none: readonly number[] = [1];',
    'export class A {\n  static readonly NONE = 0;\n  static create(size = 1): A { return new A(); }\n}',
  ])('leaves %j alone', (source) => expect(complaints('src/base/sample.ts', source)).not.toContain('plugin'));

  it('is asked of the sources only', () => expect(complaints('test/base/sample.ts', 'let count = 0;')).not.toContain('plugin'));
});

describe('the settings', () => {
  const lines = Array.from({ length: 401 }, (_, n) => `export const x${n} = ${n};\n`).join('');
  it.each([
    ['any', 'src/base/sample.ts', 'export const x: any = 1;', 'lint/suspicious/noExplicitAny'],
    ['an enum', 'src/base/sample.ts', 'export enum A {}', 'lint/style/noEnum'],
    ['401 lines', 'src/base/sample.ts', lines, 'lint/style/noExcessiveLinesPerFile'],
    ['a name in camel case', 'src/base/badName.ts', 'export const x = 1;', 'lint/style/useFilenamingConvention'],
    ["a module of Node's without node:", 'src/base/sample.ts', "import fs from 'fs';\nfs.sync();", 'lint/style/useNodejsImportProtocol'],
    ['a test that runs alone', 'test/base/sample.test.ts', "describe.only('a', f);", 'lint/suspicious/noFocusedTests'],
  ])('find %s', (_, path, source, category) => expect(complaints(path, source)).toContain(category));

  it('let 400 lines be', () => {
    expect(complaints('src/base/sample.ts', lines.slice(lines.indexOf('\n') + 1))).not.toContain('lint/style/noExcessiveLinesPerFile');
  });
});
