// Known ways to lose a write below memory tracking, each put around a part of the machine.

import { INTERNALS } from '../../../base/internals.ts';
import { PAGE_SIZE } from '../../../base/paging-units.ts';
import { Access, AccessSource } from '../../../mmu/access.ts';
import { around } from '../../../vm/seams.ts';
import type { MachineSeams, Wrap } from '../../../vm/seams.ts';

const tlbsOf = ({ parts }: MachineSeams) => parts.physical.views.tlbs;

/** Bytes at a page's start that the second part of a store that crosses into it may begin at. */
const CROSSING = 8;

/** Re-arming a page leaves the write permission that TLBs hold for it. */
export const keepWritePermissionAtRearm: Wrap = (machine) => {
  for (const { writeSlots } of tlbsOf(machine)) around(writeSlots, 'dropAll', () => () => {});
};

/** Re-arming takes write permission out of vCPU 0's TLB only. */
export const keepOtherVcpuTlb: Wrap = (machine) => {
  for (const { writeSlots } of tlbsOf(machine).slice(1)) around(writeSlots, 'dropAll', () => () => {});
};

/** Deleting a memslot takes its translations out of vCPU 0's TLB only. */
export const keepOtherVcpuTranslations: Wrap = (machine) => {
  for (const tlb of tlbsOf(machine).slice(1)) around(tlb, 'flushGfns', () => () => {});
};

/** Of several TLB entries that hold write permission for one page, only the last is remembered. */
export const aliasKeepsPermission: Wrap = (machine) => {
  for (const { views, writeSlots } of tlbsOf(machine)) {
    around(writeSlots, 'add', () => (index) => {
      writeSlots.slotOf[writeSlots.pageOf(views.hostOf(index))] = index + 1;
    });
  }
};

/** Re-arming takes a page's address modulo 4 GiB, as if the first memslot were the only one. */
export const rearmByLow32Bits: Wrap = ({ mt }) => {
  around(mt[INTERNALS].arming, 'rearm', (original) => (gfns, count) => {
    original(
      Array.from(gfns, (gfn) => gfn & 0xfffff),
      count,
    );
  });
};

/** Enabling leaves large EPT leaves, so that one D bit stands for 512 pages. */
export const keepLargePages: Wrap = ({ parts }) => {
  around(parts.physical.views.ept, 'splitAll', () => () => {});
};

/** The second page of a store that crosses pages is translated as if it were read. */
export const markFirstPageOnlyOnCrossing: Wrap = ({ parts }) => {
  for (const { mmu } of parts.cpus) {
    around(mmu, 'translate', (original) => (linear, access, ...rest) => {
      const second = access === Access.WRITE && linear % PAGE_SIZE < CROSSING;
      return original(linear, second ? Access.READ : access, ...rest);
    });
  }
};

/** Host-side writes pass the write door without being logged. */
export const hostWritesMissLog: Wrap = ({ parts }) => {
  around(parts.physical, 'open', (original) => (gfn, source, ...rest) => {
    return original(gfn, source === AccessSource.HOST ? AccessSource.WALK : source, ...rest);
  });
};

/** Nobody is told that bytes that code was decoded from are about to change. */
export const keepStaleCode: Wrap = ({ parts }) => {
  around(parts.physical.codeListener!, 'codeWritten', () => () => {});
};

/** What the hardware has logged is not collected when a vCPU leaves guest mode. */
export const skipPmlDrainAtExit: Wrap = ({ slices }) => {
  around(slices, 'collectLog', () => () => {});
};
