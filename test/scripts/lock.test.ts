import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from '../../scripts/lock.mjs';

const MODULE = pathToFileURL(join(import.meta.dirname, '../../scripts/lock.mjs')).href;

/** Raises the number in a file by one, slowly enough that two at once would lose one. */
const COUNT = `
  import { readFileSync, writeFileSync } from 'node:fs';
  import { withLock } from '${MODULE}';
  const [lock, counter] = process.argv.slice(-2);
  withLock(lock, () => {
    const before = Number(readFileSync(counter, 'utf8'));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);
    writeFileSync(counter, String(before + 1));
  });
`;

describe('withLock', () => {
  let directory = '';
  let lock = '';
  let counter = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lock-'));
    lock = join(directory, 'sub/lock');
    counter = join(directory, 'counter');
    writeFileSync(counter, '0');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** A process that increments the counter. */
  const count = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', COUNT, lock, counter]);

  it('lets one process in at a time, and leaves nothing behind', async () => {
    await Promise.all([count(), count(), count(), count()]);
    expect(readFileSync(counter, 'utf8')).toBe('4');
    expect(readdirSync(join(directory, 'sub'))).toEqual([]);
  });

  it('is taken over from an owner that died', async () => {
    withLock(lock, () => undefined);
    writeFileSync(lock, String(spawnSync(process.execPath, ['-e', '']).pid));
    await Promise.all([count(), count()]);
    expect(readFileSync(counter, 'utf8')).toBe('2');
    expect(existsSync(lock)).toBe(false);
  });

  it('is let go when the body throws', () => {
    expect(() =>
      withLock(lock, () => {
        throw new Error('body');
      }),
    ).toThrow('body');
    expect(withLock(lock, () => 7)).toBe(7);
  });
});
