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

/** Writes DL to port 0xF4, or'ed with the first byte of the sector that CX names, or with 8 if it cannot be read, and halts. */
function teller(length: number, cx: number): Uint8Array {
  const bytes = new Uint8Array(length);
  // mov ax,0201h; mov cx,…; mov dh,0; mov bx,9000h; int 13h; mov al,dl; jc +…; or al,[9000h]; out 0f4h,al; hlt
  bytes.set([0xb8, 0x01, 0x02, 0xb9, cx & 0xff, cx >> 8, 0xb6, 0x00, 0xbb, 0x00, 0x90, 0xcd, 0x13, 0x88, 0xd0, 0x73, 0x02, 0x0c, 0x08]);
  bytes.set([0x0a, 0x06, 0x00, 0x90, 0xe6, 0xf4, 0xfa, 0xf4], 19);
  bytes.set([0x55, 0xaa], 510);
  return bytes;
}

describe('what a file is booted as', () => {
  const KIB = 1024;
  // The value written: the drive, 8 if sector CX cannot be read, or'ed with that sector's first byte.
  it.each<[string, number, string[], number, number]>([
    ['a sector alone is a fixed disk', 512, [], 2, 0x88],
    ['an odd size is filled up to a whole sector', 1000, [], 2, 0x80],
    ['720 KiB are a diskette of 9 sectors', 720 * KIB, [], 10, 0x08],
    ['1.2 MB are a diskette of 15 sectors', 1200 * KIB, [], 15, 0x00],
    ['... and no more', 1200 * KIB, [], 16, 0x08],
    ['--floppy: a sector alone is a diskette of 1.44 MB', 512, ['--floppy'], 18, 0x00],
    ['--floppy: so is an odd size', 700_001, ['--floppy'], 0x4f12, 0x00],
    ['--floppy: what is larger is one of 2.88 MB', 1500 * KIB, ['--floppy'], 36, 0x00],
    ['--floppy: a standard size is itself', 360 * KIB, ['--floppy'], 10, 0x08],
    ['--disk: a diskette as a fixed disk', 1440 * KIB, ['--disk'], 63, 0x80],
  ])('%s', async (_name, length, [option], cx, value) => {
    writeFileSync(at('teller'), teller(length, cx));
    const { stderr } = await cli(
      'run',
      option === undefined ? at('teller') : `${option}=${at('teller')}`,
      '--json',
      '--max-instructions=100000',
    );
    expect(JSON.parse(stderr)).toMatchObject({ outcome: 'debug-exit', value });
  });

  it('a disk with a multiboot loader boots by its first sector; as --kernel the loader is entered', async () => {
    const bytes = teller(64 * KIB, 1);
    const words = [0x1badb002, 0x10000, 0xe4514ffe, 0x100400, 0x100000, 0, 0, 0x100420];
    words.forEach((word, n) => new DataView(bytes.buffer).setUint32(0x400 + 4 * n, word, true));
    bytes.set([0xb0, 0x33, 0xe6, 0xf4, 0xf4], 0x420);
    writeFileSync(at('loader'), bytes);
    expect(JSON.parse((await cli('run', at('loader'), '--json')).stderr)).toMatchObject({ value: 0xb8 });
    expect(JSON.parse((await cli('run', `--kernel=${at('loader')}`, '--json')).stderr)).toMatchObject({ value: 0x33 });
    expect(JSON.parse((await cli('inspect', at('loader'), '--json')).stdout)).toMatchObject({ kind: 'boot-sector' });
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
    copyFileSync(GUEST, at('moved.img'));
    const moved = await cli('restore', at('ck'), `--cycle=${CYCLE}`, `--disk=${at('moved.img')}`);
    expect(moved).toMatchObject({ status: 0, stderr: '' });
    expect(EXPECTED.endsWith(moved.stdout)).toBe(true);
    const gone = await cli('restore', at('ck'));
    expect(gone.status).toBe(125);
    expect(gone.stderr).toMatch(/^tidemark: boot disk '.*disk\.img': no such file or directory\n$/);
  });
});
