// docs/ci.md: its workflow and its list are well-formed, and each command of Tidemark's in it is run, in a directory laid out as the page
// says, with guests of ours as the kernel.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkXml } from '../cli/test-report/check-xml.ts';
import { ROOT, readProjectFile } from '../style/project-files.ts';
import { fencesIn } from './fences.ts';

const BINARY = join(ROOT, 'bin/tidemark');
const IMAGES = { 'kernel.elf': 'plain64/plain64.elf', 'tests.elf': 'kernel32/kernel32.elf', 'fault.elf': 'triple-fault/triple-fault.elf' };

const fences = fencesIn(readProjectFile('docs/ci.md'));
const only = (language: string): string => {
  const found = fences.filter((fence) => fence.language === language);
  expect(found).toHaveLength(1);
  return found[0]!.body;
};

interface Workflow {
  readonly on: readonly string[];
  readonly jobs: { readonly [name: string]: { readonly 'runs-on': string; readonly steps: readonly { uses?: string; run?: string }[] } };
}

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-ci-'));
  mkdirSync(join(root, 'build'));
  for (const [name, guest] of Object.entries(IMAGES)) cpSync(join(ROOT, 'guests', guest), join(root, 'build', name));
  writeFileSync(join(root, 'tests.json'), only('json'));
  // The first start may have to build.
  execFileSync(BINARY, ['--version']);
});
afterAll(() => rmSync(root, { recursive: true }));

const shell = (command: string) => spawnSync('sh', ['-c', command], { cwd: root, encoding: 'utf8', timeout: 500_000 });
const quoted = `'${BINARY}'`;

describe('the workflow', () => {
  const workflow = (): Workflow => parse(only('yaml')) as Workflow;

  it('has steps, each of which uses an action or runs a command', () => {
    const { on, jobs } = workflow();
    expect(on).toContain('push');
    const steps = Object.values(jobs).flatMap((job) => job.steps);
    expect(steps.length).toBeGreaterThan(4);
    for (const { uses, run } of steps) expect([uses, run].filter((field) => typeof field === 'string')).toHaveLength(1);
  });

  it('does with Tidemark what it says', () => {
    const commands = Object.values(workflow().jobs).flatMap(({ steps }) => steps.flatMap(({ run = '' }) => run.trim().split('\n')));
    const ours = commands.filter((command) => command.startsWith('npx tidemark '));
    expect(ours).toHaveLength(2);
    for (const command of ours) {
      const { status, stderr } = shell(command.replace('npx tidemark', quoted));
      expect({ command, status, stderr: status === 0 ? '' : stderr }).toEqual({ command, status: 0, stderr: '' });
    }
    const suites = checkXml(readFileSync(join(root, 'results/junit.xml'), 'utf8')).children;
    expect(suites.map(({ attributes }) => attributes['name'])).toEqual(['boot', 'little memory', 'self-tests', 'double fault', 'SMP']);
    expect(suites.map(({ attributes }) => [attributes['failures'], attributes['skipped']]).join(' ')).toBe('0,0 0,0 0,0 0,0 0,1');
    expect(readFileSync(join(root, 'results/self-tests.log'), 'utf8')).toMatch(/^ok multiboot$/m);
    expect(existsSync(join(root, 'results/SMP.log'))).toBe(false);
  });
});

it('the container file starts Tidemark with a command that does what it says', () => {
  const lines = only('dockerfile').trim().split('\n');
  const words = lines.map((line) => /^(FROM|COPY|RUN|WORKDIR|ENTRYPOINT|CMD) (.+)$/.exec(line)!.slice(1));
  const given = (wanted: string): string[] => words.filter(([word]) => word === wanted).map(([, rest]) => rest!);
  const [entry, arguments_] = [given('ENTRYPOINT'), given('CMD')].map(([text]) => JSON.parse(text!) as string[]);
  expect(entry).toEqual(['tidemark']);
  const { status, stderr } = spawnSync(BINARY, arguments_, { cwd: root, encoding: 'utf8', timeout: 500_000 });
  expect(stderr).toMatch(/^5 tests: 4 passed, 0 failed, 1 skipped \([\d.]+ s\)$/m);
  expect(status).toBe(0);
});
