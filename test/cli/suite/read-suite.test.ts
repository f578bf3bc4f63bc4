// From directories and lists in JSON to tests.

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileRegex } from '../../../src/cli/console/regex.ts';
import { readSuite } from '../../../src/cli/suite/read-suite.ts';
import type { Selection } from '../../../src/cli/suite/read-suite.ts';
import { GUESTS } from '../../checkpoint/support/guest.ts';
import { cli } from '../streams.ts';

let root = '';
const at = (...names: string[]): string => join(root, ...names);
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-suite-'));
  mkdirSync(at('images/sub/.git'), { recursive: true });
  const elf = join(GUESTS, 'plain32/plain32.elf');
  for (const path of ['images/a.elf', 'images/sub/b.elf', 'images/sub/.git/c.elf']) cpSync(elf, at(path));
  cpSync(join(GUESTS, 'boot-hello/boot-hello.img'), at('images/disk.img'));
  writeFileSync(at('images/notes.txt'), 'no image');
  writeFileSync(at('images/empty'), '');
  // A relocatable object: e_type 1.
  const object = Buffer.alloc(64);
  object.write('\x7fELF\x01\x01\x01', 'latin1');
  object[16] = 1;
  writeFileSync(at('images/object.o'), object);
  writeFileSync(at('images/a.expected'), 'text of a');
  writeFileSync(at('images/sub/expected-output.txt'), 'text of all');
  writeFileSync(at('images/disk.test.json'), '{ "status": 3, "memory": "8M", "groups": ["slow"], "timeout": 2.5 }');
  mkdirSync(at('none'));
});
afterAll(() => rmSync(root, { recursive: true }));

const ALL: Selection = { filter: null, group: null };

function list(contents: unknown, name = 'list.json'): string {
  writeFileSync(at(name), typeof contents === 'string' ? contents : JSON.stringify(contents, null, 2));
  return at(name);
}

describe('a directory', () => {
  it('is every image in it and below, with what lies beside it', () => {
    const tests = readSuite([at('images')], ALL);
    const shown = tests.map(({ name, output, status, timeout, groups }) => [name, String(output?.bytes ?? ''), status, timeout, groups]);
    expect(shown).toEqual([
      ['a.elf', 'text of a', 0, null, []],
      ['disk.img', '', 3, 2.5, ['slow']],
      ['sub/b.elf', 'text of all', 0, null, []],
    ]);
    expect(tests[1]!.argv).toEqual([at('images/disk.img'), '--memory=8M']);
  });

  it('may be an image, and several may be named', () => {
    expect(readSuite([at('images/a.elf'), at('images/sub'), at('images/a.elf')], ALL).map(({ name }) => name)).toEqual([
      'a.elf',
      'b.elf',
      'a.elf (2)',
    ]);
  });
});

