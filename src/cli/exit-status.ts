/** Exit statuses that the command line gives a meaning of its own; isa-debug-exit gives the others. */
export const ExitStatus = {
  OK: 0,
  /** The guest ended by itself before all that --expect names was seen. Even, as no status of isa-debug-exit is; so are the next two. */
  NOT_SEEN: 2,
  /** What --fail-on names was seen. */
  FORBIDDEN: 4,
  /** The guest ended as with OK, but tests failed whose results it printed. */
  TESTS_FAILED: 6,
  /** A broken invariant of Tidemark itself. */
  INTERNAL: 70,
  /** The guest ended as with OK, but not all that the run was to write could be written. */
  UNWRITTEN: 74,
  /** --timeout or --max-instructions ran out. */
  LIMIT: 124,
  /** Bad usage, or input that cannot be read or is malformed. */
  USAGE: 125,
  TRIPLE_FAULT: 126,
} as const;
