// `tidemark test` as a process: its threads run the built command line. Few starts, since each costs.

import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GUESTS } from '../../checkpoint/support/guest.ts';
import { checkXml } from '../test-report/check-xml.ts';

const BINARY = join(GUESTS, '../bin/tidemark');
const MINUTE = 60_000;

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-suite-'));
  for (const name of ['plain32/plain32.elf', 'spin/spin.elf', 'triple-fault/triple-fault.elf'])
    cpSync(join(GUESTS, name), join(root, name.split('/')[1]!));
  // The first start may have to build.
  spawnSync(BINARY, ['--version'], { timeout: 10 * MINUTE });
});
afterAll(() => rmSync(root, { recursive: true }));

it('runs guests on threads and reports on each, in JSON, JUnit and files', () => {
  const tests = [
    { image: 'plain32.elf', expect: 'ring' },
    { name: 'dies', image: 'triple-fault.elf' },
    { name: 'never ends', image: 'spin.elf', timeout: 0.2 },
    { name: 'too large', image: 'plain32.elf', memory: '1M' },
  ];
  writeFileSync(join(root, 'list.json'), JSON.stringify({ tests }));
  const argv = ['test', 'list.json', '--jobs=2', '--json', '--output=out', '--junit=out/junit.xml'];
  const { status, stdout, stderr } = spawnSync(BINARY, argv, { cwd: root, encoding: 'utf8', timeout: 5 * MINUTE });
  expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { name?: string; result?: string; reason?: string; status: number });
  const byName = Object.fromEntries(
    lines.flatMap(({ name, result, reason, status: of }) => (name === undefined ? [] : [[name, [result, of, reason]]])),
  );
  expect(byName).toEqual({
    'plain32.elf': ['passed', 0, undefined],
    dies: ['failed', 126, expect.stringMatching(/^triple fault on vCPU 0 /)],
    'never ends': ['failed', 124, expect.stringMatching(/^the time limit was reached/)],
    'too large': ['failed', 125, expect.stringContaining('does not fit into guest RAM')],
  });
  expect(lines.at(-1)).toMatchObject({ passed: 1, failed: 3, skipped: 0, notRun: 0, status: 1 });
  expect(readFileSync(join(root, 'out/plain32.elf.log'), 'utf8')).toMatch(/^plain32: hello\n[^]*ring$/);
  const suites = checkXml(readFileSync(join(root, 'out/junit.xml'), 'utf8')).children;
  expect(suites.map(({ attributes }) => attributes['name'])).toEqual(tests.map(({ name, image }) => name ?? image));
  expect(suites[1]!.children.find(({ name }) => name === 'system-out')?.text).toBe('triple-fault: now\n');
});

it('ends on SIGINT, and says what ran and what did not', async () => {
  const images = ['a', 'b'].map((name) => ({ name, image: 'spin.elf' }));
  writeFileSync(join(root, 'spin.json'), JSON.stringify({ tests: [{ name: 'quick', image: 'plain32.elf' }, ...images] }));
  const argv = ['test', 'spin.json', '--jobs=1', '--junit', join(root, 'stopped.xml')];
  const child = spawn(BINARY, argv, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    if (stderr === '') setTimeout(() => child.kill('SIGINT'), 300);
    stderr += chunk.toString();
  });
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(130);
  expect(stderr.replaceAll(/\([\d.]+ s\)/g, '(…)')).toBe(
    [
      'ok   quick (…)',
      'STOP a (…): stopped while it ran',
      'stopped by SIGINT',
      '3 tests: 1 passed, 0 failed, 1 stopped, 1 not run (…)',
      'running when it was stopped: a',
      '',
    ].join('\n'),
  );
  const [, stopped, left] = checkXml(readFileSync(join(root, 'stopped.xml'), 'utf8')).children;
  expect([stopped!.attributes['failures'], left!.attributes['skipped']]).toEqual(['1', '1']);
});
