// What a segment permits outside 64-bit mode: one rule of type, limit and direction (SDM vol. 3, "Limit Checking", "Type
// Checking"). Every check of an access, every shortcut and every push on another stack derives from it.

import { SegAttr } from './arch/segment-attributes.ts';

/** Bits of `rights`. */
export const Rights = { READ: 1, WRITE: 2 } as const;

/** The place, after the six segment registers, of a stack segment that is pushed on before SS holds it. */
export const NEXT_STACK = 6;
const PLACES = 7;

const TOP_32 = 0xffffffff;
const TOP_16 = 0xffff;

/** The rights of each place, and the first and the last offset that a byte may have. There is none where `first` is above `last`. */
export class SegmentBounds {
  readonly rights = new Uint8Array(PLACES);
  readonly first = new Float64Array(PLACES);
  readonly last = new Float64Array(PLACES);
}

/**
 * Derives `place` of `bounds` from access rights (as in `segAttributes`) and a limit in bytes. `hasTypes` is false in real-address
 * and virtual-8086 mode, where code segments are data too (SDM vol. 3, "Real-Address Mode Operation"). The bit that makes data
 * expand down means "conforming" in code.
 */
export function segmentBounds(bounds: SegmentBounds, place: number, attributes: number, limit: number, hasTypes: boolean): void {
  const usable = (attributes & (SegAttr.P | SegAttr.UNUSABLE)) === SegAttr.P;
  const isCode = (attributes & SegAttr.CODE) !== 0;
  const readable = !isCode || !hasTypes || (attributes & SegAttr.READABLE) !== 0;
  const writable = isCode ? !hasTypes : (attributes & SegAttr.WRITABLE) !== 0;
  const expandsDown = !isCode && (attributes & SegAttr.EXPAND_DOWN) !== 0;
  bounds.rights[place] = usable ? (readable ? Rights.READ : 0) | (writable ? Rights.WRITE : 0) : 0;
  bounds.first[place] = expandsDown ? limit + 1 : 0;
  bounds.last[place] = !expandsDown ? limit : attributes & SegAttr.DB ? TOP_32 : TOP_16;
}

/** Whether `bytes` bytes from `offset` on may be accessed with all of `needed`. */
export function isWithinBounds(bounds: SegmentBounds, place: number, offset: number, bytes: number, needed: number): boolean {
  return (bounds.rights[place] & needed) === needed && offset >= bounds.first[place] && offset + bytes - 1 <= bounds.last[place];
}

/** Whether the bounds exclude no offset. */
export const isUnbounded = ({ first, last }: SegmentBounds, place: number): boolean => first[place] === 0 && last[place] === TOP_32;
