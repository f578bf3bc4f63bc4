// `tidemark run` that is judged by what its guest prints: --expect, --fail-on, --tap, --junit.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GUESTS } from '../checkpoint/support/guest.ts';
import { buildElf } from '../support/elf-builder.ts';
import { cli } from './streams.ts';
import { checkXml } from './test-report/check-xml.ts';

const PLAIN = join(GUESTS, 'plain32/plain32.elf');
const SPIN = join(GUESTS, 'spin/spin.elf');
const TRIPLE = join(GUESTS, 'triple-fault/triple-fault.elf');

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-judged-'));
});
afterAll(() => rmSync(root, { recursive: true }));
const at = (name: string): string => join(root, name);

const COM1 = 0x3f8;
const DEBUGCON = 0xe9;

/**
 * A guest that prints `text` and then writes `exit` to the debug-exit port, halts or hangs: MOV EDX, port; and for each byte MOV AL, byte;
 * OUT DX, AL.
 */
function printing(name: string, text: string, { port = COM1, exit = -1, hang = false } = {}): string {
  const says = [...Buffer.from(text)].flatMap((byte) => [0xb0, byte, 0xee]);
  // JMP to itself; or CLI, HLT, after OUT 0xF4, AL if there is a status.
  const ends = hang ? [0xeb, 0xfe] : [...(exit < 0 ? [] : [0xb0, exit, 0xe6, 0xf4]), 0xfa, 0xf4];
  const bytes = [0xba, port & 0xff, port >> 8, 0, 0, ...says, ...ends];
  writeFileSync(at(name), buildElf({ width: 32, entry: 0x100000, segments: [{ paddr: 0x100000, bytes }] }));
  return at(name);
}

describe('--expect', () => {
  it('ends the run at the byte that completes the text, with status 0', async () => {
    const { status, stdout, stderr } = await cli('run', PLAIN, '--expect=hello', '--expect', 'ring [0-3]');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n').at(-1)).toBe('plain32: ring 0');
  });

  it.each([
    ['--engine=auto'],
    ['--engine=interpreter'],
    ['--engine=translator'],
    ['--tracking=pml', '--checkpoint-every=3insns'],
    ['--trace=instructions=/dev/null'],
  ])('ends right after the instruction that sent the byte, under %s', async (...options) => {
    const { stdout } = await cli('run', printing('letters', 'abcdef'), '--serial=none', '--expect=cd', '--json', ...options);
    // MOV EDX, and two for each of the four bytes.
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'expected', status: 0, instructions: 9 });
  });

  it('is found on the debug console too', async () => {
    const { status } = await cli('run', printing('debug', 'boot: ready', { port: DEBUGCON, exit: 0 }), '--expect', 'ready');
    expect(status).toBe(0);
  });

  it.each<[string, number, () => string[]]>([
    ['halts', 2, () => [PLAIN]],
    ['ends by the debug-exit device', 2, () => [printing('exits', 'plain32: hello\n', { exit: 5 })]],
    ['dies', 126, () => [TRIPLE]],
    ['is stopped by a limit', 124, () => [SPIN, '--max-instructions=1000']],
  ])('of a guest that %s before: %i, which text, and the last lines', async (_name, expected, argv) => {
    const { status, stderr } = await cli('run', ...argv(), '--expect=: ', '--expect=never');
    expect(status).toBe(expected);
    expect(stderr).toMatch(/^tidemark: --expect 'never' was not seen before the end \([a-z-]+\); the last lines are:\n {2}[a-z0-9-]+: /m);
  });

  it('says so when the guest printed nothing, and in JSON what it printed', async () => {
    expect((await cli('run', printing('mute', ''), '--expect=x')).stderr).toBe(
      "tidemark: --expect 'x' was not seen before the end (halted); the guest printed nothing\n",
    );
    const { stdout } = await cli('run', printing('two', 'a\nb'), '--expect=x', '--json', '--serial=none');
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'halted', status: 2, notSeen: 'x', lastLines: ['a', 'b'] });
  });

  it('with --keep-running leaves the end, and the status, to the guest', async () => {
    const guest = printing('on', 'ready\nmore\n', { exit: 1 });
    const { status, stdout } = await cli('run', guest, '--expect=ready', '--keep-running');
    expect({ status, stdout }).toEqual({ status: 3, stdout: 'ready\nmore\n' });
    expect((await cli('run', guest, '--expect=unready', '--keep-running')).status).toBe(2);
  });

  it('of a recorded run is where the replay ends', async () => {
    const recording = at('expected.tmrec');
    expect((await cli('run', printing('letters', 'abcdef'), '--serial=none', '--expect=cd', '--record', recording)).status).toBe(0);
    const { status, stderr } = await cli('replay', recording, '--serial=none');
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: 'replayed: 0 inputs, 9 instructions; output, memory and status 0 as recorded\n',
    });
  });
});

