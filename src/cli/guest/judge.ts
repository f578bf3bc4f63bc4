// What a run is judged by beyond how its guest ended: texts on its consoles (--expect, --fail-on), and the results of tests that it prints
// (--tap, --junit).

import { patternName } from '../console/pattern.ts';
import { countTests, ReportedTests } from '../console/reported-tests.ts';
import type { ReportedTest } from '../console/reported-tests.ts';
import { Watch } from '../console/watch.ts';
import { characterOf } from '../../machine/code-page-437.ts';
import { ExitStatus } from '../exit-status.ts';
import type { CliIo } from '../io.ts';
import type { SessionOptions } from '../session-options.ts';
import { junitXml } from '../test-report/junit.ts';
import { tapText } from '../test-report/tap.ts';
import { reportedCase } from '../test-report/reported-case.ts';
import type { TestCase } from '../test-report/test-case.ts';
import { ConsoleTail } from './console-tail.ts';
import type { Outcome } from './outcome.ts';
import type { RunFile, RunFiles } from './run-files.ts';
import type { GuestSinks } from './session.ts';

/** Outcomes of a guest that ended by itself, in place of whose status a missing text is told. */
const BY_ITSELF: readonly string[] = ['halted', 'reset', 'debug-exit'];
const UTF8 = new TextEncoder();
/** Most failed tests that are named on stderr. */
const MOST_NAMED = 5;

/** Null if the options ask for none. `name`: the guest's, for reports. */
export function judgeFor(options: SessionOptions, io: CliIo, name: string): Judge | null {
  const { expect, failOn, junit, tap } = options;
  return expect.length > 0 || failOn.length > 0 || junit !== null || tap !== null ? new Judge(options, io, name) : null;
}

export class Judge {
  private readonly watch: Watch;
  /** Of the serial port, the debug console and the screen. */
  private readonly consoles: readonly [ReportedTests, ReportedTests, ReportedTests] | null;
  private readonly tail = new ConsoleTail();
  private readonly reports: boolean;
  private junit: RunFile | null = null;
  private tap: RunFile | null = null;
  private stop: () => void = () => {};
  private tests: readonly ReportedTest[] = [];

  constructor(
    private readonly options: SessionOptions,
    private readonly io: CliIo,
    private readonly name: string,
  ) {
    this.watch = new Watch(options, () => {
      if (this.hasDecided) this.stop();
    });
    this.reports = options.junit !== null || options.tap !== null;
    this.consoles = this.reports ? [new ReportedTests(), new ReportedTests(), new ReportedTests()] : null;
  }

  /** The sinks, heard. */
  sinks(sinks: GuestSinks): GuestSinks {
    const { watch, consoles, tail, reports } = this;
    const heard = (sink: (byte: number) => void, watched: (byte: number) => void, tests: ReportedTests | undefined) => (byte: number) => {
      sink(byte);
      if (reports) tail.byte(byte);
      tests?.byte(byte);
      watched(byte);
    };
    return {
      ...sinks,
      serial: heard(sinks.serial, watch.serial, consoles?.[0]),
      debugcon: heard(sinks.debugcon, watch.debugcon, consoles?.[1]),
      outputs: { screen: asUtf8(heard(sinks.outputs.screen, watch.screen, consoles?.[2])) },
    };
  }

  /** Opens what it writes. `stop` ends the running slice at the next instruction boundary. Errors as `RunFiles.open`. */
  open(files: RunFiles, stop: () => void): void {
    this.stop = stop;
    const { junit, tap } = this.options;
    if (junit !== null) this.junit = files.open(junit);
    if (tap !== null && tap.file !== null) this.tap = files.open(tap.file);
  }

  /** The run is to end here. */
  get hasDecided(): boolean {
    const { verdict } = this.watch;
    return verdict !== null && (verdict.kind === 'forbidden' || !this.options.keepRunning);
  }

  /** The outcome of a run that ended since `hasDecided`. */
  get outcome(): Outcome {
    return { status: ExitStatus.OK, lines: [], fields: { outcome: 'expected' } };
  }

