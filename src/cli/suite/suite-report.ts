// A suite's results for other programs: JUnit XML, and JSON.

import { countTests } from '../console/reported-tests.ts';
import { reportedCase } from '../test-report/reported-case.ts';
import type { TestCase, TestSuite } from '../test-report/test-case.ts';
import type { TestResult } from './test-result.ts';

/** A test as JUnit shows it: the tests that the guest reported, and the run itself. */
export function suiteOf({ test, kind, reason, seconds, output, errors, reported }: TestResult): TestSuite {
  const result = kind === 'passed' || kind === 'failed' ? kind : kind === 'stopped' ? 'failed' : 'skipped';
  const run: TestCase = { name: 'run', result, seconds, message: result === 'passed' ? '' : reason, detail: '' };
  return { name: test.name, seconds, cases: [...reported.map(reportedCase), run], output, errors };
}

/** A test as one line of JSON. */
export function resultJson({ test, kind, reason, seconds, status, reported }: TestResult): object {
  return {
    name: test.name,
    result: kind,
    ...(reason === '' ? {} : { reason }),
    seconds,
    status,
    ...(reported.length > 0 ? { tests: countTests(reported) } : {}),
  };
}

/** The last line. */
export function summaryJson(results: readonly TestResult[], seconds: number, status: number): object {
  const count = (kind: TestResult['kind']): number => results.filter((result) => result.kind === kind).length;
  return {
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('skipped'),
    stopped: count('stopped'),
    notRun: count('not-run'),
    seconds,
    status,
  };
}
