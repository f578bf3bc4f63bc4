// From how a test's run ended to whether it passed.

import { countTests } from '../console/reported-tests.ts';
import type { ReportedTest } from '../console/reported-tests.ts';
import type { SuiteTest } from './suite-test.ts';
import type { ThreadEnd } from './test-thread.ts';

export interface TestResult {
  readonly test: SuiteTest;
  /** `stopped`: it was running when the suite was. `not-run`: its turn had not come. */
  readonly kind: 'passed' | 'failed' | 'skipped' | 'stopped' | 'not-run';
  /** One line: why, unless it passed. */
  readonly reason: string;
  readonly seconds: number;
  /** The run's exit status; null without one. */
  readonly status: number | null;
  /** The end of what the guest printed. */
  readonly output: string;
  /** What was said of the run. */
  readonly errors: string;
  /** What the guest said of tests of its own. */
  readonly reported: readonly ReportedTest[];
}

/** Most tests that a reason names. */
const MOST_NAMED = 3;

/** A test that did not run. */
export const withoutRun = (test: SuiteTest, kind: 'failed' | 'skipped' | 'not-run', reason: string): TestResult => ({
  test,
  kind,
  reason,
  seconds: 0,
  status: null,
  output: '',
  errors: '',
  reported: [],
});

/** The verdict on a run, and one line why. `difference`: of its output from what was expected, null for none. */
export function verdictOn(
  { status: good, skipStatus }: SuiteTest,
  end: ThreadEnd,
  difference: string | null,
  reported: readonly ReportedTest[],
): Pick<TestResult, 'kind' | 'reason'> {
  const failed = (reason: string): Pick<TestResult, 'kind' | 'reason'> => ({ kind: 'failed', reason });
  if (end.kind === 'died') return failed(`its thread died: ${end.why}`);
  const { status, stderr } = end;
  if (status === skipStatus) return { kind: 'skipped', reason: 'the guest says that it cannot be run here' };
  const bad = reported.filter(({ result }) => result === 'failed');
  const names = [...bad.slice(0, MOST_NAMED).map(({ name }) => name), ...(bad.length > MOST_NAMED ? ['…'] : [])].join(', ');
  if (bad.length > 0) return failed(`${bad.length} of ${reported.length} tests failed: ${names}`);
  if (status !== good) return failed(saidOf(stderr) ?? `the exit status is ${status}, not ${good}`);
  if (difference !== null) return failed(difference);
  const { passed, skipped } = countTests(reported);
  return { kind: 'passed', reason: reported.length === 0 ? '' : `tests: ${passed} passed${skipped > 0 ? `, ${skipped} skipped` : ''}` };
}

/** What Tidemark says first. */
const saidOf = (stderr: string): string | null => /^tidemark: (.*)$/m.exec(stderr)?.[1] ?? null;
