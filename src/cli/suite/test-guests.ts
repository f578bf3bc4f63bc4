// `tidemark test`: from the options to the exit status.

import { OutputFile } from '../atomic-file.ts';
import type { TestOptions } from '../commands/test.ts';
import { ExitStatus } from '../exit-status.ts';
import { json } from '../guest/report.ts';
import { Stop } from '../guest/stop.ts';
import { SIGNAL_STATUS } from '../guest/outcome.ts';
import type { CliIo } from '../io.ts';
import { makeDirectory } from '../make-directory.ts';
import { junitXml } from '../test-report/junit.ts';
import { readSuite } from './read-suite.ts';
import { runSuite } from './run-suite.ts';
import type { SuiteEvents } from './run-suite.ts';
import { resultJson, suiteOf, summaryJson } from './suite-report.ts';
import type { SuiteTest } from './suite-test.ts';
import { SuiteView, summaryLines } from './suite-view.ts';
import type { StartThread } from './test-thread.ts';

/** A test failed. */
const FAILED = 1;
/** Seconds that a thread has to end by itself after its time limit. */
const PATIENCE = 10;

/** Runs the tests; returns the exit status. Throws InputError and system errors for what the user can mend, before any test runs. */
export async function testGuests(options: TestOptions, io: CliIo, start: StartThread): Promise<number> {
  const { paths, filter, group, output, junit } = options;
  const tests = readSuite(paths, { filter, group });
  if (options.list) return listed(tests, options, io);
  if (output !== null) makeDirectory(output);
  const report = junit === null ? null : new OutputFile(junit);
  const stop = new Stop(io);
  stop.arm(null);
  const view = options.json ? null : new SuiteView(io, tests.length);
  const events = view ?? jsonEvents(io);
  const engine = options.engine === null ? [] : [`--engine=${options.engine}`];
  const begun = performance.now();
  try {
    const { jobs, timeout } = options;
    const running = { jobs, timeout, directory: output, options: engine, start, signal: stop.signal, patience: PATIENCE };
    const results = await runSuite(tests, running, events);
    view?.close();
    const seconds = (performance.now() - begun) / 1000;
    const failed = results.some(({ kind }) => kind === 'failed');
    const signal = stop.reason === 'SIGINT' || stop.reason === 'SIGTERM' ? stop.reason : null;
    const status = signal !== null ? SIGNAL_STATUS[signal] : failed ? FAILED : ExitStatus.OK;
    report?.text(junitXml(results.map(suiteOf), seconds));
    report?.close();
    if (options.json) io.stdout.write(`${json(summaryJson(results, seconds, status))}\n`);
    else io.stderr.write(`${[...(signal ? [`stopped by ${signal}`] : []), ...summaryLines(results, seconds)].join('\n')}\n`);
    return status;
  } finally {
    view?.close();
    stop.disarm();
  }
}

const jsonEvents = ({ stdout }: CliIo): SuiteEvents => ({
  started() {},
  ended: (result) => stdout.write(`${json(resultJson(result))}\n`),
});

function listed(tests: readonly SuiteTest[], { json: asJson }: TestOptions, { stdout }: CliIo): number {
  for (const { name, groups, leftOut } of tests) {
    const line = leftOut === null ? name : `${name} (skipped: ${leftOut})`;
    stdout.write(`${asJson ? json({ name, groups, ...(leftOut === null ? {} : { skip: leftOut }) }) : line}\n`);
  }
  return ExitStatus.OK;
}
