// What the guest's page tables map, as ranges, and the memory slots behind them.

import type { Vm } from '../../../vm/vm.ts';
import { showSize } from '../../values.ts';
import { GuestTables } from '../guest-tables.ts';
import type { Rights, Walked } from '../guest-tables.ts';
import { address, linearText } from './view.ts';
import type { View } from './view.ts';

/** Walks after which the list ends: tables that refer to themselves map without end. */
const MOST_WALKS = 2 ** 22;

interface Mapping {
  readonly linear: number;
  readonly gpa: number;
  readonly bytes: number;
  readonly pageBytes: number;
  readonly rights: Rights;
}

/** The mappings of vCPU `vcpu` in ascending order, the high half last, and the memory slots. */
export function pageTablesView(vm: Vm, vcpu: number): View {
  const tables = new GuestTables(vm, vcpu);
  const { mappings, end } = mappingsOf(tables);
  const { modeName } = tables;
  const cr3 = address(vm.vcpus[vcpu]!.getSregs().cr3);
  const slots = vm.memslots.map(({ slot, guestPhysAddr, memorySize, readonly }) => ({
    slot,
    gpa: guestPhysAddr,
    bytes: memorySize,
    readonly,
  }));
  return {
    text: [
      `page tables of vCPU ${vcpu}: ${modeName}, CR3 ${cr3}`,
      ...mappings.map(mappingText),
      ...(end === null ? [] : [`  and more from ${linearText(end)} on: the tables map more than is listed`]),
      'memory slots, which EPT maps:',
      ...slots.map(
        ({ slot, gpa, bytes, readonly }) =>
          `  slot ${slot}: guest-physical ${address(gpa)} … ${address(gpa + bytes)}, ${readonly ? 'read-only' : 'RAM'}`,
      ),
    ],
    data: {
      vcpu,
      mode: modeName,
      cr3,
      mappings: mappings.map(({ linear, ...mapping }) => ({ linear: linearText(linear), ...mapping })),
      listedUpTo: end === null ? null : linearText(end),
      slots,
    },
  };
}

/** `end`: where the list was given up, or null. */
function mappingsOf(tables: GuestTables): { readonly mappings: readonly Mapping[]; readonly end: number | null } {
  const mappings: Mapping[] = [];
  let walks = 0;
  for (const [from, to] of tables.spaces) {
    for (let at = from; at < to; ) {
      if (walks++ === MOST_WALKS) return { mappings, end: at };
      const walked = tables.look(at);
      add(mappings, at, walked);
      at += 2 ** walked.shift;
    }
  }
  return { mappings, end: null };
}

function add(mappings: Mapping[], linear: number, { gpa, shift, rights }: Walked): void {
  if (gpa === null) return;
  const bytes = 2 ** shift;
  const last = mappings.at(-1);
  if (last !== undefined && continues(last, { linear, gpa, bytes, pageBytes: bytes, rights })) {
    mappings[mappings.length - 1] = { ...last, bytes: last.bytes + bytes };
  } else {
    mappings.push({ linear, gpa, bytes, pageBytes: bytes, rights });
  }
}

const continues = (last: Mapping, next: Mapping): boolean =>
  last.linear + last.bytes === next.linear &&
  last.gpa + last.bytes === next.gpa &&
  last.pageBytes === next.pageBytes &&
  rightsText(last.rights) === rightsText(next.rights);

function mappingText({ linear, gpa, bytes, pageBytes, rights }: Mapping): string {
  const pages = `${bytes / pageBytes} × ${showSize(pageBytes)}`;
  return `  ${linearText(linear)} … ${linearText(linear + bytes)} -> ${address(gpa)}  ${pages}  ${rightsText(rights)}`;
}

/** `rwx user global`, before CR0.WP, SMEP and SMAP. */
export const rightsText = ({ write, execute, user, global }: Rights): string =>
  `r${write ? 'w' : '-'}${execute ? 'x' : '-'} ${user ? 'user' : 'supervisor'}${global ? ' global' : ''}`;