  /** What becomes of `ended`, how the run ended, by what the guest printed. */
  judged(ended: Outcome): Outcome {
    this.watch.end();
    if (ended.status === ExitStatus.INTERNAL) return ended;
    const [serial = [], debugcon = [], screen = []] = this.consoles?.map((console) => console.end()) ?? [];
    const elsewhere = [...serial, ...debugcon];
    // A guest that has both often says the same on its screen.
    this.tests = elsewhere.length > 0 ? elsewhere : screen;
    return this.withTests(this.withTexts(ended));
  }

  private withTexts(ended: Outcome): Outcome {
    const { verdict, missing, lastLines } = this.watch;
    if (verdict?.kind === 'forbidden') {
      const { pattern, line } = verdict;
      const fields = { ...ended.fields, outcome: 'forbidden', pattern, line };
      return {
        status: ExitStatus.FORBIDDEN,
        lines: [`tidemark: --fail-on ${patternName(pattern, line)} was seen: ${line}`, ...ended.lines],
        fields,
      };
    }
    if (missing === null) return ended;
    const { outcome } = ended.fields;
    const last = lastLines.length === 0 ? 'the guest printed nothing' : 'the last lines are:';
    return {
      status: BY_ITSELF.includes(outcome) ? ExitStatus.NOT_SEEN : ended.status,
      lines: [
        ...ended.lines,
        `tidemark: --expect '${missing.text}' was not seen before the end (${outcome}); ${last}`,
        ...lastLines.map((line) => `  ${line}`),
      ],
      fields: { ...ended.fields, notSeen: missing.text, lastLines },
    };
  }

  private withTests(ended: Outcome): Outcome {
    if (!this.reports) return ended;
    const counts = countTests(this.tests);
    const failed = this.tests.filter(({ result }) => result === 'failed');
    const named = failed.slice(0, MOST_NAMED).map(({ name }) => name);
    const names = failed.length > 0 ? `: ${[...named, ...(failed.length > MOST_NAMED ? ['…'] : [])].join(', ')}` : '';
    const line = `tests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped${names}`;
    return {
      status: failed.length > 0 && ended.status === ExitStatus.OK ? ExitStatus.TESTS_FAILED : ended.status,
      lines: [...ended.lines, ...(this.tests.length > 0 ? [line] : [])],
      fields: { ...ended.fields, tests: { ...counts, failures: failed.map(({ name }) => name) } },
    };
  }

  /** Writes the reports. */
  report(outcome: Outcome, seconds: number): void {
    if (!this.reports) return;
    const { name } = this;
    const cases = [...this.tests.map(reportedCase), runCase(outcome, seconds)];
    const errors = outcome.lines.join('\n');
    const { junit, tap } = this;
    junit?.text(junitXml([{ name, seconds, cases, output: this.tail.text, errors }], seconds));
    tap?.text(tapText(cases));
    if (this.options.tap !== null && tap === null) this.tapStream.write(tapText(cases));
  }

  /** Where the guest's bytes do not go. */
  private get tapStream(): NodeJS.WritableStream {
    return this.options.serial.kind === 'stdio' || this.options.debugcon?.kind === 'stdio' ? this.io.stderr : this.io.stdout;
  }
}

/** A sink of characters in code page 437, for one of UTF-8. */
const asUtf8 =
  (sink: (byte: number) => void) =>
  (code: number): void => {
    if (code < 0x80) sink(code);
    else for (const byte of UTF8.encode(characterOf(code))) sink(byte);
  };

/** The run itself, which fails where the process does. */
function runCase({ status, lines, fields }: Outcome, seconds: number): TestCase {
  const result = status === ExitStatus.OK ? 'passed' : 'failed';
  return {
    name: 'run',
    result,
    seconds,
    message: result === 'passed' ? '' : `${fields.outcome}, status ${status}`,
    detail: lines.join('\n'),
  };
}
