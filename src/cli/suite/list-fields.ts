// The fields of a test in a list: its name, what a good run is, and options of `tidemark run` by their names. Files are named from where
// the list lies.

import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { InputError } from '../../base/errors.ts';
import { run, runOptions } from '../commands/run.ts';
import { readInputFile } from '../input-file.ts';
import { optionName } from '../options.ts';
import type { Option } from '../options.ts';
import { isSystemError, systemErrorText } from '../system-error.ts';
import { parseSeconds } from '../values.ts';
import { PLAIN_TEST } from './suite-test.ts';
import type { SuiteTest } from './suite-test.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** Options that say where a run's reports go, which is the suite's to say. */
const OF_THE_SUITE: readonly string[] = [
  'timeout',
  'checkpointTo',
  'record',
  'serial',
  'screen',
  'debugcon',
  'trace',
  'stats',
  'json',
  'junit',
  'tap',
];

/** By the name that a list gives it, without the dashes in front. */
const OPTIONS: ReadonlyMap<string, Option<unknown>> = new Map(
  Object.entries(run.options).flatMap(([key, option]) => (OF_THE_SUITE.includes(key) ? [] : [[optionName(key).slice(2), option] as const])),
);

export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The test that `fields` describe, files being looked for in `directory`. InputError that reads on after the list's name. */
export function testOf(fields: Fields, directory: string): SuiteTest {
  const { name, image, status = 0, timeout = null, output = null, groups = [], skip = null, ...options } = fields;
  if (image !== undefined && !isName(image)) throw new InputError('image is no path');
  if (name !== undefined && !isName(name)) throw new InputError('name is no text');
  const shown = name ?? (image === undefined ? undefined : basename(image));
  if (shown === undefined) throw new InputError('a test has neither name nor image');
  if (!isTexts(groups)) throw refusal(shown, 'groups is no list of names');
  if (skip !== null && !isName(skip)) throw refusal(shown, 'skip is no text: why the test is not run');
  if (output !== null && !isName(output)) throw refusal(shown, 'output is no path');
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 0 || status > 255) throw refusal(shown, 'status is not 0 to 255');
  const argv = Object.entries(options).flatMap(([field, value]) => optionWords(shown, field, value, directory));
  if (image !== undefined) argv.unshift(fileOf(shown, 'image', image, directory));
  check(shown, argv);
  return {
    ...PLAIN_TEST,
    name: shown,
    argv,
    timeout: timeout === null ? null : seconds(shown, timeout),
    status,
    output: output === null ? null : { path: output, bytes: expectedBytes(fileOf(shown, 'output', output, directory)) },
    groups,
    leftOut: skip,
  };
}

/** The bytes of a file that says what a guest prints; there may be none. */
export const expectedBytes = (path: string): Uint8Array => (statSync(path).size === 0 ? new Uint8Array() : readInputFile(path, 'output'));

const isName = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isName);
const refusal = (test: string, why: string): InputError => new InputError(`test '${test}': ${why}`);

function check(test: string, argv: readonly string[]): void {
  try {
    runOptions(argv);
  } catch (error) {
    throw error instanceof InputError ? refusal(test, error.message) : error;
  }
}

function seconds(test: string, value: unknown): number {
  try {
    return parseSeconds(String(value));
  } catch (error) {
    throw error instanceof InputError ? refusal(test, `timeout: ${error.message}`) : error;
  }
}

/** The option `field` with its value, as `run` reads it. */
function optionWords(test: string, field: string, value: unknown, directory: string): string[] {
  const option = OPTIONS.get(field);
  if (!option) throw refusal(test, `there is no field '${field}'`);
  if (option.metavar === null) {
    if (typeof value !== 'boolean') throw refusal(test, `${field} is neither true nor false`);
    return value ? [`--${field}`] : [];
  }
  const values: unknown[] = Array.isArray(value) && Array.isArray(option.initial) ? value : [value];
  return values.map((one) => {
    if (typeof one !== 'string' && typeof one !== 'number') throw refusal(test, `${field} is no text or number`);
    return `--${field}=${option.metavar === 'F' ? fileOf(test, field, String(one), directory) : one}`;
  });
}

/** The path of a file that is there. */
function fileOf(test: string, field: string, path: string, directory: string): string {
  const located = resolve(directory, path);
  try {
    if (!statSync(located).isFile()) throw refusal(test, `${field} '${path}': is not a regular file`);
  } catch (error) {
    throw isSystemError(error) ? refusal(test, `${field} '${path}': ${systemErrorText(error)}`) : error;
  }
  return located;
}
