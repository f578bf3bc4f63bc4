// The format of kvm-unit-tests' lists; the configurations are written here.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kvmTests } from '../../../src/cli/suite/kvm-suite.ts';
import { shellWords } from '../../../src/cli/suite/shell-words.ts';
import type { SuiteTest } from '../../../src/cli/suite/suite-test.ts';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-cfg-'));
  for (const name of ['a.flat', 'ram.img']) writeFileSync(join(root, name), 'x');
  writeFileSync(join(root, 'switch'), 'Y\n');
});
afterAll(() => rmSync(root, { recursive: true }));

const tests = (...lines: string[]): SuiteTest[] => kvmTests('x86/unittests.cfg', lines.join('\n'), root);
/** The one test with these parameters. */
const test = (...lines: string[]): SuiteTest => tests('[t]', 'file = a.flat', ...lines)[0]!;
/** What it gives `run`, without the image. */
const argv = (...lines: string[]): readonly string[] => test(...lines).argv.slice(1);

describe('a section', () => {
  it('is a test of its name, good if the guest writes 0 to the debug-exit port, skipped if it writes half of 77', () => {
    const all = tests('# comment', '', '[one]', 'file = a.flat', 'groups = x y', '[two 2]', 'file=a.flat', 'timeout = 2m');
    expect(all.map(({ name, groups, timeout, status, skipStatus }) => ({ name, groups, timeout, status, skipStatus }))).toEqual([
      { name: 'one', groups: ['x', 'y'], timeout: null, status: 1, skipStatus: 77 },
      { name: 'two 2', groups: [], timeout: 120, status: 1, skipStatus: 77 },
    ]);
    expect(all[0]!.argv).toEqual([join(root, 'a.flat')]);
  });

  it.each<[string, string[], string[]]>([
    ['smp', ['smp = 3'], ['--cpus=3']],
    ['smp with more', ['smp = 2,sockets=2'], ['--cpus=2']],
    ['$MAX_SMP', ['smp = $MAX_SMP'], ['--cpus=4']],
    ['test_args, quoted as for a shell', [`test_args = "-a 'b c'"`], ["--append=-a 'b c'"]],
    ['-m without a unit', ['qemu_params = -m 256'], ['--memory=256M']],
    ['-m with one', ['extra_params = -m 1g -append "x y"'], ['--memory=1G', '--append=x y']],
    ['parameters over several lines', ['qemu_params = """-m 64 \\', '-smp 2"""'], ['--memory=64M', '--cpus=2']],
  ])('%s', (_name, lines, expected) => expect(argv(...lines)).toEqual(expected));

  it('has its other files from where the list lies', () => {
    expect(argv('qemu_params = -initrd ram.img')).toEqual([`--initrd=${join(root, 'ram.img')}`]);
  });

  it('tells what of it is not applied', () => {
    expect(test('qemu_params = -cpu max,+vmx -m 64 -enable-kvm', 'disabled_if = false').notes).toEqual([
      'not applied: the parameter disabled_if, -cpu max,+vmx, -enable-kvm',
    ]);
  });

  it.each<[string, string[], string | null]>([
    ['another architecture', ['arch = i386'], 'i386 only'],
    ['this one', ['arch = x86_64'], null],
    ['an accelerator', ['accel = kvm'], 'kvm only'],
    ['a file of the host that is not there', ['check = /nowhere/x=Y'], '/nowhere/x not equal to Y'],
  ])('is skipped by its own rules: %s', (_name, lines, why) => expect(test(...lines).leftOut).toBe(why));

  it('is skipped if one of the checks fails', () => {
    const path = join(root, 'switch');
    expect(test(`check = ${path}=Y`).leftOut).toBeNull();
    expect(test(`check = ${path}=Y ${path}=N`).leftOut).toBe(`${path} not equal to N`);
  });

  it('that asks for what is not to be had fails alone', () => {
    expect(test('qemu_params = -m 4g').refused).toMatch(/option '--memory': 4G is not between/);
    expect(test('test_args = "1 `date`"').refused).toMatch(/has what only a shell replaces \(`\)/);
    expect(test('smp = 31').refused).toMatch(/option '--cpus': 31 is not between/);
  });
});

describe('a bad list is an InputError with the line', () => {
  it.each<[string, string[], RegExp]>([
    ['noise', ['[t]', 'file = a.flat', 'what is this'], /^x86\/unittests\.cfg:3: neither a \[name\]/],
    ['a parameter before any name', ['file = a.flat'], /^x86\/unittests\.cfg:1: the parameter file stands before any \[name\]/],
    ['an empty name', ['[]'], /^x86\/unittests\.cfg:1: a test without a name/],
    ['no file', ['', '[t]', 'smp = 1'], /^x86\/unittests\.cfg:2: test 't': the parameter file is missing/],
    ['a missing image', ['[t]', 'file = b.flat'], /^x86\/unittests\.cfg:2: test 't': image 'b\.flat': no such file/],
    ['quotes without an end', ['[t]', 'file = a.flat', 'qemu_params = """-m 1'], /^x86\/unittests\.cfg:3: """ is not closed/],
    ['a number that is none', ['[t]', 'file = a.flat', 'smp = many'], /^x86\/unittests\.cfg:3: test 't': smp 'many' is no number/],
    ['a time that is none', ['[t]', 'file = a.flat', 'timeout = soon'], /^x86\/unittests\.cfg:3: test 't': timeout 'soon' is no time/],
  ])('%s', (_name, lines, message) => expect(() => tests(...lines)).toThrow(message));

  it('but an image that its rules leave out need not be there', () => {
    expect(tests('[t]', 'file = b.flat', 'arch = i386')[0]!.leftOut).toBe('i386 only');
  });
});

describe('words', () => {
  it.each<[string, string[]]>([
    ['a  b', ['a', 'b']],
    [`'a b' "c d"e`, ['a b', 'c de']],
    [String.raw`a\ b "\"" '\'`, ['a b', '"', '\\']],
    [`'' x`, ['', 'x']],
    ['', []],
  ])('%s', (text, words) => expect(shellWords(text)).toEqual(words));

  it.each(['"a', "'a", '$HOME', '`ls`', '"$(ls)"'])('%s is refused', (text) =>
    expect(() => shellWords(text)).toThrow(/is not closed|only a shell/),
  );
});
