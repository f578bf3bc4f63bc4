import type { ReportedTest } from '../console/reported-tests.ts';
import type { TestCase } from './test-case.ts';

/** A test whose result the guest printed, as reports show it. */
export const reportedCase = ({ name, result, detail }: ReportedTest): TestCase => ({
  name,
  result,
  seconds: null,
  message: detail.split('\n')[0]!,
  detail,
});
