// From what the user names to the tests of a suite.

import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { InputError } from '../../base/errors.ts';
import { matches } from '../console/regex.ts';
import type { Regex } from '../console/regex.ts';
import { isSystemError, systemErrorText } from '../system-error.ts';
import { directoryTests, imageTest, isImage } from './directory-suite.ts';
import { jsonTests } from './json-list.ts';
import { kvmTests } from './kvm-suite.ts';
import type { SuiteTest } from './suite-test.ts';

/** kvm-unit-tests' own: not run unless asked for by group. */
const NOT_BY_DEFAULT = 'nodefault';

export interface Selection {
  /** Part of the name; null for all. */
  readonly filter: Regex | null;
  /** Null for all groups. */
  readonly group: string | null;
}

/** The tests of directories, lists and images, those that are selected, each with a name of its own. InputError for what is none. */
export function readSuite(paths: readonly string[], selection: Selection): SuiteTest[] {
  const all = withOwnNames(paths.flatMap(testsOf));
  const selected = all.filter((test) => isSelected(test, selection));
  if (selected.length > 0) return selected.map((test) => byGroup(test, selection));
  throw new InputError(all.length === 0 ? `${paths.join(', ')}: no tests` : `none of the ${all.length} tests is selected`);
}

function testsOf(path: string): SuiteTest[] {
  if (isDirectory(path)) return directoryTests(path);
  if (isImage(path)) return [imageTest(path, basename(path))];
  const text = readFileSync(path, 'utf8');
  const directory = dirname(resolve(path));
  if (/^\s*\{/.test(text) || path.endsWith('.json')) return jsonTests(path, text, directory);
  if (/^\[[^\]]+\]\s*$/m.test(text) || path.endsWith('.cfg')) return kvmTests(path, text, directory);
  throw new InputError(`${path}:1: neither an image, nor a list of tests in JSON, nor one as unittests.cfg`);
}

function isDirectory(path: string): boolean {
  try {
    const stat = statSync(path);
    if (!stat.isDirectory() && !stat.isFile()) throw new InputError(`'${path}': neither a file nor a directory`);
    return stat.isDirectory();
  } catch (error) {
    throw isSystemError(error) ? new InputError(`'${path}': ${systemErrorText(error)}`) : error;
  }
}

function isSelected({ name, groups }: SuiteTest, { filter, group }: Selection): boolean {
  return (filter === null || matches(filter, name)) && (group === null || groups.includes(group));
}

function byGroup(test: SuiteTest, { group }: Selection): SuiteTest {
  const left = group === null && test.leftOut === null && test.groups.includes(NOT_BY_DEFAULT);
  return left ? { ...test, leftOut: `of group ${NOT_BY_DEFAULT}` } : test;
}

/** Names that are there already get a number. */
function withOwnNames(tests: readonly SuiteTest[]): SuiteTest[] {
  const taken = new Set<string>();
  return tests.map((test) => {
    let { name } = test;
    for (let n = 2; taken.has(name); n++) name = `${test.name} (${n})`;
    taken.add(name);
    return { ...test, name };
  });
}
