/** Code size in force: D bit of CS, or L in long mode; its value is the bytes of a default address. */
export const CodeMode = { BITS16: 2, BITS32: 4, BITS64: 8 } as const;
export type CodeMode = (typeof CodeMode)[keyof typeof CodeMode];
