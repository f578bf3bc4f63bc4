/**
 * What the iterations of a repeated instruction are, for engines that do many at once where that cannot be told apart. COPY: each
 * copies one operand from the source's segment:RSI to ES:RDI, and advances both. FILL: each stores the accumulator at ES:RDI and
 * advances it.
 */
export const Repeated = { ANY: 0, COPY: 1, FILL: 2 } as const;
export type Repeated = (typeof Repeated)[keyof typeof Repeated];

/** Fewer iterations than this are not worth doing at once. */
export const FEWEST_AT_ONCE = 4;
