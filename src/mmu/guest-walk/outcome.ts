/** How a walk of the guest's page tables ended; rights are judged afterwards. */
export const FOUND = 0;
/** An entry with P = 0. */
export const NOT_PRESENT = 1;
/** A present entry with a reserved bit set. */
export const RESERVED = 2;
