// The comparison in words.

import type { ComparedCycle, ComparedEnd } from './compare.ts';

/** `5, 16-18` of ascending page numbers, in hexadecimal. */
export function pageRanges(gfns: readonly number[]): string {
  const ranges: string[] = [];
  for (let at = 0, end = 1; at < gfns.length; at = end++) {
    while (end < gfns.length && gfns[end] === gfns[end - 1]! + 1) end++;
    const [first, last] = [gfns[at]!, gfns[end - 1]!].map((gfn) => `0x${gfn.toString(16)}`);
    ranges.push(first === last ? first! : `${first}-${last}`);
  }
  return ranges.join(', ');
}

const WIDTHS = [5, 10, 12, 10, 10, 10] as const;
const line = (cells: readonly (string | number)[], rest: string): string =>
  `${cells.map((cell, n) => `${cell}`.padStart(WIDTHS[n]!)).join(' ')}  ${rest}`;

export const compareTitles = (): string[] => [
  "the guest's cycles under write-protect (wp) and PML, cut at equal instructions",
  line(['cycle', 'retired', 'violations', 'pml-full', 'pages wp', 'pages pml'], 'page tables'),
];

/** A cycle's line, and one more for each thing that should not be. */
export function compareLines({ cycle, pml, writeProtect, pageTables, unexplained, equal }: ComparedCycle): string[] {
  const numbers = [cycle, pml.retired, writeProtect.eptViolations, pml.pmlFullExits, writeProtect.gfns.length, pml.gfns.length];
  const failure = `FAILURE: cycle ${cycle}`;
  const only = pageTables.length === 0 ? 'none' : `${pageTables.length}: ${pageRanges(pageTables)}`;
  return [
    line(numbers, only),
    ...(unexplained.length === 0 ? [] : [`${failure}: reported by one method only, and no page table: ${pageRanges(unexplained)}`]),
    ...(equal ? [] : [`${failure}: memory or retired instructions differ`]),
  ];
}

const number = (value: number | bigint): string => value.toLocaleString('en-US');

/** Totals, the reason for the difference, and whether the machines are equal. */
export function compareEnd({ cycles, outcomes, holds, interrupted }: ComparedEnd): string[] {
  const sum = (of: (cycle: ComparedCycle) => number): string => number(cycles.reduce((total, cycle) => total + of(cycle), 0));
  const [first] = outcomes;
  const equal =
    new Set(outcomes.map(({ hash, retired }) => `${hash} ${retired}`)).size === 1
      ? `memory ${first!.hash} and ${number(first!.retired)} retired instructions with pml, with write-protect and untracked`
      : outcomes.map(({ tracking, hash, retired }) => `${tracking}: memory ${hash}, ${number(retired)} instructions`).join('; ');
  const total = cycles.length + (interrupted ? ' cycles (interrupted)' : ' cycles');
  return [
    'why PML reports more: with EPT accessed and dirty bits on, each entry that a page walk uses counts as written (SDM vol. 3, ' +
      '"Accessed and Dirty Flags for EPT"); each of those pages was found by following the guest\'s tables from CR3',
    `in all: ${total}, ${sum((c) => c.writeProtect.eptViolations)} violations against ${sum((c) => c.pml.pmlFullExits)} PML-full exits; ` +
      `write-protect reported ${sum((c) => c.writeProtect.gfns.length)} pages, PML ${sum((c) => c.pml.gfns.length)}: ` +
      `${sum((c) => c.pageTables.length)} more that are page tables, ${sum((c) => c.unexplained.length)} unexplained`,
    `${holds ? 'holds' : 'FAILED'}: ${equal}`,
  ];
}

export const compareCycleObject = ({ cycle, pml, writeProtect, pageTables, unexplained, equal }: ComparedCycle): object => ({
  cycle,
  retired: pml.retired,
  eptViolations: writeProtect.eptViolations,
  pmlFullExits: pml.pmlFullExits,
  reportedByWriteProtect: writeProtect.gfns.length,
  reportedByPml: pml.gfns.length,
  pageTables,
  unexplained,
  equal,
});

export const compareEndObject = ({ exit, cycles, outcomes, holds, interrupted }: ComparedEnd): object => ({
  end: interrupted ? 'interrupted' : 'guest',
  exit: exit.kind,
  cycles: cycles.length,
  holds,
  outcomes: outcomes.map(({ retired, ...outcome }) => ({ ...outcome, retired: `${retired}` })),
});
