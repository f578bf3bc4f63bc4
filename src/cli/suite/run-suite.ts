// Runs the tests of a suite, several at a time, each on a thread of its own. A thread that dies or hangs costs its test alone.

import type { SuiteTest } from './suite-test.ts';
import { TestOutput } from './test-output.ts';
import { verdictOn, withoutRun } from './test-result.ts';
import type { TestResult } from './test-result.ts';
import type { StartThread, ThreadEnd } from './test-thread.ts';

export interface SuiteOptions {
  /** How many run at a time. */
  readonly jobs: number;
  /** Seconds for each test that does not say its own. */
  readonly timeout: number;
  /** Where to write what the guests print; null for nowhere. */
  readonly directory: string | null;
  /** Options for `tidemark run` of every test, before its own. */
  readonly options: readonly string[];
  readonly start: StartThread;
  /** Ends it all. */
  readonly signal: AbortSignal;
  /** Seconds beyond its time limit after which a thread hangs. */
  readonly patience: number;
}

/** Who is told. */
export interface SuiteEvents {
  started(test: SuiteTest): void;
  ended(result: TestResult): void;
}

const MOST_SECONDS = 2 ** 31 / 1000 - 1;

/** The results, in the tests' order. */
export async function runSuite(tests: readonly SuiteTest[], options: SuiteOptions, events: SuiteEvents): Promise<TestResult[]> {
  const results: TestResult[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < tests.length && !options.signal.aborted) {
      const index = next++;
      const result = await resultOf(tests[index]!, options, events);
      results[index] = result;
      events.ended(result);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.jobs, tests.length) }, lane));
  return tests.map((test, index) => results[index] ?? withoutRun(test, 'not-run', 'the suite was stopped before'));
}

async function resultOf(test: SuiteTest, options: SuiteOptions, events: SuiteEvents): Promise<TestResult> {
  if (test.leftOut !== null) return withoutRun(test, 'skipped', test.leftOut);
  if (test.refused !== null) return withoutRun(test, 'failed', test.refused);
  events.started(test);
  const output = new TestOutput(test.output, options.directory && `${options.directory}/${fileName(test.name)}`);
  const begun = performance.now();
  const end = await endOf(test, output, options);
  const seconds = (performance.now() - begun) / 1000;
  const reported = output.end();
  const { kind, reason } =
    end === 'stopped' ? { kind: 'stopped' as const, reason: 'stopped while it ran' } : verdictOn(test, end, output.difference, reported);
  const [status, said] = end !== 'stopped' && end.kind === 'ended' ? [end.status, end.stderr] : [null, ''];
  const errors = kind === 'failed' ? [...test.notes.map((note) => `${note}\n`), said].join('') : said;
  return { test, kind, reason, seconds, status, output: output.tail, errors, reported };
}

/** Runs the thread to its end, at most until its time is over or all is to stop. */
async function endOf(test: SuiteTest, output: TestOutput, options: SuiteOptions): Promise<ThreadEnd | 'stopped'> {
  const { signal, patience } = options;
  const timeout = test.timeout ?? options.timeout;
  const argv = [...options.options, ...test.argv, `--timeout=${timeout}`];
  const thread = options.start(argv, (console, bytes) => output.take(console, bytes));
  let timer: ReturnType<typeof setTimeout> | null = null;
  let stop = (): void => {};
  const hung = new Promise<ThreadEnd>((resolve) => {
    const seconds = timeout + patience;
    const why = `it gave no answer ${patience} s after its time limit of ${timeout} s`;
    timer = setTimeout(() => resolve({ kind: 'died', why }), Math.min(seconds, MOST_SECONDS) * 1000);
  });
  const stopped = new Promise<'stopped'>((resolve) => {
    stop = () => resolve('stopped');
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([thread.end, hung, stopped]);
  } finally {
    if (timer !== null) clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    thread.kill();
  }
}

/** A test's name as that of a file, whatever is in it. Names are all different; so are these. */
export const fileName = (name: string): string =>
  name.replaceAll(/[^\w.()-]/g, (character) =>
    character === '/' || character === ' ' ? '_' : `%${character.codePointAt(0)!.toString(16)}`,
  );
