import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDirectory } from '../../src/cli/make-directory.ts';
import { itNeeding } from '../support/skip.ts';
import { GUESTS } from '../checkpoint/support/guest.ts';
import { cli } from './streams.ts';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-directory-'));
});
afterAll(() => rmSync(root, { recursive: true }));

describe('a directory to write into', () => {
  it('is made with those above it, and may be there already', () => {
    const path = join(root, 'a/b/c');
    makeDirectory(path);
    makeDirectory(path);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  it('is refused where a file lies', () => {
    writeFileSync(join(root, 'file'), '');
    expect(() => makeDirectory(join(root, 'file'))).toThrow(expect.objectContaining({ code: 'EEXIST', path: join(root, 'file') }));
  });

  const hasProc = spawnSync('test', ['-d', '/proc/self']).status === 0;
  itNeeding(hasProc, 'no /proc')('is refused at once where the system makes none: status 125, one line', async () => {
    const { status, stderr } = await cli('test', join(GUESTS, 'plain32'), '--output=/proc/tidemark');
    expect({ status, stderr }).toEqual({ status: 125, stderr: "tidemark: '/proc/tidemark': no such file or directory\n" });
  });
});
