/** One test of a suite: a guest to run, and what makes the run a good one. */
export interface SuiteTest {
  readonly name: string;
  /** What `tidemark run` is given, but for the time limit. */
  readonly argv: readonly string[];
  /** Wall-clock seconds; null for the suite's. */
  readonly timeout: number | null;
  /** The exit status of a good run, and the one that says that the guest skipped the test. */
  readonly status: number;
  readonly skipStatus: number | null;
  /** What the serial port must give, to the byte; null for anything. */
  readonly output: ExpectedOutput | null;
  readonly groups: readonly string[];
  /** Why it is not to be run; null if it is. */
  readonly leftOut: string | null;
  /** Why it cannot be run as it asks: it fails. */
  readonly refused: string | null;
  /** What was asked for and is not given: told when the test fails. */
  readonly notes: readonly string[];
}

export interface ExpectedOutput {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export const PLAIN_TEST = {
  timeout: null,
  status: 0,
  skipStatus: null,
  output: null,
  groups: [],
  leftOut: null,
  refused: null,
  notes: [],
} as const;
