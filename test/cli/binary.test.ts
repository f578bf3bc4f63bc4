// The built command line as a process: what only a process has. Few starts, since each costs a tenth of a second.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DirectoryStore } from '../../src/cli/checkpoint-directory.ts';
import { verifyRebuilds } from '../../src/checkpoint/rebuild.ts';
import { GUESTS } from '../checkpoint/support/guest.ts';

const BINARY = join(GUESTS, '../bin/tidemark');
const guest = (name: string): string => join(GUESTS, name);
const MINUTE = 60_000;

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-binary-'));
  // The first start may have to build.
  spawnSync(BINARY, ['--version'], { timeout: 10 * MINUTE });
});
afterAll(() => rmSync(root, { recursive: true }));

const tidemark = (...argv: string[]) => {
  const { status, stdout, stderr } = spawnSync(BINARY, argv, { encoding: 'latin1', timeout: 9 * MINUTE, input: '' });
  return { status, stdout, stderr };
};

describe('the binary', () => {
  it('runs a guest, its console on stdout', () => {
    const { status, stdout, stderr } = tidemark('run', guest('plain32/plain32.elf'));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^plain32: /);
  });

  it.each([
    [126, [guest('triple-fault/triple-fault.elf')]],
    [124, [guest('spin/spin.elf'), '--timeout', '0.1']],
    [125, [join(GUESTS, 'README.md')]],
  ])('exits with %i', (status, argv) => expect(tidemark('run', ...argv).status).toBe(status));

  it('traces instructions with the package it depends on', () => {
    const { status, stderr } = tidemark('run', guest('spin/spin.elf'), '--trace=instructions', '--max-instructions=3', '--serial=none');
    expect(status).toBe(124);
    expect(stderr).toMatch(/^0 0 [0-9a-f]{8} fa +cli\n0 1 [0-9a-f]{8} fc +cld\n/);
  });

  it('does not wait for a keyboard that nobody uses', async () => {
    const child = spawn(BINARY, ['run', guest('plain64/plain64.elf')], { stdio: ['pipe', 'ignore', 'ignore'] });
    expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(0);
    child.stdin.destroy();
  });

  it('killed while it checkpoints, leaves checkpoints that are whole, and files that it had not finished as they were', async () => {
    const directory = join(root, 'killed');
    const out = join(root, 'out');
    writeFileSync(out, 'before');
    const argv = [
      'run',
      guest('dirtier/dirtier-64.elf'),
      '--append',
      'iterations=100000',
      '--memory',
      '16M',
      '--checkpoint-to',
      directory,
      '--checkpoint-every',
      '5ms',
      '--serial',
      `file:${out}`,
    ];
    const child = spawn(BINARY, argv, { stdio: 'ignore' });
    const exited = new Promise((resolve) => child.on('exit', resolve));
    const far = (): boolean => existsSync(directory) && readdirSync(directory).length > 8;
    while (child.exitCode === null && !far()) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGKILL');
    await exited;
    expect(child.exitCode).toBeNull();
    const store = DirectoryStore.open(directory);
    expect(store.lastCycle).toBeGreaterThanOrEqual(6);
    for (let cpid = 1; cpid <= store.lastCycle; cpid++) expect(store.delta(cpid).cpid).toBe(cpid);
    expect(() => verifyRebuilds(store)).toThrow('kept without a hash');
    expect(readFileSync(out, 'utf8')).toBe('before');
    const { status } = tidemark('restore', directory, '--max-instructions', '100000', '--serial', 'none');
    expect(status).toBe(124);
  });
});
