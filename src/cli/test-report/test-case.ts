/** One test, as reports show it. */
export interface TestCase {
  readonly name: string;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** Wall-clock time; null if it is not known. */
  readonly seconds: number | null;
  /** One line: why it failed or was skipped. */
  readonly message: string;
  /** More lines about it; may be empty. */
  readonly detail: string;
}

/** Tests that belong together: those of one guest. */
export interface TestSuite {
  readonly name: string;
  readonly seconds: number;
  readonly cases: readonly TestCase[];
  /** What the guest printed last, and what was said of it; each may be empty. */
  readonly output: string;
  readonly errors: string;
}
