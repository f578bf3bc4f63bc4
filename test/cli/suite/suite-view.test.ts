// What is seen of a suite, and what is written of it.

import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { suiteOf, summaryJson } from '../../../src/cli/suite/suite-report.ts';
import { PLAIN_TEST } from '../../../src/cli/suite/suite-test.ts';
import { SuiteView, summaryLines } from '../../../src/cli/suite/suite-view.ts';
import type { TestResult } from '../../../src/cli/suite/test-result.ts';
import { junitXml } from '../../../src/cli/test-report/junit.ts';
import { checkXml } from '../test-report/check-xml.ts';

const result = (name: string, kind: TestResult['kind'], more: Partial<TestResult> = {}): TestResult => ({
  test: { ...PLAIN_TEST, name, argv: [] },
  kind,
  reason: kind === 'passed' ? '' : 'why',
  seconds: 1.5,
  status: 0,
  output: '',
  errors: '',
  reported: [],
  ...more,
});

function screen(extras: { readonly isTTY?: boolean; readonly columns?: number }) {
  const stderr = Object.assign(new PassThrough(), extras);
  return { io: { stderr }, text: (): string => (stderr.read() as Buffer | null)?.toString() ?? '' };
}

const output = `${Array.from({ length: 20 }, (_, n) => `line ${n}`).join('\n')}\n\x1b[31mred\x07\n`;

describe('a suite is seen', () => {
  it('as a line for each test, with the end of what a failed one printed', () => {
    const { io, text } = screen({});
    const view = new SuiteView(io, 3);
    view.ended(result('a', 'passed'));
    view.ended(result('b', 'failed', { output, errors: 'tidemark: said\n  more\n' }));
    view.ended(result('c', 'skipped', { status: null, seconds: 0 }));
    view.close();
    const lines = text().split('\n');
    expect(lines.slice(0, 3)).toEqual(['ok   a (1.5 s)', 'FAIL b (1.5 s): why', '       | … 6 lines more above']);
    expect(lines.slice(-6)).toEqual(['       | line 19', '       | red', '       tidemark: said', '         more', 'skip c: why', '']);
  });

  it('on a terminal also as a line that says how far it is, as wide as the terminal', () => {
    const { io, text } = screen({ isTTY: true, columns: 50 });
    const view = new SuiteView(io, 9);
    view.started(result('a-test-with-a-long-name', 'passed').test);
    view.ended(result('b', 'failed'));
    view.close();
    const drawn = text().split('\r\x1b[K');
    expect(drawn[1]).toBe('[0/9] 0 passed, 0 failed, 0 skipped; a-test-with…');
    expect(drawn[2]).toBe('FAIL b (1.5 s): why\n');
    expect(drawn[3]).toMatch(/^\[1\/9\] 0 passed, 1 failed/);
    expect(drawn.every((line) => line.trimEnd().length < 50)).toBe(true);
    expect(drawn.at(-1)).toBe('');
  });

  it('at the end as a summary', () => {
    const all = [result('a', 'passed'), result('b', 'failed'), result('c', 'stopped'), result('d', 'not-run'), result('e', 'failed')];
    expect(summaryLines(all, 2)).toEqual([
      '5 tests: 1 passed, 2 failed, 1 stopped, 1 not run (2.0 s)',
      'failed: b, e',
      'running when it was stopped: c',
    ]);
    expect(summaryLines([result('a', 'passed')], 2)).toEqual(['1 test: 1 passed, 0 failed (2.0 s)']);
    expect(summaryJson(all, 2, 1)).toEqual({ passed: 1, failed: 2, skipped: 0, stopped: 1, notRun: 1, seconds: 2, status: 1 });
  });
});

it('JUnit has a suite for each test, with the tests that its guest reported', () => {
  const reported = [
    { name: 'x', result: 'passed' as const, detail: '' },
    { name: 'y', result: 'failed' as const, detail: 'got 1\nnot 2' },
  ];
  const all = [result('a', 'failed', { reported, output: 'printed', errors: 'said' }), result('b', 'skipped'), result('c', 'stopped')];
  const root = checkXml(junitXml(all.map(suiteOf), 3));
  expect(root.attributes).toEqual({ name: 'tidemark', tests: '5', failures: '3', errors: '0', skipped: '1', time: '3.000' });
  const cases = root.children.flatMap((suite) => suite.children.filter(({ name }) => name === 'testcase'));
  expect(
    cases.map(({ attributes, children }) => [
      attributes['classname'],
      attributes['name'],
      children[0]?.name,
      children[0]?.attributes['message'],
    ]),
  ).toEqual([
    ['a', 'x', undefined, undefined],
    ['a', 'y', 'failure', 'got 1'],
    ['a', 'run', 'failure', 'why'],
    ['b', 'run', 'skipped', 'why'],
    ['c', 'run', 'failure', 'why'],
  ]);
});
