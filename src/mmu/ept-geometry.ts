// Every EPT table is found in the 'ept' region without a walk. The root comes first, then all page directory pointer tables and all
// page directories, by the GFNs they map. Page tables come last, one for each range of 2 MiB that has places (base/page-places.ts),
// in the order of these: so the PTE of a page is at its place. A table that no entry refers to maps nothing.

import { PAGE_SIZE } from '../base/paging-units.ts';
import { placesOf } from '../base/page-places.ts';
import type { MachineShape } from '../base/state/regions.ts';
import { EPT_1G_PAGES } from './ept-entry.ts';

const ENTRIES = 512;

export interface EptGeometry {
  /** Byte offsets from the start of the region. */
  readonly pdpt: number;
  readonly pd: number;
  readonly pt: number;
  readonly bytes: number;
}

const ENTRY_BYTES = 8;

/** Room for tables that map each page that can have a place by a 4 KiB leaf. */
export function eptGeometry(shape: MachineShape): EptGeometry {
  const pds = Math.ceil(shape.gfnLimit / EPT_1G_PAGES);
  const pdpts = Math.ceil(pds / ENTRIES);
  const pdpt = PAGE_SIZE;
  const pd = pdpt + pdpts * PAGE_SIZE;
  const pt = pd + pds * PAGE_SIZE;
  return { pdpt, pd, pt, bytes: pt + placesOf(shape) * ENTRY_BYTES };
}
