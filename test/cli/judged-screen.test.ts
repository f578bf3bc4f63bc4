// `tidemark run` and `tidemark test` judge what a boot sector prints by the BIOS: it has no serial output.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GUESTS } from '../checkpoint/support/guest.ts';
import { u16 } from '../support/code.ts';
import { cli } from './streams.ts';

const BINARY = join(GUESTS, '../bin/tidemark');

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-judged-screen-'));
});
afterAll(() => rmSync(root, { recursive: true }));

/** A diskette of 1.44 MB with this code in its boot sector. */
function diskette(name: string, code: readonly number[]): string {
  const bytes = new Uint8Array(2880 * 512);
  bytes.set(code);
  bytes.set([0x55, 0xaa], 510);
  writeFileSync(join(root, name), bytes);
  return join(root, name);
}

/** A boot sector that writes `text` byte by byte (AH = 0EH, INT 10H), then halts for ever or spins. */
const printing = (name: string, text: string, { hang = false } = {}): string =>
  diskette(name, [...[...text].flatMap((byte) => [0xb8, byte.charCodeAt(0), 0x0e, 0xcd, 0x10]), ...(hang ? [0xeb, 0xfe] : [0xfa, 0xf4])]);

it.each([['--engine=interpreter'], ['--engine=translator'], ['--tracking=pml', '--checkpoint-every=7insns']])(
  '--expect ends the run at the byte that completes the text, under %s',
  async (...options) => {
    const image = printing('hello.img', 'Loading\r\nready.\r\n', { hang: true });
    const whole = await cli('run', image, '--expect=^ready', '--json', '--serial=none', ...options);
    expect(JSON.parse(whole.stdout)).toMatchObject({ outcome: 'expected', status: 0 });
    const first = await cli('run', image, '--expect=^Loading', '--json', '--serial=none', ...options);
    // Nine characters more, CR and LF among them, of which each takes the instructions of one INT 10H.
    const [all, some] = [whole, first].map(({ stdout }) => (JSON.parse(stdout) as { instructions: number }).instructions);
    expect((all! - some!) % 7).toBe(0);
    expect(all! - some!).toBeGreaterThan(0);
  },
);

it('--fail-on ends it with status 4, and the line in code page 437', async () => {
  const { status, stderr } = await cli(
    'run',
    printing('error.img', 'Disk \x84rror\r\n', { hang: true }),
    '--fail-on=rror',
    '--expect=never',
  );
  expect({ status, stderr }).toMatchObject({
    status: 4,
    stderr: expect.stringMatching(/^tidemark: --fail-on rror was seen: Disk \xc3\xa4rror\n/),
  });
});

it('a text that does not come is told with what the screen had last', async () => {
  const { status, stderr } = await cli('run', printing('other.img', 'one\r\ntwo'), '--expect=three');
  expect(status).toBe(2);
  expect(stderr).toContain("tidemark: --expect 'three' was not seen before the end (halted); the last lines are:\n  one\n  two\n");
});

it('a string that INT 10H writes at once (AH = 13H) is one, too', async () => {
  // PUSH CS; POP ES; MOV BP, text; MOV CX, 4; MOV DX, 0; MOV BX, 7; MOV AX, 1301h; INT 10h; JMP to itself.
  const code = [0x0e, 0x07, 0xbd, ...u16(0x7c00 + 64), 0xb9, 4, 0, 0xba, 0, 0, 0xbb, 7, 0, 0xb8, 1, 0x13, 0xcd, 0x10, 0xeb, 0xfe];
  const image = diskette('string.img', [...code, ...Array<number>(64 - code.length).fill(0x90), ...Buffer.from('Done')]);
  expect((await cli('run', image, '--expect=Done', '--max-instructions=100000')).status).toBe(0);
});

it('--junit has the results of tests that are on the screen alone', async () => {
  const report = join(root, 'report.xml');
  const { status } = await cli('run', printing('tests.img', 'ok memory\r\nnot ok clock\r\n'), `--junit=${report}`);
  expect(status).toBe(6);
  expect(readFileSync(report, 'utf8')).toMatch(/name="memory"[^]*name="clock"/);
});

it('a suite expects it as well', () => {
  printing('suite.img', 'up\r\n', { hang: true });
  writeFileSync(join(root, 'list.json'), JSON.stringify({ tests: [{ image: 'suite.img', expect: '^up$', timeout: 60 }] }));
  // Its threads run the built command line.
  const { status, stdout } = spawnSync(BINARY, ['test', join(root, 'list.json'), '--jobs=1', '--json'], { encoding: 'utf8' });
  expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining('"result":"passed"') });
});
