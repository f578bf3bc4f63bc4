// How a suite is run: threads are played here, so that they die, hang and answer as a test wants.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileName, runSuite } from '../../../src/cli/suite/run-suite.ts';
import type { SuiteOptions } from '../../../src/cli/suite/run-suite.ts';
import { PLAIN_TEST } from '../../../src/cli/suite/suite-test.ts';
import type { SuiteTest } from '../../../src/cli/suite/suite-test.ts';
import type { TestResult } from '../../../src/cli/suite/test-result.ts';
import type { StartThread, TestThread, ThreadEnd } from '../../../src/cli/suite/test-thread.ts';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-suite-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const test = (name: string, more: Partial<SuiteTest> = {}): SuiteTest => ({ ...PLAIN_TEST, name, argv: [name], ...more });
const ended = (status = 0, stderr = ''): ThreadEnd => ({ kind: 'ended', status, stderr });
const text = (bytes: string) => ({ path: 'expected', bytes: Buffer.from(bytes) });

/** A thread for each test, by its name, that prints and ends, now or later. */
type Play = (print: (text: string, console?: 'serial' | 'debugcon') => void) => ThreadEnd | Promise<ThreadEnd>;

const printing =
  (said: string, console: 'serial' | 'debugcon' = 'serial', end = ended()): Play =>
  (print) => {
    print(said, console);
    return end;
  };

async function run(tests: readonly SuiteTest[], plays: Readonly<Record<string, Play>> = {}, more: Partial<SuiteOptions> = {}) {
  const log: string[] = [];
  const start: StartThread = (argv, onOutput): TestThread => {
    const name = argv.find((word) => !word.startsWith('--'))!;
    log.push(`start ${argv.join(' ')}`);
    const print = (said: string, console: 'serial' | 'debugcon' = 'serial'): void => onOutput(console, Buffer.from(said));
    return { end: Promise.resolve().then(() => (plays[name] ?? (() => ended()))(print)), kill: () => void log.push(`kill ${name}`) };
  };
  const signal = new AbortController().signal;
  const options = { jobs: 2, timeout: 9, directory: null, options: [], start, signal, patience: 0, ...more };
  const seen: string[] = [];
  const results = await runSuite(tests, options, { started: () => {}, ended: (result) => void seen.push(result.test.name) });
  return { results, log, seen };
}

const shown = ({ test: { name }, kind, reason }: TestResult): string => `${kind} ${name}${reason === '' ? '' : `: ${reason}`}`;
const verdict = async (more: Partial<SuiteTest>, play: Play): Promise<string> =>
  shown((await run([test('t', more)], { t: play })).results[0]!);

