// Bits of a vCPU's pending-request word. Engines look at the word at instruction boundaries (interpreter) or block ends and
// back edges (translator); any bit makes them return to the run loop, which knows what each means.

export const Request = {
  /** An interrupt, NMI or interrupt-window change wants looking at. */
  EVENT: 1,
  /** The API, a signal or another thread wants the vCPU out of guest mode. */
  KICK: 2,
  /** A limit of dirty pages was reached: the dirty trigger, max_dirty, or a full ring. */
  MT: 4,
  /** The block that is executing was invalidated by a store of its own. */
  CODE: 8,
  /** A device or a helper asks for an exit (stored with the vCPU). */
  EXIT: 16,
  /** Another thread waits for the machine's lock. */
  YIELD: 32,
  /** The next moment at which a device must act has moved. */
  DEADLINE: 64,
} as const;
