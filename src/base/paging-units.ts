// The page as the unit of translation and tracking.

export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 4096;
export const PAGE_MASK = 0xfff;

/** Guest frame number of a guest-physical address (bytes, below 2^52, so exact in a double). */
export const gfnOf = (gpa: number): number => Math.floor(gpa / PAGE_SIZE);

export const alignUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;
