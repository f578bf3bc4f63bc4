// Checkpoints that cannot be kept: the guest runs on, and the run says so. On a file system that is really full, where one may be
// mounted.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyRebuilds } from '../../src/checkpoint/rebuild.ts';
import { cycleFile, DirectoryStore } from '../../src/cli/checkpoint-directory.ts';
import { GUESTS } from '../checkpoint/support/guest.ts';
import { writerDisk } from '../checkpoint/support/disk-writer.ts';
import { describeNeeding } from '../support/skip.ts';
import { cli } from './streams.ts';

const DIRTIER = [join(GUESTS, 'dirtier/dirtier-64.elf'), '--memory=8M', '--append=pages=48 rate=16 iterations=14 group=1'];
const EVERY = '--checkpoint-every=100000insns';

let root = '';
const at = (...names: string[]): string => join(root, ...names);
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-failed-'));
});
afterAll(() => rmSync(root, { recursive: true }));

/** Runs with a directory where the files of `cycles` belong, so that they cannot be written. */
async function blocked(name: string, cycles: readonly number[], ...argv: string[]) {
  const { create } = DirectoryStore;
  DirectoryStore.create = (path) => {
    const store = create(path);
    for (const cpid of cycles) mkdirSync(join(path, cycleFile(cpid)));
    return store;
  };
  try {
    return await cli('run', ...DIRTIER, EVERY, `--checkpoint-to=${at(name)}`, ...argv);
  } finally {
    DirectoryStore.create = create;
  }
}

describe('a cycle that cannot be kept', () => {
  it('does not end the guest; stderr names it and why; the status is 74', async () => {
    const whole = await cli('run', ...DIRTIER);
    const { status, stdout, stderr } = await blocked('blocked', [3]);
    expect({ status, stdout }).toEqual({ status: 74, stdout: whole.stdout });
    expect(stderr).toMatch(/^tidemark: cycle 3 could not be kept, the guest runs on: '[^'\n]*cycle-000003\.tmck': [^\n]+$/m);
    expect(stderr).toMatch(
      /^tidemark: \d+ checkpoints could not be kept; the last that was is cycle 2 \('[^'\n]*cycle-000003\.tmck': [^\n]+\)$/m,
    );
    rmSync(at('blocked', cycleFile(3)), { recursive: true });
    expect(DirectoryStore.open(at('blocked')).lastCycle).toBe(2);
  });

  it("as JSON; the guest's own status goes first", async () => {
    const { status, stderr } = await blocked('json', [1], '--json', '--max-instructions=500000');
    expect(status).toBe(124);
    const { checkpoints } = JSON.parse(stderr);
    expect(checkpoints).toMatchObject({ cycles: 0, failed: expect.any(Number), failure: expect.stringMatching(/cycle-000001\.tmck/) });
    expect(checkpoints.failed).toBeGreaterThan(3);
  });
});

/** A file system of one megabyte, if this process may mount one. */
function smallFileSystem(): { readonly path: string | null; readonly reason: string } {
  const path = mkdtempSync(join(tmpdir(), 'tidemark-full-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path]);
  return { path: status === 0 ? path : null, reason: 'a file system cannot be mounted' };
}

const full = smallFileSystem();
afterAll(() => {
  if (full.path === null) return;
  spawnSync('umount', [full.path]);
  rmSync(full.path, { recursive: true });
});

describeNeeding(full.path !== null, full.reason)('a disk that is full', () => {
  const on = (...names: string[]): string => join(full.path!, ...names);
  const CYCLES = ['--memory=1M', '--checkpoint-every=60insns', '--verify'];

  it('stops the checkpoints, not the guest, and what is there can be restored', async () => {
    // What the guest's memory holds fills the disk it writes.
    const disk = writerDisk(40_000);
    writeFileSync(at('disk.img'), disk);
    // Leaves room for some cycles.
    writeFileSync(on('ballast'), new Uint8Array(700 * 1024));
    const { status, stderr } = await cli('run', at('disk.img'), ...CYCLES, `--checkpoint-to=${on('ck')}`);
    expect(status).toBe(74);
    expect(stderr).toMatch(/^tidemark: cycle \d+ could not be kept, the guest runs on: '[^'\n]*\/ck\/cycle-\d+\.tmck': no space left$/m);
    const store = DirectoryStore.open(on('ck'));
    expect(store.lastCycle).toBeGreaterThan(0);
    expect(verifyRebuilds(store).wrong).toEqual([]);
    const rest = await cli('restore', on('ck'), '--json');
    expect(rest.status).toBe(0);
    rmSync(on('ck'), { recursive: true });
  });

  it('is named with the file that could not be written: the base, before the guest runs', async () => {
    writeFileSync(on('ballast'), new Uint8Array(1020 * 1024));
    const base = await cli('run', ...DIRTIER, `--checkpoint-to=${on('ck')}`, `--serial=file:${at('never')}`);
    expect(existsSync(at('never'))).toBe(false);
    expect(base).toMatchObject({ status: 125, stderr: expect.stringMatching(/^tidemark: '[^'\n]*\/ck\/base\.tmck': no space left\n$/) });
  });

  it.each(['--serial=file:', '--debugcon=', '--trace=events=', '--stats=', '--record='])(
    'leaves the guest alone where %s is on it: 74, one line, and no file',
    async (option) => {
      expect(() => writeFileSync(on('ballast'), new Uint8Array(1100 * 1024))).toThrow('ENOSPC');
      const path = on('written');
      // MOV DX, 3F8H; MOV AL, 'S'; OUT DX, AL; OUT 0E9H, AL; CLI; HLT
      writeFileSync(at('both'), Uint8Array.of(0x66, 0xba, 0xf8, 3, 0xb0, 0x53, 0xee, 0xe6, 0xe9, 0xfa, 0xf4));
      const ran = await cli('run', at('both'), '--at=0x1000', option + path);
      expect(ran).toEqual({
        status: 74,
        stdout: option === '--serial=file:' ? '' : 'S',
        stderr: `tidemark: '${path}': no space left; it was not written\n`,
      });
      expect(readdirSync(full.path!).filter((name) => name.startsWith('written'))).toEqual([]);
    },
  );

  it("says so in --json; the guest's own status goes first", async () => {
    writeFileSync(at('exits'), Uint8Array.of(0xb0, 0x53, 0xe6, 0xe9, 0xe6, 0xf4));
    const ran = await cli('run', at('exits'), '--at=0x1000', '--serial=none', '--json', `--debugcon=${on('log')}`);
    expect(ran).toMatchObject({ status: 0xa7, stderr: '' });
    expect(JSON.parse(ran.stdout)).toMatchObject({ outcome: 'debug-exit', status: 0xa7, unwritten: [`'${on('log')}': no space left`] });
  });
});