describe('a test', () => {
  it.each<[string, Partial<SuiteTest>, Play, string]>([
    ['passes with status 0', {}, () => ended(), 'passed t'],
    ['passes with the status that is expected', { status: 33 }, () => ended(33), 'passed t'],
    ['fails with another', { status: 33 }, () => ended(), 'failed t: the exit status is 0, not 33'],
    ['fails with what Tidemark says of it', {}, () => ended(126, 'tidemark: triple fault\n  RIP 0\n'), 'failed t: triple fault'],
    ['is skipped if the guest says so', { skipStatus: 77 }, () => ended(77), 'skipped t: the guest says that it cannot be run here'],
    ['is not run if it is to be skipped', { leftOut: 'not yet' }, () => ended(5), 'skipped t: not yet'],
    ['fails if it cannot be run', { refused: 'too large' }, () => ended(), 'failed t: too large'],
    ['fails if its thread dies', {}, () => ({ kind: 'died', why: 'out of memory' }), 'failed t: its thread died: out of memory'],
  ])('%s', async (_name, more, play, expected) => expect(await verdict(more, play)).toBe(expected));

  it.each<[string, string, string]>([
    ['as expected', 'one\ntwo', 'passed t'],
    ['too short', 'one\n', "failed t: the output differs from expected at line 2, where 'two' is expected"],
    ['too long', 'one\ntwo\n', "failed t: the output differs from expected at line 2, where 'two' is expected"],
    ['another', 'uno\ntwo', "failed t: the output differs from expected at line 1, where 'one' is expected"],
  ])('with output %s', async (_name, said, expected) => {
    const play: Play = (print) => {
      for (const character of said) print(character);
      print('not compared', 'debugcon');
      return ended();
    };
    expect(await verdict({ output: text('one\ntwo') }, play)).toBe(expected);
  });

  it('fails with the tests that its guest reports, on either console', async () => {
    const play: Play = (print) => {
      print('ok 1 - a\nnot ok 2 - b\n');
      print('FAIL: c\n', 'debugcon');
      return ended();
    };
    expect(await verdict({}, play)).toBe('failed t: 2 of 3 tests failed: b, c');
    expect(await verdict({}, printing('ok a\nok b # SKIP x\n'))).toBe('passed t: tests: 1 passed, 1 skipped');
  });

  it('that hangs beyond its time fails, and its thread is ended', async () => {
    const { results, log } = await run([test('t', { timeout: 0.01 }), test('u')], { t: () => new Promise(() => {}) });
    expect(results.map(shown)).toEqual(['failed t: its thread died: it gave no answer 0 s after its time limit of 0.01 s', 'passed u']);
    expect(log).toContain('kill t');
  });

  it('is given the options of the suite, its own, and its time', async () => {
    const { log } = await run([test('a'), test('b', { timeout: 3 })], {}, { options: ['--engine=auto'] });
    expect(log.filter((line) => line.startsWith('start'))).toEqual([
      'start --engine=auto a --timeout=9',
      'start --engine=auto b --timeout=3',
    ]);
  });

  it('keeps the end of what its guest printed, of the debug console if the other was silent', async () => {
    const play = printing('debug', 'debugcon', ended(3, 'tidemark: why\n'));
    const [result] = (await run([test('t', { notes: ['not applied: -cpu max'] })], { t: play })).results;
    expect(result).toMatchObject({ output: 'debug', errors: 'not applied: -cpu max\ntidemark: why\n', status: 3 });
  });
});

describe('a suite', () => {
  it('gives the results in its order, whichever ends first; no more run at a time than there are jobs', async () => {
    const plays: Record<string, Play> = {};
    let running = 0;
    let most = 0;
    for (const [n, name] of ['a', 'b', 'c', 'd', 'e'].entries()) {
      plays[name] = async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, n === 0 ? 30 : 2));
        running--;
        return ended();
      };
    }
    const { results, seen } = await run(
      Object.keys(plays).map((name) => test(name)),
      plays,
      { jobs: 2 },
    );
    expect(results.map(({ test: { name } }) => name)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(seen.at(-1)).toBe('a');
    expect(most).toBe(2);
  });

  it('that is stopped says what ran and what did not', async () => {
    const controller = new AbortController();
    const plays: Record<string, Play> = {
      b: () => {
        setTimeout(() => controller.abort(), 5);
        return new Promise(() => {});
      },
    };
    const { results, log } = await run([test('a'), test('b'), test('c')], plays, { jobs: 1, signal: controller.signal });
    expect(results.map(shown)).toEqual(['passed a', 'stopped b: stopped while it ran', 'not-run c: the suite was stopped before']);
    expect(log).toContain('kill b');
  });

  it('writes what the guests print into files, whatever the names', async () => {
    const plays: Record<string, Play> = {
      'a/b c': printing('\xff\0ä'),
      '..': printing('dots', 'debugcon'),
    };
    await run([test('a/b c'), test('..')], plays, { directory: root });
    expect(readdirSync(root).sort()).toEqual(['...debugcon.log', '...log', 'a_b_c.log']);
    expect(readFileSync(join(root, 'a_b_c.log'), 'utf8')).toBe('\xff\0ä');
    expect(readFileSync(join(root, '...debugcon.log'), 'utf8')).toBe('dots');
    expect(existsSync(join(root, 'a_b_c.debugcon.log'))).toBe(false);
    expect(fileName('x?é')).toBe('x%3f%e9');
  });
});
