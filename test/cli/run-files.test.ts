// Where a run's output cannot go is found before the guest runs, and nothing is left behind.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../style/project-files.ts';
import { itNeeding } from '../support/skip.ts';
import { cli } from './streams.ts';

let root = '';
const at = (...names: string[]): string => join(root, ...names);
const leftovers = (): string[] => readdirSync(root).filter((name) => name.endsWith('.tmp'));

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-files-'));
  // MOV DX, 3F8H; MOV AL, 'S'; OUT DX, AL; MOV AL, 'D'; OUT 0E9H, AL; CLI; HLT
  writeFileSync(at('both'), Uint8Array.of(0x66, 0xba, 0xf8, 3, 0xb0, 0x53, 0xee, 0xb0, 0x44, 0xe6, 0xe9, 0xfa, 0xf4));
  mkdirSync(at('directory'));
});
afterAll(() => rmSync(root, { recursive: true }));

const run = (...argv: string[]) => cli('run', at('both'), '--at=0x1000', ...argv);

describe('an output that cannot be opened', () => {
  it.each([
    ['--serial=file:', 'no/such', 'no such file or directory'],
    ['--debugcon=', 'no/such', 'no such file or directory'],
    ['--trace=events=', 'both/x', 'a part of the path is not a directory'],
    ['--trace=instructions=', 'no/such', 'no such file or directory'],
    ['--stats=', 'no/such', 'no such file or directory'],
    ['--stats=', 'directory', 'is a directory'],
    ['--record=', 'no/such', 'no such file or directory'],
    ['--record=', 'directory', 'is a directory'],
    ['--checkpoint-to=', 'no/such', 'no such file or directory'],
  ])('%s%s is found before the guest runs: 125, one line', async (option, name, why) => {
    expect(await run(option + at(name))).toEqual({ status: 125, stdout: '', stderr: `tidemark: '${at(name)}': ${why}\n` });
    expect(leftovers()).toEqual([]);
  });

  it('leaves no other output behind, and what had their names as it was', async () => {
    writeFileSync(at('old'), 'old');
    const others = [`--serial=file:${at('old')}`, `--record=${at('new')}`, `--trace=events=${at('newer')}`];
    expect(await run(...others, `--stats=${at('no/such')}`)).toMatchObject({ status: 125, stdout: '' });
    expect(readFileSync(at('old'), 'utf8')).toBe('old');
    expect([existsSync(at('new')), existsSync(at('newer')), leftovers()]).toEqual([false, false, []]);
  });
});

describe('two outputs', () => {
  it('into one file are refused, by whatever names', async () => {
    symlinkSync(at('directory'), at('link'));
    writeFileSync(at('directory', 'same'), 'old');
    const ran = await run(`--serial=file:${at('directory', 'same')}`, `--debugcon=${at('link', 'same')}`);
    expect(ran).toEqual({ status: 125, stdout: '', stderr: `tidemark: '${at('link', 'same')}' is to be written by two options\n` });
    expect(readFileSync(at('directory', 'same'), 'utf8')).toBe('old');
    expect(readdirSync(at('directory'))).toEqual(['same']);
  });

  it('into /dev/null are not', async () => {
    const all = ['--serial=file:', '--debugcon=', '--stats=', '--trace=events=', '--record='].map((option) => `${option}/dev/null`);
    expect(await run(...all)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });
});

describe('--debugcon stdio', () => {
  it('has stdout, and --json stderr', async () => {
    const { status, stdout, stderr } = await run('--serial=none', '--debugcon=stdio', '--json');
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'D' });
    expect(JSON.parse(stderr)).toMatchObject({ outcome: 'halted' });
  });
});

itNeeding(existsSync('/dev/full'), 'there is no /dev/full')('stdout that is full ends the run with 74 and one line', () => {
  const program = `exec "$0" "$1" run "$2" --at=0x1000 >/dev/full`;
  const { status, stderr } = spawnSync('sh', ['-c', program, process.execPath, join(ROOT, 'bin/tidemark'), at('both')], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 74, stderr: "tidemark: 'stdout': no space left\n" });
});

describe('outputs that are what stdout is', () => {
  const sh = (redirected: string) => {
    const options = '--at=0x1000 --trace=instructions=/dev/stdout --stats=/dev/stdout';
    return spawnSync('sh', ['-c', `"$0" "$1" run "$2" ${options} ${redirected}`, process.execPath, join(ROOT, 'bin/tidemark'), at('both')]);
  };

  it('add to a file', () => {
    writeFileSync(at('gathered'), '');
    const inode = statSync(at('gathered')).ino;
    expect(sh(`>"${at('gathered')}"`).status).toBe(0);
    const text = readFileSync(at('gathered'), 'utf8');
    expect(statSync(at('gathered')).ino).toBe(inode);
    expect(text).toMatch(/^S?0 0 00001000 66baf803 +mov dx, 0x3f8 +; -> dx=0x3f8$/m);
    expect(text).toMatch(/^0 6 [^\n]* hlt\n[^]*instructions {2}7 /m);
  });

  it('go into a pipe', () => {
    const { status, stdout } = sh('| cat');
    expect(status).toBe(0);
    expect(String(stdout)).toMatch(/ hlt\n[^]*instructions {2}7 /);
  });
});
