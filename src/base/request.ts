// Bits of a vCPU's pending-request word. Engines look at the word at instruction boundaries (interpreter) or block ends and
// back edges (translator); any bit makes them return to the run loop, which knows what each means.

export const Request = {
  /** An interrupt, NMI or interrupt-window change wants looking at. */
  EVENT: 1,
  /** The API, a signal or another thread wants the vCPU out of guest mode. */
  KICK: 2,
  /** A limit of dirty pages was reached: the dirty trigger, max_dirty, or a full ring. */
  MT: 4,
  /** Code that may be executing is valid no longer: some of its bytes are being written, or the A20 gate moved. */
  CODE: 8,
  /** An exit is due: an access leaves the machine, the vCPU shuts down, or the board asks for one. */
  EXIT: 16,
  /** Another thread waits for the machine's lock. */
  YIELD: 32,
  /** The slice's loop must look now: a device's deadline moved, an input waits, or the slice is to stop here. */
  DEADLINE: 64,
} as const;
