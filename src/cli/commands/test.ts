// `tidemark test`: its options. What it does with them is in ../suite.

import { availableParallelism } from 'node:os';
import { InputError } from '../../base/errors.ts';
import { defineCommand, withUsageHint } from '../command.ts';
import { compileRegex } from '../console/regex.ts';
import { choiceOrNull, flag, nonEmpty, type OptionValues, valued } from '../options.ts';
import { ENGINES } from '../../vm/config.ts';
import { integer } from '../session-options.ts';
import { startThread } from '../suite/test-thread.ts';
import { parseSeconds } from '../values.ts';

const MOST_JOBS = 256;
const DEFAULT_TIMEOUT = 90;

const OPTIONS = {
  jobs: valued('N', integer(1, MOST_JOBS), "how many run at a time (default: the host's processors)"),
  filter: valued('REGEX', compileRegex, 'only tests whose name matches'),
  group: valued('NAME', nonEmpty, 'only tests of this group; also those of it that are of the group nodefault'),
  timeout: valued('SECONDS', parseSeconds, 'for each test that does not say its own', DEFAULT_TIMEOUT, String(DEFAULT_TIMEOUT)),
  engine: choiceOrNull(ENGINES, 'what executes guest code, where a test does not say', 'auto'),
  output: valued('DIR', nonEmpty, 'write what each guest prints into DIR/NAME.log, and its debug console into DIR/NAME.debugcon.log'),
  junit: valued('F', nonEmpty, 'write the results into F as JUnit XML, with the tests that guests report'),
  list: flag('say which tests there are, and run none'),
  json: flag('one line of JSON for each test and one at the end, on stdout'),
} as const;

export type TestValues = OptionValues<typeof OPTIONS>;

export interface TestOptions extends Omit<TestValues, 'jobs'> {
  readonly jobs: number;
  readonly paths: readonly string[];
}

export function resolveTestOptions(values: TestValues, paths: readonly string[]): TestOptions {
  if (paths.length === 0 || paths.includes('')) throw new InputError('nothing to test: give a directory, a list or an image');
  return { ...values, jobs: values.jobs ?? availableParallelism(), paths };
}

export const test = defineCommand(
  {
    name: 'test',
    summary: 'run many guests side by side and say which passed',
    usage: 'DIR|LIST|IMAGE ... [options]',
    description: [
      'DIR: every image in it and below. IMAGE: that one. LIST: a file that says which images to run, how, and what is expected of ' +
        'them: in JSON, or in the format of kvm-unit-tests (unittests.cfg). Each guest has a machine and a thread of its own.',
      'A test passes if the exit status of its run is the one expected (0, or what its list says), its output is what it should be, ' +
        'and none of the tests failed whose results it prints (TAP, kvm-unit-tests).',
      'The exit status is 0 if no test failed, 1 if one did, 125 for bad usage or lists, 130 after Ctrl-C. docs/ci.md tells more.',
    ],
    options: OPTIONS,
    example: 'test kernels --junit results.xml',
  },
  async (values, positionals, io) => {
    const options = withUsageHint('test', () => resolveTestOptions(values, positionals));
    const { testGuests } = await import('../suite/test-guests.ts');
    return testGuests(options, io, startThread);
  },
);
