// The TLB of one vCPU as laid out in the linear memory: five contexts (access.ts) of 1024 direct-mapped entries, structure of
// arrays. Entry of a page: ((linear >>> 12) & 1023) + context * 1024.
//
// A tag is the linear address of the page as a signed 64-bit number; its low 12 bits are 0. A tag whose low word is 1 is
// invalid, whatever the high word. `pageTag` says for which page the entry holds a translation; readTag, writeTag and execTag
// are equal to it where that access is permitted without further ado, and invalid otherwise. A writeTag that is equal but for
// TAG_GUARDED permits a store to bytes that are no code (code-map.ts).

import { field, stateTable } from '../base/state/table.ts';

export const TLB_CONTEXTS = 5;
export const TLB_CONTEXT_ENTRIES = 1024;
export const TLB_INDEX_MASK = TLB_CONTEXT_ENTRIES - 1;
export const TLB_ENTRIES = TLB_CONTEXTS * TLB_CONTEXT_ENTRIES;
export const TLB_SET_WORDS = TLB_ENTRIES / 32;

/** Low word of an invalid tag. */
export const TAG_INVALID = 1;
/** Set in the low word of a writeTag whose page holds code. The tag then equals no page's address, so that a store looks further. */
export const TAG_GUARDED = 2;

/**
 * `info` of an entry. WRITABLE: the first level permits writes in this context and the guest's D bit is set, so a store needs
 * only the EPT step. EXECUTABLE, READABLE: what the first level permits. SHIFT: log2 of the guest's page size.
 */
export const TlbInfo = { GLOBAL: 1, WRITABLE: 2, READABLE: 4, EXECUTABLE: 8, SHIFT: 8, SHIFT_MASK: 0x3f00, ALL: 0x3f0f } as const;

export const TLB_LAYOUT = stateTable('tlb', {
  readTag: field('u64', 'linear page readable without further ado', { count: TLB_ENTRIES }),
  writeTag: field('u64', 'linear page to which a store needs no bookkeeping, or only one to code', { count: TLB_ENTRIES }),
  execTag: field('u64', 'linear page executable without further ado', { count: TLB_ENTRIES }),
  pageTag: field('u64', 'linear page whose translation the entry holds', { count: TLB_ENTRIES }),
  host: field('u32', 'host offset of the page', { count: TLB_ENTRIES }),
  gfn: field('u32', 'guest frame number', { count: TLB_ENTRIES }),
  info: field('u32', 'see TlbInfo', { count: TLB_ENTRIES }),
  occupied: field('u32', 'bit set of entries that hold a translation', { count: TLB_SET_WORDS, saved: false }),
  large: field('u32', 'those among them that are fragments of a larger page', { count: TLB_SET_WORDS, saved: false }),
});
