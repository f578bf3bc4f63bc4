// The guest's page-table pages, found by following its tables from CR3 (SDM vol. 3, "4-Level Paging").

import { PAGE_SIZE, gfnOf } from '../../base/paging-units.ts';
import type { Vm } from '../../vm/vm.ts';

const LEVELS = 4;
const PRESENT = 1 << 0;
/** In an entry that is not of the last level: it maps a large page. */
const PAGE_SIZE_FLAG = 1 << 7;
/** Of the high half of an entry: address bits 39:32, MAXPHYADDR being 40. */
const HIGH_ADDRESS = 0xff;

/** Page numbers of every page table of vCPU 0, which must be in 64-bit mode; the one CR3 points to is the first. */
export function guestPageTables(vm: Vm): ReadonlySet<number> {
  const tables = new Set<number>();
  const visit = (gfn: number, level: number): void => {
    const page = tables.has(gfn) ? null : vm.page(gfn);
    if (!page) return;
    tables.add(gfn);
    if (level === 1) return;
    const words = new Uint32Array(page.buffer, page.byteOffset, PAGE_SIZE / 4);
    for (let at = 0; at < words.length; at += 2) {
      const low = words[at]!;
      if ((low & PRESENT) === 0 || (level < LEVELS && (low & PAGE_SIZE_FLAG) !== 0)) continue;
      visit(gfnOf((words[at + 1]! & HIGH_ADDRESS) * 2 ** 32 + low), level - 1);
    }
  };
  visit(gfnOf(Number(BigInt.asUintN(40, vm.vcpus[0]!.getSregs().cr3))), LEVELS);
  return tables;
}
