// docs/state.md, from the tables that declare the machine's state in the linear memory.

import type { FieldSpec, StateTable } from '../../src/base/state/table.ts';
import { VCPU_STATE } from '../../src/base/state/vcpu.ts';
import { MMU_STATE } from '../../src/mmu/mmu-state.ts';
import { TLB_LAYOUT } from '../../src/mmu/tlb-layout.ts';
import { MT_CONTROL } from '../../src/mt/layout.ts';

type AnyTable = StateTable<Record<string, FieldSpec>>;

const SECTIONS: readonly (readonly [string, string, AnyTable])[] = [
  ['A vCPU', 'Declared in `src/base/state/vcpu.ts`; one block for each vCPU.', VCPU_STATE],
  [
    'The TLB of a vCPU',
    'Declared in `src/mmu/tlb-layout.ts`. What is saved of it is a list of the entries that hold a translation ' +
      '(`src/mmu/tlb-save.ts`); write tags and host offsets are derived anew.',
    TLB_LAYOUT,
  ],
  ['The MMU of the machine', 'Declared in `src/mmu/mmu-state.ts`.', MMU_STATE],
  [
    'Memory tracking',
    'Declared in `src/mt/layout.ts`, beside the per-page arrays and the lists. Nothing of it is saved: tracking belongs ' +
      'to the machine that runs, not to the guest.',
    MT_CONTROL,
  ],
];

const cell = (text: string): string => text.replaceAll('|', '\\|');

function rows({ fields, offset }: AnyTable): string[] {
  return Object.entries(fields).map(
    ([name, { type, count, saved, doc }]) =>
      `| \`${name}\` | ${offset[name]} | ${type} | ${count} | ${saved ? 'yes' : 'no'} | ${cell(doc)} |`,
  );
}

export function statePage(): string {
  const sections = SECTIONS.flatMap(([title, text, table]) => [
    `## ${title}`,
    '',
    `${text} ${table.size} bytes.`,
    '',
    '| field | offset | type | count | saved | meaning |',
    '|---|---|---|---|---|---|',
    ...rows(table),
    '',
  ]);
  return (
    [
      '# State',
      '',
      'Every field of the state that engines, page walks and tracking share, by the tables that declare it. `npm run docs` writes this ' +
        'page and a test compares it with the tables. Offsets are bytes from the start of a block; “saved” says whether `vm.save()` ' +
        'keeps the field.',
      '',
      ...sections,
    ]
      .join('\n')
      .trimEnd() + '\n'
  );
}
