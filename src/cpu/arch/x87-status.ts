/** Bits of the status word. Bits 5:0 are the exceptions, 13:11 TOP. ES and B are 1 while an exception is raised and not masked. */
export const Status = { SF: 0x40, ES: 0x80, C0: 0x100, C1: 0x200, C2: 0x400, C3: 0x4000, B: 0x8000 } as const;
export const EXCEPTIONS = 0x3f;
