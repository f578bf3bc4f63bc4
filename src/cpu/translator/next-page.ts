// An instruction that reaches into the next page. Its region is kept under the page that it begins in. What lies behind is compared
// each time with the bytes that it was made from, so no mark is needed there.

import { PAGE_SIZE } from '../../base/paging-units.ts';
import { TlbContext } from '../../mmu/access.ts';
import { TLB_LAYOUT, tlbEntries } from '../../mmu/tlb-layout.ts';
import type { RegionFrame } from './region-frame.ts';

const CHUNKS = [
  { bytes: 4, load: 'i32.load' },
  { bytes: 2, load: 'i32.load16_u' },
  { bytes: 1, load: 'i32.load8_u' },
] as const;

/**
 * Puts a condition on the stack: the TLB does not permit a fetch from the page behind the region's, or other bytes than `beyond`
 * lie at its start. `key` as in code-key.ts; the code is not segmented.
 */
export function pushNextPageDiffers({ body, tlb, pageBase }: RegionFrame, key: number, beyond: readonly number[]): void {
  const entry = body.local('i32');
  const host = body.local('i32');
  const next = body.local('i64');
  const differs = body.local('i32');
  const { first, mask } = tlbEntries(TlbContext.FETCH_SUPERVISOR + (key & 1));
  body.get(pageBase).i64(BigInt(PAGE_SIZE)).op('i64.add').tee(next);
  body
    .i64(9n)
    .op('i64.shr_u', 'i32.wrap_i64')
    .i32(8 * mask)
    .op('i32.and')
    .get(tlb)
    .op('i32.add')
    .tee(entry);
  body
    .memory('i64.load', TLB_LAYOUT.offset.readTag + 8 * first)
    .get(next)
    .op('i64.ne')
    .set(differs);
  // What another page's addend gives is no offset to load from; 0 is.
  body.i32(0);
  body
    .get(entry)
    .memory('i32.load', TLB_LAYOUT.offset.place + 8 * first)
    .get(next)
    .op('i32.wrap_i64', 'i32.add');
  body.get(differs).op('select').set(host).get(differs);
  for (let at = 0; at < beyond.length; ) {
    const { bytes, load } = CHUNKS.find((chunk) => chunk.bytes <= beyond.length - at)!;
    const expected = beyond.slice(at, at + bytes).reduce((word, byte, n) => word | (byte << (8 * n)), 0);
    body.get(host).memory(load, at).i32(expected).op('i32.ne', 'i32.or');
    at += bytes;
  }
}
