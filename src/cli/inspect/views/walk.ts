// The walk of one linear address: the guest's entries, then EPT's.

import { INTERNALS } from '../../../base/internals.ts';
import { EPT_R, EPT_W, EPT_X, isEptLeaf } from '../../../mmu/ept-entry.ts';
import { EptAccess, EptOrigin, EptOutcome, EptResult, eptAccess } from '../../../mmu/ept-walk.ts';
import type { Vm } from '../../../vm/vm.ts';
import { entryText, GuestTables } from '../guest-tables.ts';
import { showSize } from '../../values.ts';
import { rightsText } from './page-tables.ts';
import { address, linearText } from './view.ts';
import type { View } from './view.ts';

const EPT_NAMES = ['', 'EPT PTE', 'EPT PDE', 'EPT PDPTE', 'EPT PML4E'] as const;

/** The walk of `linear` by vCPU `vcpu`, the high half negative. */
export function walkView(vm: Vm, vcpu: number, linear: number): View {
  const tables = new GuestTables(vm, vcpu);
  const { entries, outcome, gpa, shift, rights } = tables.look(linear);
  const ept = gpa === null ? [] : eptEntries(vm, gpa);
  const end =
    gpa === null
      ? `  page fault: ${outcome === 'reserved-bit' ? 'a reserved bit is set' : 'the last entry is not present'}`
      : `  guest-physical ${address(gpa)}${entries.length > 0 ? `, in a page of ${showSize(2 ** shift)}, ${rightsText(rights)}` : ''}`;
  return {
    text: [
      `walk of ${linearText(linear)} by vCPU ${vcpu}: ${tables.modeName}`,
      ...entries.map((entry) => {
        const where = entry.gpa === null ? 'in a register' : `at ${address(entry.gpa)}`;
        return `  ${entry.name} ${entry.index} ${where}: ${address(entry.value, 16)}  ${entryText(entry)}`;
      }),
      end,
      ...(gpa !== null && ept.length === 0 ? ['  EPT maps nothing there: a device, or nobody'] : []),
      ...ept.map(({ name, value, rights: may, leaf }) => `  ${name}: ${address(value, 16)}  ${may}${leaf ? ', maps a page' : ''}`),
    ],
    data: {
      linear: linearText(linear),
      vcpu,
      mode: tables.modeName,
      outcome,
      gpa,
      entries: entries.map((entry) => ({ ...entry, value: address(entry.value, 16) })),
      rights: gpa === null ? null : rights,
      ept: ept.map((entry) => ({ ...entry, value: address(entry.value, 16) })),
    },
  };
}

interface EptEntry {
  readonly name: string;
  readonly value: bigint;
  readonly rights: string;
  readonly leaf: boolean;
}

/** The entries that a read of `gpa` uses, the top one first; none if nothing is mapped there. */
function eptEntries(vm: Vm, gpa: number): EptEntry[] {
  const { physical, memory } = vm[INTERNALS].parts;
  const result = new EptResult();
  const outcome = eptAccess(memory.u32, physical.views.eptp, gpa, EptAccess.READ, EptOrigin.FINAL_PAGE, null, result);
  if (outcome !== EptOutcome.OK) return [];
  const entries: EptEntry[] = [];
  for (let level = 4; level > 0; level--) {
    const word = result.words[level]!;
    const low = memory.u32[word]!;
    const leaf = isEptLeaf(level, low);
    const may = `${low & EPT_R ? 'r' : '-'}${low & EPT_W ? 'w' : '-'}${low & EPT_X ? 'x' : '-'}`;
    entries.push({ name: EPT_NAMES[level]!, value: (BigInt(memory.u32[word + 1]!) << 32n) | BigInt(low), rights: may, leaf });
    if (leaf) break;
  }
  return entries;
}
