/** Code size in force: the D bit of CS, or L in long mode. The value is the size of a default address in bytes. */
export const CodeMode = { BITS16: 2, BITS32: 4, BITS64: 8 } as const;
export type CodeMode = (typeof CodeMode)[keyof typeof CodeMode];
