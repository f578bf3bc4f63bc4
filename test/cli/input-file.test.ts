import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readInputFile } from '../../src/cli/input-file.ts';

describe('readInputFile', () => {
  let directory = '';
  const at = (name: string): string => join(directory, name);
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'input-file-'));
    writeFileSync(at('good'), Uint8Array.of(1, 2, 3));
    writeFileSync(at('empty'), '');
    symlinkSync('loop', at('loop'));
    symlinkSync('good', at('link'));
    execFileSync('mkfifo', [at('pipe')]);
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it.each(['good', 'link'])('gives the bytes of %s', (name) => {
    expect([...readInputFile(at(name), 'kernel')]).toEqual([1, 2, 3]);
  });

  it.each([
    ['absent', 'no such file or directory'],
    ['good/below', 'a part of the path is not a directory'],
    ['.', 'is a directory'],
    ['empty', 'is empty'],
    ['loop', 'too many symbolic links'],
    ['pipe', 'is not a regular file'],
  ])('refuses %s in one line', (name, why) => {
    const path = at(name);
    const error = expect.objectContaining({ name: 'InputError', message: `kernel '${path}': ${why}` });
    expect(() => readInputFile(path, 'kernel')).toThrow(error);
  });

  it('refuses a device without reading it', () => {
    expect(() => readInputFile('/dev/zero', 'module')).toThrow("module '/dev/zero': is not a regular file");
  });
});
