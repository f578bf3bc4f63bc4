import { describe, expect, it } from 'vitest';
import { countTests, ReportedTests } from '../../../src/cli/console/reported-tests.ts';

function reported(text: string): string[] {
  const tests = new ReportedTests();
  for (const byte of Buffer.from(text)) tests.byte(byte);
  return tests.end().map(({ name, result, detail }) => `${result} ${name}${detail === '' ? '' : ` (${detail.replaceAll('\n', '; ')})`}`);
}

describe('TAP', () => {
  it.each<[string, string, string[]]>([
    ['names alone', 'hello\nok paging\nnot ok timer\nok', ['passed paging', 'failed timer', 'passed test 3']],
    ['numbers and dashes', 'TAP version 14\n1..2\nok 1 - a b\nnot ok 2 c\n', ['passed a b', 'failed c']],
    ['a number that begins a name is none', 'ok 32bit-paging\n', ['passed 32bit-paging']],
    ['skipped tests', 'ok 1 - a # SKIP no disk\nok 2 # skipped\n', ['skipped a (no disk)', 'skipped test 2']],
    [
      'known failures, which may be gone',
      'not ok 1 - a # Todo later\nok 2 - b # todo\n',
      ['skipped a (fails, as is known: later)', 'passed b'],
    ],
    ['what is said of a failure', 'not ok 1 - a\n# expected 1\n# got 2\nok 2 - b\n# fine\n', ['failed a (expected 1; got 2)', 'passed b']],
    [
      'tests that did not come',
      '1..6\nok 1\nok 3\n',
      [
        'passed test 1',
        'passed test 3',
        'failed test 2 (not reported, though the plan is 1..6)',
        'failed tests 4 to 6 (not reported, though the plan is 1..6)',
      ],
    ],
    ['a plan at the end', 'ok 1\nok 2\n1..2\n', ['passed test 1', 'passed test 2']],
    ['a plan of nothing', '1..0 # SKIP no timer\n', ['skipped all tests (no timer)']],
    [
      'a test beyond the plan',
      '1..1\nok 1\nok 2\n',
      ['passed test 1', 'passed test 2', 'failed test 2 (reported, though the plan is 1..1)'],
    ],
    ['giving up', 'ok 1 - a\nBail out! no memory', ['passed a', 'failed Bail out! (no memory)']],
    ['printk and colours around it', '[    0.5] ok 1 - \x1b[32ma\x1b[0m\r\n[    0.6][    T1] not ok 2 - b\r\n', ['passed a', 'failed b']],
    ['subtests are not counted', '1..1\n    ok 1 - inner\n    not ok 2 - inner\nok 1 - outer\n', ['passed outer']],
    ['what only looks like it', 'okay\nall ok\nnot okay\nok: fine\n1..x\n', []],
  ])('%s', (_name, text, expected) => expect(reported(text)).toEqual(expected));

  it('with an absurd plan is one failure', () => expect(reported('1..999999999\n')).toHaveLength(1));
});

describe("kvm-unit-tests' lines", () => {
  it.each<[string, string, string[]]>([
    [
      'every result',
      'PASS: a: b\nFAIL: c\nSKIP: d\nXFAIL: e\nXPASS: f\nKFAIL: g\nINFO: h\n',
      [
        'passed a: b',
        'failed c',
        'skipped d',
        'skipped e (fails, as expected)',
        'failed f (passed unexpectedly)',
        'skipped g (fails, as is known)',
      ],
    ],
    ['a summary that agrees', 'PASS: a\nFAIL: b\nSUMMARY: 4 tests, 1 unexpected failures, 1 skipped\n', ['passed a', 'failed b']],
    [
      'a summary with failures that no line told',
      'PASS: a\nSUMMARY: 3 tests, 2 unexpected failures\n',
      ['passed a', 'failed SUMMARY (2 unexpected failures, of which 0 were told)'],
    ],
    ['giving up', 'ABORT: no EPT\nSUMMARY: 1 tests\n', ['failed no EPT']],
  ])('%s', (_name, text, expected) => expect(reported(text)).toEqual(expected));
});

it('tests are counted', () => {
  const test = (result: 'passed' | 'failed' | 'skipped') => ({ name: 'x', result, detail: '' });
  expect(countTests([test('passed'), test('failed'), test('passed'), test('skipped')])).toEqual({ passed: 2, failed: 1, skipped: 1 });
});
