// Stores to watched bytes, as the watch tells them.

/** What stored: an instruction, the page walk that an access of it made, a device or firmware, the delivery of an event. */
export type StoredBy =
  | { readonly kind: 'instruction' | 'walk' | 'host' }
  | { readonly kind: 'interrupt' | 'exception'; readonly vector: number };

/** Where a vCPU was: at the instruction that stored, or at the one that the event came before. */
export interface Site {
  readonly vcpu: number;
  readonly cs: number;
  readonly rip: bigint;
  /** What CS and RIP come to, unsigned. */
  readonly linear: bigint;
  /** Instructions that the vCPU had retired before it. */
  readonly retired: bigint;
  /** Up to 15 bytes at RIP, as they were then. */
  readonly code: Uint8Array;
  readonly bitness: 16 | 32 | 64;
}

export interface Store {
  readonly by: StoredBy;
  /** Null for a device that acted between two instructions. */
  readonly site: Site | null;
  /** Virtual time, in ticks. */
  readonly ticks: number;
  /** All watched bytes. Equal if the store changed none of them. */
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

export const changes = ({ before, after }: Store): boolean => Buffer.compare(before, after) !== 0;
