// Every EPT table has a fixed place in the 'ept' region, decided by its level and the GFNs it maps: the root, then all page
// directory pointer tables, all page directories, all page tables. So there is no allocator and no free list that another
// thread would have to know, and the PTE of a GFN is found without a walk. A table that no entry refers to maps nothing.

import { PAGE_SIZE } from '../base/paging-units.ts';
import { EPT_1G_PAGES, EPT_2M_PAGES } from './ept-entry.ts';

const ENTRIES = 512;

export interface EptGeometry {
  /** Byte offsets from the start of the region. */
  readonly pdpt: number;
  readonly pd: number;
  readonly pt: number;
  readonly bytes: number;
}

/** Room for tables that map each GFN below `gfnLimit` by a 4 KiB leaf. */
export function eptGeometry(gfnLimit: number): EptGeometry {
  const pts = Math.ceil(gfnLimit / EPT_2M_PAGES);
  const pds = Math.ceil(gfnLimit / EPT_1G_PAGES);
  const pdpts = Math.ceil(pds / ENTRIES);
  const pdpt = PAGE_SIZE;
  const pd = pdpt + pdpts * PAGE_SIZE;
  const pt = pd + pds * PAGE_SIZE;
  return { pdpt, pd, pt, bytes: pt + pts * PAGE_SIZE };
}
