// What the guest of a test printed: its end, how it compares with what was expected, the tests that it reported, and a file of all of it.

import { OutputFile } from '../atomic-file.ts';
import { ReportedTests } from '../console/reported-tests.ts';
import type { ReportedTest } from '../console/reported-tests.ts';
import { ConsoleTail } from '../guest/console-tail.ts';
import type { ExpectedOutput } from './suite-test.ts';
import type { ConsoleName } from './test-thread.ts';

const LF = 0x0a;

/** Compares bytes with those that are expected, as they come. */
class Comparison {
  private at = 0;
  private differs = false;
  /** Where the line begins that is being compared. */
  private lineStart = 0;
  private line = 1;

  constructor(private readonly expected: ExpectedOutput) {}

  byte(byte: number): void {
    if (this.differs) return;
    if (this.at >= this.expected.bytes.length || this.expected.bytes[this.at] !== byte) {
      this.differs = true;
      return;
    }
    this.at++;
    if (byte !== LF) return;
    this.lineStart = this.at;
    this.line++;
  }

  /** Null if all was as expected. */
  difference(): string | null {
    const { path, bytes } = this.expected;
    if (!this.differs && this.at === bytes.length) return null;
    const end = bytes.indexOf(LF, this.lineStart);
    const line = new TextDecoder().decode(bytes.subarray(this.lineStart, end < 0 ? bytes.length : end));
    return `the output differs from ${path} at line ${this.line}, where ${line === '' ? 'it ends' : `'${line}' is expected`}`;
  }
}

export class TestOutput {
  private readonly tails = { serial: new ConsoleTail(), debugcon: new ConsoleTail() };
  private readonly tests = { serial: new ReportedTests(), debugcon: new ReportedTests() };
  private readonly files: Record<ConsoleName, OutputFile | null> = { serial: null, debugcon: null };
  private readonly comparison: Comparison | null;

  /** `file`: where to write all of it, without the ending; null for nowhere. */
  constructor(
    expected: ExpectedOutput | null,
    private readonly file: string | null,
  ) {
    this.comparison = expected && new Comparison(expected);
    this.open('serial');
  }

  take(console: ConsoleName, bytes: Uint8Array): void {
    const { [console]: tail } = this.tails;
    const { [console]: tests } = this.tests;
    if (this.files[console] === null) this.open(console);
    const { [console]: file } = this.files;
    for (const byte of bytes) {
      tail.byte(byte);
      tests.byte(byte);
      file?.byte(byte);
      if (console === 'serial') this.comparison?.byte(byte);
    }
  }

  /** The files take their names. The tests that the guest reported. */
  end(): readonly ReportedTest[] {
    for (const file of [this.files.serial, this.files.debugcon]) file?.close();
    return [...this.tests.serial.end(), ...this.tests.debugcon.end()];
  }

  /** How it differs from what is expected; null if it does not. */
  get difference(): string | null {
    return this.comparison?.difference() ?? null;
  }

  /** The end of the serial console or, if that was silent, of the debug console. */
  get tail(): string {
    return this.tails.serial.bytes > 0 ? this.tails.serial.text : this.tails.debugcon.text;
  }

  private open(console: ConsoleName): void {
    if (this.file !== null) this.files[console] = new OutputFile(`${this.file}${console === 'serial' ? '' : '.debugcon'}.log`);
  }
}