describe('--fail-on', () => {
  it('ends the run with status 4 and the line', async () => {
    const { status, stderr } = await cli('run', PLAIN, '--expect=done', '--fail-on=nothing', '--fail-on=ring .*$');
    expect({ status, stderr }).toEqual({ status: 4, stderr: 'tidemark: --fail-on ring .*$ was seen: plain32: ring 0 ok\n' });
  });

  it('panic knows what kernels print, and names the system; a guest that does not end the line is heard to its end', async () => {
    const guest = printing('panic', '[    0.1] Kernel panic - not syncing: no init');
    const { status, stderr } = await cli('run', guest, '--serial=none', '--fail-on=panic');
    expect({ status, stderr }).toEqual({
      status: 4,
      stderr: 'tidemark: --fail-on panic (Linux) was seen: [    0.1] Kernel panic - not syncing: no init\n',
    });
  });

  it('of a guest that hangs within the line is told with what ended the run', async () => {
    const guest = printing('hangs', 'panic: stuck', { hang: true });
    const { status, stderr } = await cli('run', guest, '--serial=none', '--fail-on=panic', '--max-instructions=5000');
    expect(status).toBe(4);
    expect(stderr).toMatch(
      /^tidemark: --fail-on panic \(.*xv6\) was seen: panic: stuck\ntidemark: the limit of instructions was reached after 5000\n/,
    );
  });

  it('counts after all that was expected, with --keep-running', async () => {
    const guest = printing('later', 'ready\npanic: late\n');
    const options = ['--expect=ready', '--fail-on=panic', '--serial=none'];
    expect((await cli('run', guest, ...options)).status).toBe(0);
    expect((await cli('run', guest, ...options, '--keep-running')).status).toBe(4);
  });
});

describe('results of tests that the guest prints', () => {
  const text = '1..3\nok 1 - one\nnot ok 2 - two\n# expected <1>\n';

  it('are written as JUnit XML and as TAP, and make the status 6 if one failed', async () => {
    const { status, stderr } = await cli('run', printing('tap', text), `--junit=${at('junit.xml')}`, `--tap=${at('tap')}`);
    expect({ status, stderr }).toEqual({ status: 6, stderr: 'tests: 1 passed, 2 failed, 0 skipped: two, test 3\n' });
    expect(readFileSync(at('tap'), 'utf8')).toBe(
      'TAP version 13\n1..4\nok 1 - one\nnot ok 2 - two\n# expected <1>\nnot ok 3 - test 3\n# not reported, though the plan is 1..3\n' +
        'not ok 4 - run\n# tests: 1 passed, 2 failed, 0 skipped: two, test 3\n',
    );
    const [suite] = checkXml(readFileSync(at('junit.xml'), 'utf8')).children;
    expect(suite!.attributes).toMatchObject({ name: 'tap', tests: '4', failures: '3' });
    expect(suite!.children.find(({ name }) => name === 'system-out')?.text).toBe(text);
  });

  it('are on stdout where the serial port is not, and in JSON', async () => {
    const guest = printing('good', 'ok a\nok b # SKIP no disk\n');
    expect((await cli('run', guest, '--serial=none', '--tap')).stdout).toBe(
      'TAP version 13\n1..3\nok 1 - a\nok 2 - b # SKIP no disk\nok 3 - run\n',
    );
    const { stdout } = await cli('run', guest, '--serial=none', '--json', `--tap=${at('tap')}`);
    expect(JSON.parse(stdout)).toMatchObject({ status: 0, tests: { passed: 1, failed: 0, skipped: 1, failures: [] } });
  });

  it('keep off stdout where the debug console leads there', async () => {
    const { stdout, stderr } = await cli(
      'run',
      printing('good', 'ok a\n', { port: DEBUGCON }),
      '--serial=none',
      '--debugcon=stdio',
      '--tap',
    );
    expect({ stdout, tap: stderr.split('\n')[0] }).toEqual({ stdout: 'ok a\n', tap: 'TAP version 13' });
  });

  it("do not hide the guest's own status", async () => {
    expect((await cli('run', printing('both', text, { exit: 3 }), '--serial=none', `--tap=${at('tap')}`)).status).toBe(7);
    expect((await cli('run', TRIPLE, '--serial=none', `--junit=${at('junit.xml')}`)).status).toBe(126);
    expect(readFileSync(at('junit.xml'), 'utf8')).toContain('message="triple-fault, status 126"');
  });
});

describe('bad input is one line and status 125, and nothing is written', () => {
  it.each<[string, string[], RegExp]>([
    ['no regular expression', ['--expect=(a'], /option '--expect': '\(a' is no regular expression .*: '\)' is missing \(character 3\)/],
    ['one that any text matches', ['--fail-on=x*'], /option '--fail-on': 'x\*' matches the empty text/],
    ['--keep-running alone', ['--keep-running'], /--keep-running needs --expect/],
    ['two texts for one stream', ['--json', '--tap'], /--json and --tap need a file for one/],
    ['--junit into a missing directory', ['--junit=no/such/place'], /'no\/such\/place': no such file or directory/],
    ['--tap into a directory', ['--tap=dir'], /'dir': is a directory/],
    ['--stats into a missing directory', ['--stats=no/such/place'], /no such file or directory/],
    ['--record into a missing directory', ['--record=no/such/place'], /no such file or directory/],
  ])('%s', async (_name, options, message) => {
    mkdirSync(at('dir'), { recursive: true });
    const located = options.map((option) => option.replace('=dir', `=${at('dir')}`));
    const before = readdirSync(root);
    const { status, stdout, stderr } = await cli('run', PLAIN, ...located, `--serial=file:${at('out')}`);
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    expect(stderr.replace(at('dir'), 'dir')).toMatch(message);
    expect(stderr).toMatch(/^tidemark: [^\n]+\n$/);
    expect(readdirSync(root)).toEqual(before);
  });

  it("a report that cannot be written after all does not take the place of the guest's status", async () => {
    const gone = at('gone');
    mkdirSync(gone);
    // The file is opened before the guest runs: the directory goes while it does.
    const spinning = cli('run', SPIN, '--serial=none', `--junit=${join(gone, 'j.xml')}`, '--timeout=0.3');
    setTimeout(() => rmSync(gone, { recursive: true }), 50);
    const { status, stderr } = await spinning;
    expect(status).toBe(124);
    expect(stderr).toMatch(/^tidemark: '.*j\.xml': no such file or directory; it was not written$/m);
  });
});
