/** Bits of `segAttributes` (see the state table). */
export const SegAttr = {
  TYPE: 15,
  ACCESSED: 1,
  WRITABLE: 2,
  READABLE: 2,
  EXPAND_DOWN: 4,
  CONFORMING: 4,
  CODE: 8,
  S: 16,
  DPL_SHIFT: 5,
  P: 128,
  L: 1 << 13,
  DB: 1 << 14,
  G: 1 << 15,
  UNUSABLE: 1 << 16,
} as const;
