/** Exit statuses that the command line gives a meaning of its own; isa-debug-exit gives the others. */
export const ExitStatus = {
  OK: 0,
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
