/** What `inspect` found: for people, line by line, and the same as data. */
export interface Inspection {
  readonly text: readonly string[];
  readonly data: object;
}