describe('a list', () => {
  const tests = [
    { image: 'images/a.elf', append: '-x "y"', expect: ['one', '^two$'], cpus: 2, verify: true },
    { name: 'floppy', floppy: 'images/disk.img', status: 33, timeout: 5, output: 'images/a.expected', groups: ['x', 'nodefault'] },
    { name: 'later', image: 'images/a.elf', skip: 'not yet' },
  ];

  it('says what is run by the options of run, from where the list lies, over its defaults', () => {
    const all = readSuite([list({ defaults: { timeout: 20, 'fail-on': 'panic' }, tests })], ALL);
    expect(all.map(({ name, argv, timeout, status, leftOut }) => ({ name, argv, timeout, status, leftOut }))).toEqual([
      {
        name: 'a.elf',
        argv: [at('images/a.elf'), '--fail-on=panic', '--append=-x "y"', '--expect=one', '--expect=^two$', '--cpus=2', '--verify'],
        timeout: 20,
        status: 0,
        leftOut: null,
      },
      {
        name: 'floppy',
        argv: ['--fail-on=panic', `--floppy=${at('images/disk.img')}`],
        timeout: 5,
        status: 33,
        leftOut: 'of group nodefault',
      },
      { name: 'later', argv: [at('images/a.elf'), '--fail-on=panic'], timeout: 20, status: 0, leftOut: 'not yet' },
    ]);
  });

  it('can be run in part', () => {
    const path = list({ tests });
    const names = (selection: Partial<Selection>): string[] => readSuite([path], { ...ALL, ...selection }).map(({ name }) => name);
    expect(names({ filter: compileRegex('^(a|l)') })).toEqual(['a.elf', 'later']);
    expect(names({ group: 'x' })).toEqual(['floppy']);
    expect(readSuite([path], { ...ALL, group: 'x' })[0]!.leftOut).toBeNull();
    expect(() => names({ filter: compileRegex('zzz') })).toThrow('none of the 3 tests is selected');
  });

  const one = (fields: object): object => ({
    tests: [
      { name: 'good', image: 'images/a.elf' },
      { name: 'bad', image: 'images/a.elf', ...fields },
    ],
  });
  it.each<[string, unknown, RegExp]>([
    ['no JSON', '{\n  "tests": [\n    { "name": "x", }\n  ]\n}', /list\.json:3: not JSON: /],
    ['an end too early', '{\n  "tests": [\n', /list\.json:3: not JSON: /],
    ['no tests', {}, /list\.json:1: the field tests is no list/],
    ['an empty list', { tests: [] }, /list\.json: no tests/],
    ['an odd field', { tests: [], test: 1 }, /list\.json:3: there is no field 'test' beside tests and defaults/],
    ['a test that is none', { tests: [1] }, /list\.json:2: test 1 is no object/],
    ['a test of nothing', { tests: [{ cpus: 1 }] }, /list\.json:1: a test has neither name nor image/],
    ['a missing image', one({ image: 'gone.elf' }), /list\.json:8: test 'bad': image 'gone\.elf': no such file or directory/],
    ['a directory for an image', one({ image: 'images' }), /list\.json:8: test 'bad': image 'images': is not a regular file/],
    ['a missing module', one({ module: ['gone'] }), /test 'bad': module 'gone': no such file or directory/],
    ['a missing output', one({ output: 'gone' }), /test 'bad': output 'gone': no such file or directory/],
    ['an unknown field', one({ colour: 'red' }), /list\.json:8: test 'bad': there is no field 'colour'/],
    ["a field that is the suite's", one({ junit: 'x' }), /test 'bad': there is no field 'junit'/],
    ['a bad value', one({ memory: '64' }), /test 'bad': option '--memory': '64' is not a size/],
    ['a bad expression', one({ expect: '(' }), /test 'bad': option '--expect': '\(' is no regular expression/],
    ['a bad combination', one({ kernel: 'images/a.elf' }), /test 'bad': IMAGE and --kernel exclude each other/],
    ['a flag with text', one({ verify: 'yes' }), /test 'bad': verify is neither true nor false/],
    ['a list for one value', one({ append: ['a'] }), /test 'bad': append is no text or number/],
    ['a bad status', one({ status: 256 }), /test 'bad': status is not 0 to 255/],
    ['a bad time', one({ timeout: 'soon' }), /test 'bad': timeout: 'soon' is not a number of seconds/],
    ['bad groups', one({ groups: 'x' }), /test 'bad': groups is no list of names/],
  ])('with %s is refused: one line, status 125', async (_name, contents, message) => {
    const { status, stdout, stderr } = await cli('test', list(contents));
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    expect(stderr).toMatch(/^tidemark: [^\n]+\n$/);
    expect(stderr).toMatch(message);
  });
});

describe('bad usage is one line and status 125', () => {
  it.each<[string, () => string[], RegExp]>([
    ['nothing to test', () => [], /nothing to test: give a directory, a list or an image/],
    ['what is not there', () => [at('gone')], /gone': no such file or directory/],
    ['a device', () => ['/dev/null'], /'\/dev\/null': neither a file nor a directory/],
    ['a directory without images', () => [at('none')], /none': there is no image in it/],
    ['another file', () => [at('images/notes.txt')], /notes\.txt:1: neither an image, nor a list/],
    ['no jobs', () => [at('images'), '--jobs=0'], /option '--jobs': 0 is not between 1 and 256/],
    ['a bad filter', () => [at('images'), '--filter=('], /option '--filter': '\(' is no regular expression/],
    ['JUnit into a missing directory', () => [at('images'), `--junit=${at('gone/x')}`], /gone\/x': no such file or directory/],
    ['output into a file', () => [at('images'), `--output=${at('images/a.elf')}`], /images\/a\.elf': exists already/],
  ])('%s', async (_name, argv, message) => {
    const { status, stdout, stderr } = await cli('test', ...argv());
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    expect(stderr).toMatch(/^tidemark: [^\n]+\n$/);
    expect(stderr).toMatch(message);
  });
});

it('--list says what there is, and runs nothing', async () => {
  const path = list({ tests: [{ image: 'images/a.elf' }, { name: 'later', image: 'images/a.elf', skip: 'not yet' }] });
  expect(await cli('test', path, '--list')).toEqual({ status: 0, stdout: 'a.elf\nlater (skipped: not yet)\n', stderr: '' });
});
