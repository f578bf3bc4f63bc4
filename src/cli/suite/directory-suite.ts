// A directory as a suite: every image in it and in the directories below, recognised by its content, with what lies beside an image:
//
//   NAME.test.json       fields of a test, as in a list; "output": null for one that may print anything
//   NAME.expected        what the image NAME, or NAME.ext, must print on its serial port, to the byte
//   expected-output.txt  the same for every image of the directory that has no file of its own

import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, relative } from 'node:path';
import { InputError } from '../../base/errors.ts';
import { isElf } from '../../boot/elf.ts';
import { recogniseImage } from '../../boot/image.ts';
import { parseJson, withPlace } from './json-list.ts';
import { expectedBytes, isFields, testOf } from './list-fields.ts';
import type { Fields } from './list-fields.ts';
import type { SuiteTest } from './suite-test.ts';

/** Where multiboot 2 looks for its header at most; those of other images lie before. */
const HEAD = 32768;
const ELF_TYPE = 16;
/** Of ELF files, those that are linked: ET_EXEC and ET_DYN. */
const LINKED: readonly number[] = [2, 3];
const IN_COMMON = 'expected-output.txt';

/** InputError if there is no image, or for what lies beside one and is wrong. */
export function directoryTests(directory: string): SuiteTest[] {
  const images = filesIn(directory).filter(isImage);
  if (images.length === 0) throw new InputError(`directory '${directory}': there is no image in it`);
  return images.map((path) => imageTest(path, relative(directory, path)));
}

/** The test of one image, with what lies beside it. */
export function imageTest(path: string, name: string): SuiteTest {
  const stem = path.slice(0, path.length - extname(path).length);
  const beside = [`${path}.test.json`, `${stem}.test.json`].find(existsSync);
  const fields = beside === undefined ? {} : fieldsOf(beside);
  const output = [`${path}.expected`, `${stem}.expected`, join(dirname(path), IN_COMMON)].find(existsSync);
  const directory = dirname(path);
  const test = withPlace(beside ?? path, () => testOf({ name, image: basename(path), ...fields }, directory));
  return 'output' in fields || output === undefined ? test : { ...test, output: { path: output, bytes: expectedBytes(output) } };
}

function fieldsOf(path: string): Fields {
  const value = parseJson(path, readFileSync(path, 'utf8'));
  if (!isFields(value)) throw new InputError(`${path}:1: not an object with the fields of a test`);
  return value;
}

/** Regular files, by name; links are followed to files alone, so that no circle is walked. */
function filesIn(directory: string): string[] {
  const entries = readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return entry.name.startsWith('.') || entry.name === 'node_modules' ? [] : filesIn(path);
    const isFile = entry.isFile() || (entry.isSymbolicLink() && statSync(path, { throwIfNoEntry: false })?.isFile());
    return isFile ? [path] : [];
  });
}

/** Whether a file is an image, by its first bytes. */
export function isImage(path: string): boolean {
  const head = headOf(path);
  if (head.length === 0 || recogniseImage(head) === 'unknown') return false;
  return !isElf(head) || LINKED.includes(head[ELF_TYPE]!);
}

function headOf(path: string): Uint8Array {
  const bytes = new Uint8Array(HEAD);
  const descriptor = openSync(path, 'r');
  try {
    return bytes.subarray(0, readSync(descriptor, bytes, 0, HEAD, 0));
  } finally {
    closeSync(descriptor);
  }
}
