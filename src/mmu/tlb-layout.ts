// The TLB of one vCPU as laid out in the linear memory, structure of arrays. Each of the five contexts (access.ts) has direct-mapped
// entries, and supervisor and user data have *victims* behind them: translations that had to make way for another page. Where the
// entries of a context lie is said by `tlbEntries` and `tlbVictims`.
//
// A page is in its first entry, or in its victim, or in neither. Only filling and invalidating move anything: a hit never does, so
// that what is held does not depend on how often an engine looks. Fetches have no victims.
//
// A tag is the linear address of the page as a signed 64-bit number, whose low 12 bits are 0, where the access is permitted without
// further ado. Of a readTag, that is a read, or in the contexts of fetches a fetch. An entry whose readTag has the low word 1 is
// invalid, whatever the high word. One that is equal but for TAG_DENIED holds a translation that does not permit it. A writeTag
// is invalid, with the low word 1, where a store needs bookkeeping. One that is equal but for TAG_GUARDED permits a store to bytes
// that are no code (code-map.ts).

import { field, stateTable } from '../base/state/table.ts';
import { FRAGMENT_COUNTS } from './fragments.ts';

export const TLB_CONTEXTS = 5;
/** The contexts below this one have victims. */
export const TLB_VICTIM_CONTEXTS = 2;

/** Where a page's entry lies: at `first` + ((linear >>> 12) & `mask`). */
export interface TlbPlace {
  readonly first: number;
  readonly mask: number;
}

const MANY = 4096;
const FEW = 1024;
const VICTIMS = 512;

/** Data of supervisor and user have 4096 entries each, the other contexts 1024. */
export const tlbEntries = (context: number): TlbPlace =>
  context < TLB_VICTIM_CONTEXTS
    ? { first: context * MANY, mask: MANY - 1 }
    : { first: TLB_VICTIM_CONTEXTS * (MANY - FEW) + context * FEW, mask: FEW - 1 };

/** Index of the first victim; the entries before are first entries. */
export const TLB_VICTIMS = tlbEntries(TLB_CONTEXTS).first;
/** `context` is one that has victims. */
export const tlbVictims = (context: number): TlbPlace => ({ first: TLB_VICTIMS + context * VICTIMS, mask: VICTIMS - 1 });

export const TLB_ENTRIES = TLB_VICTIMS + TLB_VICTIM_CONTEXTS * VICTIMS;
export const TLB_SET_WORDS = TLB_ENTRIES / 32;
export const TLB_SUMMARY_WORDS = Math.ceil(TLB_SET_WORDS / 32);

/** Low word of an invalid tag. */
export const TAG_INVALID = 1;
/** Set in the low word of a writeTag whose page holds code. The tag then equals no page's address, so that a store looks further. */
export const TAG_GUARDED = 2;
/** Set in the low word of the readTag of a translation that does not permit the access. */
export const TAG_DENIED = 2;

/**
 * `info` of an entry. WRITABLE: the first level permits writes in this context and the guest's D bit is set, so a store needs
 * only the EPT step. EXECUTABLE, READABLE: what the first level permits. SHIFT: log2 of the guest's page size.
 */
export const TlbInfo = { GLOBAL: 1, WRITABLE: 2, READABLE: 4, EXECUTABLE: 8, SHIFT: 8, SHIFT_MASK: 0x3f00, ALL: 0x3f0f } as const;

export const TLB_LAYOUT = stateTable('tlb', {
  readTag: field('u64', 'linear page readable (or, for fetches, executable) without further ado', { count: TLB_ENTRIES }),
  writeTag: field('u64', 'linear page to which a store needs no bookkeeping, or only one to code', { count: TLB_ENTRIES }),
  place: field('u32', 'two an entry: host offset less linear address, modulo 2^32; guest frame number', { count: 2 * TLB_ENTRIES }),
  info: field('u16', 'see TlbInfo', { count: TLB_ENTRIES }),
  occupied: field('u32', 'bit set of entries that hold a translation', { count: TLB_SET_WORDS, saved: false }),
  occupiedSummary: field('u32', 'bit set of the words of `occupied` that are not 0', { count: TLB_SUMMARY_WORDS, saved: false }),
  large: field('u32', 'those among them that are fragments of a larger page', { count: TLB_SET_WORDS, saved: false }),
  largeSummary: field('u32', 'bit set of the words of `large` that are not 0', { count: TLB_SUMMARY_WORDS, saved: false }),
  fragments: field('u16', 'how many fragments there are where larger pages can lie (fragments.ts)', {
    count: FRAGMENT_COUNTS,
    saved: false,
  }),
});
