// What is seen of a suite while it runs: a line for each test that ends and, on a terminal, one below that says how far it is.

import type { CliIo } from '../io.ts';
import type { SuiteTest } from './suite-test.ts';
import type { SuiteEvents } from './run-suite.ts';
import type { TestResult } from './test-result.ts';

/** Lines of a failed test's output that are shown. */
const LAST_LINES = 15;
const REDRAW = 200;
const DEFAULT_COLUMNS = 80;
const CLEAR_LINE = '\r\x1b[K';
const WORDS = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip', stopped: 'STOP', 'not-run': '----' } as const;

export class SuiteView implements SuiteEvents {
  private readonly running = new Map<SuiteTest, number>();
  private readonly counts = { passed: 0, failed: 0, skipped: 0, stopped: 0, 'not-run': 0 };
  private readonly timer: ReturnType<typeof setInterval> | null;
  private readonly live: boolean;

  /** `total`: how many tests there are. */
  constructor(
    private readonly io: Pick<CliIo, 'stderr'>,
    private readonly total: number,
  ) {
    this.live = io.stderr.isTTY === true;
    this.timer = this.live ? setInterval(() => this.draw(), REDRAW) : null;
  }

  started(test: SuiteTest): void {
    this.running.set(test, performance.now());
    this.draw();
  }

  ended(result: TestResult): void {
    this.running.delete(result.test);
    this.counts[result.kind]++;
    this.io.stderr.write(`${this.live ? CLEAR_LINE : ''}${resultLines(result).join('\n')}\n`);
    this.draw();
  }

  close(): void {
    if (this.timer !== null) clearInterval(this.timer);
    if (this.live) this.io.stderr.write(CLEAR_LINE);
  }

  private draw(): void {
    if (!this.live) return;
    const { passed, failed, skipped } = this.counts;
    const done = passed + failed + skipped;
    const now = performance.now();
    const names = [...this.running].map(([{ name }, since]) => `${name} ${Math.floor((now - since) / 1000)} s`);
    const current = names.length > 0 ? `; ${names.join(', ')}` : '';
    const text = `[${done}/${this.total}] ${passed} passed, ${failed} failed, ${skipped} skipped${current}`;
    const columns = (this.io.stderr.columns ?? DEFAULT_COLUMNS) - 1;
    this.io.stderr.write(`${CLEAR_LINE}${text.length > columns ? `${text.slice(0, columns - 1)}…` : text}`);
  }
}

/** A line, and below it what is known of a failure. */
function resultLines({ test, kind, reason, seconds, status, output, errors }: TestResult): string[] {
  const time = status === null && seconds === 0 ? '' : ` (${seconds.toFixed(1)} s)`;
  const head = `${WORDS[kind]} ${test.name}${time}${reason === '' ? '' : `: ${reason}`}`;
  if (kind !== 'failed') return [head];
  const lines = output.trimEnd().split('\n');
  const left = lines.length > LAST_LINES ? [`… ${lines.length - LAST_LINES} lines more above`] : [];
  const shown = output.trim() === '' ? [] : [...left, ...lines.slice(-LAST_LINES)].map((line) => `       | ${plain(line)}`);
  const said = errors.trimEnd() === '' ? [] : errors.trimEnd().split('\n');
  return [head, ...shown, ...said.map((line) => `       ${line}`)];
}

/** Without control characters, which would act on the terminal. */
const plain = (line: string): string => line.replaceAll(/\x1b\[[0-9;?]*[A-Za-z]|[\0-\x08\x0b-\x1f\x7f]/g, '');

/** The last lines: how many, and which failed. */
export function summaryLines(results: readonly TestResult[], seconds: number): string[] {
  const of = (kind: TestResult['kind']): readonly TestResult[] => results.filter((result) => result.kind === kind);
  const parts = (Object.keys(WORDS) as TestResult['kind'][]).flatMap((kind) => {
    const count = of(kind).length;
    return count > 0 || kind === 'passed' || kind === 'failed' ? [`${count} ${kind === 'not-run' ? 'not run' : kind}`] : [];
  });
  const failed = of('failed').map(({ test }) => test.name);
  const tests = results.length === 1 ? '1 test' : `${results.length} tests`;
  return [
    `${tests}: ${parts.join(', ')} (${seconds.toFixed(1)} s)`,
    ...(failed.length > 0 ? [`failed: ${failed.join(', ')}`] : []),
    ...(of('stopped').length > 0
      ? [
          `running when it was stopped: ${of('stopped')
            .map(({ test }) => test.name)
            .join(', ')}`,
        ]
      : []),
  ];
}
