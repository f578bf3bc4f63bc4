// One run writes into a directory of checkpoints; runs that were killed leave nothing in the way. With real processes, since a
// lock is about them.

import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { verifyRebuilds } from '../../src/checkpoint/rebuild.ts';
import { DirectoryStore } from '../../src/cli/checkpoint-directory.ts';
import { temporaryName } from '../../src/cli/temporary-name.ts';
import { LOCK_FILE, WriterLock } from '../../src/cli/writer-lock.ts';
import { GUESTS } from '../checkpoint/support/guest.ts';
import { cli } from './streams.ts';

const BINARY = join(GUESTS, '../bin/tidemark');
const SPIN = join(GUESTS, 'spin/spin.elf');

let root = '';
const at = (...names: string[]): string => join(root, ...names);
const children: ChildProcess[] = [];

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-lock-'));
  spawnSync(BINARY, ['--version']);
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(root, { recursive: true }));

/** A run that never ends by itself, once it has written a cycle. */
async function running(directory: string, ...more: string[]): Promise<ChildProcess> {
  const argv = ['run', SPIN, '--memory=2M', '--serial=none', `--checkpoint-to=${directory}`, '--checkpoint-every=5ms', '--verify', ...more];
  const child = spawn(BINARY, argv, { stdio: 'ignore' });
  children.push(child);
  while (!existsSync(join(directory, 'cycle-000002.tmck'))) await new Promise((resolve) => setTimeout(resolve, 10));
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

const forgeLock = (directory: string, holder: object): void => writeFileSync(join(directory, LOCK_FILE), JSON.stringify(holder));
const refusal = (text: RegExp): unknown => expect.objectContaining({ name: 'InputError', message: expect.stringMatching(text) });

describe('a directory that a run writes into', () => {
  it('is refused to a second run, and can be read meanwhile; a kill leaves every cycle whole', async () => {
    const child = await running(at('live'));
    const second = await cli('run', SPIN, `--checkpoint-to=${at('live')}`);
    expect(second.status).toBe(125);
    expect(second.stderr).toMatch(/^tidemark: directory '.*live': holds another run's checkpoints [^\n]*\n$/);
    expect((await cli('inspect', at('live'))).stdout).toMatch(/cycle 2: /);
    await kill(child);
    expect(verifyRebuilds(DirectoryStore.open(at('live'))).wrong).toEqual([]);
    // Taking the run up again sweeps up after the killed one.
    writeFileSync(temporaryName(at('live', 'cycle-999999.tmck')).replace(/\d+(?=\.tmp$)/, String(child.pid)), 'half a cyc');
    const { status } = await cli('restore', at('live'), '--max-instructions=10');
    expect(status).toBe(124);
    expect(readdirSync(at('live')).filter((name) => !/^(base|cycle-\d+)\.tmck$/.test(name))).toEqual([]);
  });

  it('that is still empty is refused while the lock is held, by whoever holds it', () => {
    mkdirSync(at('held'));
    const lock = WriterLock.take(at('held'));
    expect(() => DirectoryStore.create(at('held'))).toThrow(refusal(/^directory '.*held': process \d+ is writing its checkpoints here/));
    lock.release();
    const store = DirectoryStore.create(at('held'));
    expect(readdirSync(at('held'))).toEqual([LOCK_FILE]);
    store.close();
    expect(readdirSync(at('held'))).toEqual([]);
  });

  it('of which two begin at once, one gets it', async () => {
    const argv = ['run', SPIN, '--memory=2M', '--serial=none', `--checkpoint-to=${at('race')}`, '--max-instructions=3000000'];
    mkdirSync(at('race'));
    const ends = Array.from({ length: 3 }, () => {
      const child = spawn(BINARY, argv, { stdio: 'ignore' });
      children.push(child);
      return new Promise<number | null>((resolve) => child.once('exit', resolve));
    });
    expect((await Promise.all(ends)).sort()).toEqual([124, 125, 125]);
    expect(existsSync(at('race', LOCK_FILE))).toBe(false);
  });
});

describe('what a killed run left', () => {
  const dead = (): number => spawnSync(process.execPath, ['-e', '']).pid;

  it('a lock and half a base: the next run begins there', () => {
    const path = at('killed');
    mkdirSync(path);
    const pid = dead();
    forgeLock(path, { host: hostname(), pid, started: null });
    writeFileSync(temporaryName(join(path, 'base.tmck')).replace(/\d+(?=\.tmp$)/, String(pid)), 'half a ba');
    const store = DirectoryStore.create(path);
    expect(readdirSync(path)).toEqual([LOCK_FILE]);
    store.close();
  });

  it('a lock whose number another process has by now', () => {
    const path = at('reused');
    mkdirSync(path);
    forgeLock(path, { host: hostname(), pid: process.pid, started: 'an earlier boot 12345' });
    DirectoryStore.create(path).close();
    expect(readdirSync(path)).toEqual([]);
  });

  it('a lock that was not written to its end', () => {
    const path = at('torn');
    mkdirSync(path);
    writeFileSync(join(path, LOCK_FILE), '{"host":');
    DirectoryStore.create(path).close();
  });

  it('on another host is not judged: the message names the file', () => {
    const path = at('elsewhere');
    mkdirSync(path);
    forgeLock(path, { host: 'elsewhere.example', pid: 1, started: null });
    expect(() => DirectoryStore.create(path)).toThrow(refusal(/process 1 on host elsewhere\.example .*remove '.*writer\.lock'$/));
    expect(existsSync(join(path, LOCK_FILE))).toBe(true);
  });

  it('an output file half written goes when the next run writes the same; that of a live process stays', async () => {
    const [old, live] = [dead(), process.ppid].map((pid) => temporaryName(at('out')).replace(/\d+(?=\.tmp$)/, String(pid)));
    writeFileSync(old!, 'x');
    writeFileSync(live!, 'x');
    await cli('run', join(GUESTS, 'plain32/plain32.elf'), `--serial=file:${at('out')}`);
    expect([existsSync(old!), existsSync(live!)]).toEqual([false, true]);
    expect(readFileSync(at('out'), 'latin1')).toMatch(/^plain32: /);
  });
});

it('a run whose lock was taken from it writes nothing more', () => {
  mkdirSync(at('stolen'));
  const lock = WriterLock.take(at('stolen'));
  expect(() => lock.check()).not.toThrow();
  rmSync(at('stolen', LOCK_FILE));
  const other = WriterLock.take(at('stolen'));
  rmSync(at('stolen', LOCK_FILE));
  expect(() => other.check()).toThrow(refusal(/no longer this run's/));
});
