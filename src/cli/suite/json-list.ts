// Our own lists of tests:
//
//   { "defaults": { "timeout": 20, "fail-on": "panic" },
//     "tests": [
//       { "name": "boot", "image": "build/kernel.elf", "append": "quiet", "expect": "login:" },
//       { "name": "tests", "image": "build/tests.elf", "memory": "64M", "cpus": 2, "status": 33, "output": "tests.expected" } ] }

import { InputError } from '../../base/errors.ts';
import { isFields, testOf } from './list-fields.ts';
import type { Fields } from './list-fields.ts';
import type { SuiteTest } from './suite-test.ts';

/** The tests of the list `text`, the file at `path`, in `directory`. InputError that names the file and the line. */
export function jsonTests(path: string, text: string, directory: string): SuiteTest[] {
  const list = parseJson(path, text);
  if (!isFields(list)) throw new InputError(`${path}:1: not an object with the field tests`);
  const { tests, defaults = {}, ...others } = list;
  const [odd] = Object.keys(others);
  if (odd !== undefined) throw new InputError(`${path}:${lineOf(text, odd)}: there is no field '${odd}' beside tests and defaults`);
  if (!isFields(defaults)) throw new InputError(`${path}:${lineOf(text, 'defaults')}: defaults is no object`);
  if (!Array.isArray(tests)) throw new InputError(`${path}:1: the field tests is no list`);
  return tests.map((fields: unknown, index) => {
    if (!isFields(fields)) throw new InputError(`${path}:${lineOf(text, 'tests')}: test ${index + 1} is no object`);
    return withPlace(`${path}:${lineOf(text, anchor(fields))}`, () => testOf({ ...defaults, ...fields }, directory));
  });
}

/** The value of JSON text. InputError with the line where it ends to be JSON. */
export function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const at = /at position (\d+)/.exec(error.message)?.[1];
    const before = text.slice(0, at === undefined ? text.length : Number(at));
    throw new InputError(`${path}:${before.split('\n').length}: not JSON: ${error.message.replaceAll(/\s+/g, ' ')}`);
  }
}

/** Runs `body`; an InputError out of it begins with `place`. */
export function withPlace<T>(place: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${place}: ${error.message}`) : error;
  }
}

const anchor = ({ name, image }: Fields): unknown => name ?? image;

/** The line on which a text stands for the first time; 1 if none has it. */
function lineOf(text: string, word: unknown): number {
  const at = text.indexOf(JSON.stringify(word) ?? '');
  return text.slice(0, Math.max(0, at)).split('\n').length;
}
