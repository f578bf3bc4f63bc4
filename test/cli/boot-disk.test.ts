// Disks on the command line: run, checkpointed, restored from elsewhere; what is refused.

import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from './streams.ts';

const GUEST = fileURLToPath(new URL('../../guests/boot-hello/boot-hello.img', import.meta.url));
const EXPECTED = readFileSync(new URL('../../guests/boot-hello/expected-output.txt', import.meta.url), 'utf8');

let root = '';
const at = (name: string): string => join(root, name);
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-disk-'));
  copyFileSync(GUEST, at('disk.img'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('run', () => {
  it.each(['interpreter', 'translator'])('boots it under engine %s, serial port on stdout; the file stays as it was', async (engine) => {
    expect(await cli('run', at('disk.img'), `--engine=${engine}`)).toEqual({ status: 0, stdout: EXPECTED, stderr: '' });
    expect(readFileSync(at('disk.img')).equals(readFileSync(GUEST))).toBe(true);
  });

  it('a guest of that name is in the demo', async () => {
    expect(await cli('demo', 'boot-ladder')).toMatchObject({ status: 0, stdout: expect.stringMatching(/boot-ladder: done\n$/) });
  });

  it.each([
    ['--module', 'x'],
    ['--initrd', 'x'],
    ['--append', 'x'],
  ])('%s means nothing to it', async (option, value) => {
    const path = option === '--append' ? value : at('disk.img');
    const { status, stderr } = await cli('run', at('disk.img'), `${option}=${path}`);
    expect(status).toBe(125);
    expect(stderr).toMatch(new RegExp(`^tidemark: .*disk\\.img: ${option} means nothing to a boot sector\\n`));
  });

  it('as --kernel it is refused', async () => {
    const { status, stderr } = await cli('run', `--kernel=${at('disk.img')}`);
    expect(status).toBe(125);
    expect(stderr).toMatch(/^tidemark: .*disk\.img: offset 0x1fe: a boot sector .*\n$/);
  });

  it('with --at it is raw bytes', async () => {
    writeFileSync(
      at('raw'),
      Uint8Array.from({ length: 512 }, (_, n) => [0xfa, 0xf4][n] ?? (n === 510 ? 0x55 : n === 511 ? 0xaa : 0)),
    );
    expect(await cli('run', at('raw'), '--at=0x1000', '--json')).toMatchObject({ status: 0, stdout: '' });
  });
});

describe('checkpoints', () => {
  const CYCLE = 2;

  it('go on where they were, with what was written to the disk', async () => {
    const options = ['--verify', `--checkpoint-to=${at('ck')}`, '--checkpoint-every=1500insns', '--tracking=write-protect'];
    expect(await cli('run', at('disk.img'), ...options)).toMatchObject({ status: 0, stdout: EXPECTED });
    const { status, stdout, stderr } = await cli('restore', at('ck'), `--cycle=${CYCLE}`);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(EXPECTED.endsWith(stdout)).toBe(true);
    expect(stdout.split('\n').length).toBeGreaterThan(3);
  });

  it('are refused if the file has changed, or is not there', async () => {
    const changed = new Uint8Array(readFileSync(GUEST));
    changed[1000]! ^= 1;
    writeFileSync(at('disk.img'), changed);
    const other = await cli('restore', at('ck'), `--cycle=${CYCLE}`);
    expect(other.status).toBe(125);
    expect(other.stderr).toMatch(/^tidemark: [^\n]*it is not that of .*disk\.img, or the file has changed\n$/);
    rmSync(at('disk.img'));
    const gone = await cli('restore', at('ck'));
    expect(gone.status).toBe(125);
    expect(gone.stderr).toMatch(/^tidemark: boot disk '.*disk\.img': no such file or directory\n$/);
  });
});
