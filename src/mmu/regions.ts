// The parts of the linear memory that belong to the MMU.

import { placesOf, placesRegion, ramPagesOf } from '../base/page-places.ts';
import { PAGE_SIZE } from '../base/paging-units.ts';
import type { MachineShape, RegionRequest } from '../base/state/regions.ts';
import { codeBitsBytes, codeRowsBytes } from './code-map.ts';
import { eptGeometry } from './ept-geometry.ts';
import { MMU_STATE } from './mmu-state.ts';
import { ramSlack } from './ram-allocator.ts';
import { TLB_LAYOUT } from './tlb-layout.ts';

/**
 * Regions by name:
 *   places     where each page has its element in the arrays below (base/page-places.ts)
 *   mmu        the control fields (mmu-state.ts)
 *   tlb        TLB_LAYOUT per vCPU
 *   slotOf     per vCPU a u16 per page of the RAM region: which write-TLB entry holds the page (tlb-write-slots.ts)
 *   pml        one page per vCPU
 *   ept        all EPT tables
 *   eptLeaf    a u32 per place: the flat cache of the EPT leaf (ept.ts)
 *   armed      a u8 per place: which consumers have armed the page (dirty-hub.ts)
 *   owed       two u32 per page of RAM: what other threads drained for consumers that are not theirs
 *   codeRows   a u16 per page of RAM: which row of codeBits is the page's (code-map.ts)
 *   codeBits   the rows, a bit per byte: which bytes are code
 *   ram        guest RAM, with slack so that large slots can be placed for large EPT leaves
 */
export function mmuRegions(shape: MachineShape): RegionRequest[] {
  const ramBytes = shape.ramBytes + ramSlack(shape.ramBytes);
  const places = placesOf(shape);
  return [
    placesRegion(shape),
    { name: 'mmu', bytes: MMU_STATE.size },
    { name: 'tlb', bytes: TLB_LAYOUT.size * shape.vcpus },
    { name: 'slotOf', bytes: 2 * (ramBytes / PAGE_SIZE) * shape.vcpus },
    { name: 'pml', bytes: PAGE_SIZE * shape.vcpus },
    { name: 'ept', bytes: eptGeometry(shape).bytes },
    { name: 'eptLeaf', bytes: 4 * places },
    { name: 'armed', bytes: places },
    { name: 'owed', bytes: 8 * ramPagesOf(shape) },
    { name: 'codeRows', bytes: codeRowsBytes(ramBytes / PAGE_SIZE) },
    { name: 'codeBits', bytes: codeBitsBytes(ramBytes / PAGE_SIZE) },
    { name: 'ram', bytes: ramBytes },
  ];
}
