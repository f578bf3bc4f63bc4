// Tests whose results a guest prints line by line: as TAP (testanything.org, version 14; the kernel's KTAP is close to it), or as
// kvm-unit-tests do (lib/report.c).
//
//   1..3                       PASS: name
//   ok 1 - name                FAIL: name
//   not ok 2 - name            SKIP: name
//   ok 3 # SKIP why            XFAIL: name    a failure that is known; so is KFAIL
//   Bail out! why              SUMMARY: 5 tests, 1 unexpected failures
//
// Indented lines (subtests, YAML) are not looked at.

import { ConsoleText } from './console-text.ts';

export interface ReportedTest {
  readonly name: string;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** Why it was skipped or did not come, or what the guest said of the failure; may be empty. */
  readonly detail: string;
}

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What the Linux kernel puts before a line: `[    1.234567] `, perhaps with the task's or the processor's number. */
const PRINTK = /^\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? /;
const TAP_TEST = /^(not )?ok(?:[ \t]+(\d+)(?=[ \t]|$))?(?:[ \t]+-(?=[ \t]))?(?:[ \t]+(.*))?$/;
const TAP_PLAN = /^1\.\.(\d{1,9})(?:[ \t]*#[ \t]*(?:skip\S*[ \t]*)?(.*))?$/i;
const TAP_DIRECTIVE = /(?:^|[ \t])#[ \t]*(skip|todo)\S*[ \t]*(.*)$/i;
const BAIL_OUT = /^Bail out!\s*(.*)$/;
const KVM_TEST = /^(PASS|FAIL|SKIP|XFAIL|XPASS|KFAIL|ABORT): (.*)$/;
const KVM_SUMMARY = /^SUMMARY: \d+ tests(?:, (\d+) unexpected failures)?/;

const KVM_RESULTS: Readonly<Record<string, ReportedTest['result']>> = {
  PASS: 'passed',
  SKIP: 'skipped',
  XFAIL: 'skipped',
  KFAIL: 'skipped',
};
const KVM_DETAILS: Readonly<Record<string, string>> = {
  XFAIL: 'fails, as expected',
  KFAIL: 'fails, as is known',
  XPASS: 'passed unexpectedly',
};

/** Most characters of a line, and lines of a failure, that are kept. */
const MOST_CHARACTERS = 1000;
const MOST_DETAILS = 20;

interface Entry {
  readonly number: number;
  readonly name: string;
  readonly result: ReportedTest['result'];
  readonly details: string[];
}

/** Takes the lines of one console. */
export class ReportedTests {
  private readonly entries: Entry[] = [];
  private readonly extra: ReportedTest[] = [];
  private readonly text: ConsoleText;
  private plan: number | null = null;
  private line = '';

  constructor() {
    this.text = new ConsoleText({
      character: (code) => {
        if (this.line.length < MOST_CHARACTERS) this.line += String.fromCodePoint(code);
      },
      lineEnd: () => {
        const { line } = this;
        this.line = '';
        this.take(line.replace(PRINTK, ''));
      },
    });
  }

  readonly byte = (byte: number): void => this.text.byte(byte);

  /** The guest prints no more. All tests, with those that were planned and did not come; none if the guest knows nothing of tests. */
  end(): readonly ReportedTest[] {
    if (this.line !== '') this.byte(0x0a);
    const reported = this.entries.map(({ name, result, details }) => ({ name, result, detail: details.join('\n') }));
    return [...reported, ...this.missing(), ...this.extra];
  }

  private take(line: string): void {
    const test = TAP_TEST.exec(line);
    if (test) return this.tapTest(test[1] === undefined, test[2], test[3] ?? '');
    const kvm = KVM_TEST.exec(line);
    if (kvm) return this.kvmTest(kvm[1]!, kvm[2]!);
    const plan = TAP_PLAN.exec(line);
    if (plan && this.plan === null) {
      this.plan = Number(plan[1]);
      if (this.plan === 0) this.extra.push({ name: 'all tests', result: 'skipped', detail: plan[2] ?? '' });
    }
    const bail = BAIL_OUT.exec(line);
    if (bail) this.extra.push({ name: 'Bail out!', result: 'failed', detail: bail[1]! });
    const summary = KVM_SUMMARY.exec(line);
    if (summary) this.kvmSummary(Number(summary[1] ?? 0));
    const last = this.entries.at(-1);
    if (line.startsWith('#') && last?.result === 'failed' && last.details.length < MOST_DETAILS) last.details.push(line.slice(1).trim());
  }

  private tapTest(good: boolean, number: string | undefined, description: string): void {
    const [directive = '', what = '', why = ''] = TAP_DIRECTIVE.exec(description) ?? [];
    const name = description.slice(0, description.length - directive.length).trim();
    const at = number === undefined ? (this.entries.at(-1)?.number ?? 0) + 1 : Number(number);
    const isTodo = what.toLowerCase() === 'todo';
    const result = what !== '' && (!isTodo || !good) ? 'skipped' : good ? 'passed' : 'failed';
    const detail = isTodo && !good ? `fails, as is known${why === '' ? '' : `: ${why}`}` : why;
    this.add({ number: at, name: name === '' ? `test ${at}` : name, result, details: detail === '' ? [] : [detail] });
  }

  private kvmTest(word: string, name: string): void {
    const detail = KVM_DETAILS[word];
    const number = (this.entries.at(-1)?.number ?? 0) + 1;
    this.add({ number, name, result: KVM_RESULTS[word] ?? 'failed', details: detail === undefined ? [] : [detail] });
  }

  private add(entry: Entry): void {
    this.entries.push(entry);
  }

  /** Failures that the summary knows of and no line told. */
  private kvmSummary(failures: number): void {
    const told = this.entries.filter(({ result }) => result === 'failed').length;
    if (failures > told)
      this.extra.push({ name: 'SUMMARY', result: 'failed', detail: `${failures} unexpected failures, of which ${told} were told` });
  }

  /** By the plan: what did not come, and what is too much. */
  private missing(): ReportedTest[] {
    const { plan } = this;
    if (plan === null) return [];
    const why = `the plan is 1..${plan}`;
    const numbers = [...new Set(this.entries.map(({ number }) => number))].sort((a, b) => a - b);
    const beyond = numbers.filter((number) => number < 1 || number > plan);
    const gaps: ReportedTest[] = [];
    let next = 1;
    for (const number of [...numbers.filter((n) => n >= 1 && n <= plan), plan + 1]) {
      if (number > next) gaps.push({ name: rangeName(next, number - 1), result: 'failed', detail: `not reported, though ${why}` });
      next = number + 1;
    }
    return [...gaps, ...beyond.map((n) => ({ name: `test ${n}`, result: 'failed' as const, detail: `reported, though ${why}` }))];
  }
}

const rangeName = (from: number, to: number): string => (from === to ? `test ${from}` : `tests ${from} to ${to}`);

export function countTests(tests: readonly ReportedTest[]): TestCounts {
  const count = (wanted: ReportedTest['result']): number => tests.filter(({ result }) => result === wanted).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}
