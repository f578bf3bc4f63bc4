// An instruction that reaches into the next page. Its region is kept under the page that it begins in. What lies behind is compared
// each time with the bytes that it was made from, so no mark is needed there.

import { PAGE_SIZE } from '../../base/paging-units.ts';
import { TlbContext } from '../../mmu/access.ts';
import { TLB_CONTEXT_ENTRIES, TLB_INDEX_MASK, TLB_LAYOUT } from '../../mmu/tlb-layout.ts';
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
  const context = TlbContext.FETCH_SUPERVISOR + (key & 1);
  body.get(pageBase).i64(BigInt(PAGE_SIZE)).op('i64.add').tee(next);
  body.i64(12n).op('i64.shr_u', 'i32.wrap_i64').i32(TLB_INDEX_MASK).op('i32.and');
  body
    .i32(context * TLB_CONTEXT_ENTRIES)
    .op('i32.add')
    .set(entry);
  body.get(tlb).get(entry).i32(3).op('i32.shl', 'i32.add').memory('i64.load', TLB_LAYOUT.offset.execTag).get(next).op('i64.ne');
  body.get(tlb).get(entry).i32(2).op('i32.shl', 'i32.add').memory('i32.load', TLB_LAYOUT.offset.host).set(host);
  for (let at = 0; at < beyond.length; ) {
    const { bytes, load } = CHUNKS.find((chunk) => chunk.bytes <= beyond.length - at)!;
    const expected = beyond.slice(at, at + bytes).reduce((word, byte, n) => word | (byte << (8 * n)), 0);
    body.get(host).memory(load, at).i32(expected).op('i32.ne', 'i32.or');
    at += bytes;
  }
}
