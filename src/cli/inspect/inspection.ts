/** What `inspect` found: for people, line by line, and the same as data. */
export interface Inspection {
  readonly text: readonly string[];
  readonly data: object;
  /** What of it cannot be used, for stderr; the status is then that of bad input. */
  readonly problem?: string | null;
}
