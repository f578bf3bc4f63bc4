// Cycles and the demo's end in words: what both views print.

import type { Phase } from '../../checkpoint/phase-times.ts';
import type { Exit } from '../../vm/exit.ts';
import { showSize } from '../values.ts';
import { commandLine } from './dirtier.ts';
import type { DemoCycle, DemoEnd, DemoStart } from './events.ts';
import type { TrackedWork } from './options.ts';

/** Columns of the table of cycles; its lines fit into 80 columns. */
interface Column {
  readonly title: string;
  readonly width: number;
  value(cycle: DemoCycle, work: TrackedWork): string;
}

const phase = (name: Phase, width: number): Column => ({ title: name, width, value: ({ phases }) => phases[name].toFixed(0) });

const ENDINGS: Readonly<Partial<Record<Exit['kind'], string>>> = {
  'mt-dirty-trigger': 'trigger',
  'mt-list-full': 'list full',
  'debug-exit': 'failed',
  interrupted: 'stopped',
};
const ending = ({ kind }: Exit): string => ENDINGS[kind] ?? kind;

const COLUMNS: readonly Column[] = [
  { title: 'cpid', width: 4, value: ({ cpid }) => `${cpid}` },
  { title: 'dirty', width: 5, value: ({ dirty }) => `${dirty}` },
  { title: 'copied', width: 6, value: ({ gfns }) => `${gfns.length}` },
  { title: 'exits', width: 5, value: (cycle, { tracking }) => `${tracking === 'pml' ? cycle.pmlFullExits : cycle.eptViolations}` },
  { title: 'ended', width: 9, value: ({ exit }) => ending(exit) },
  phase('prepare', 7),
  phase('run', 6),
  phase('quiesce', 7),
  phase('fetch', 5),
  phase('copy', 4),
  phase('store', 5),
  phase('rearm', 5),
];

const line = (text: (column: Column) => string): string => COLUMNS.map((column) => text(column).padStart(column.width)).join(' ');

/** The titles above, or below, the table. */
export const cycleTitles = (): string => line(({ title }) => title);

export const cycleLine = (cycle: DemoCycle, work: TrackedWork): string => line((column) => column.value(cycle, work));

/** What the titles mean. */
export const tableNote = ({ tracking }: TrackedWork): string =>
  `exits: ${tracking === 'pml' ? 'PML buffer full' : 'EPT violations'}; prepare to rearm in microseconds, ` +
  'quiesce with the comparison of all memory';

const number = (value: number | bigint): string => value.toLocaleString('en-US');
const count = (value: number, noun: string): string => `${number(value)} ${noun}${value === 1 ? '' : 's'}`;

export function startLines({ work, pages }: DemoStart): string[] {
  return [
    `dirtier-64 (${commandLine(work)})`,
    `in ${showSize(work.memory)}, ${number(pages)} pages, tracked by ${work.tracking}, dirty trigger ${work.dirtyTrigger}` +
      (work.injection ? `; injected fault: ${work.injection.name}` : ''),
  ];
}

/** How it went; the last line says what was verified. Nothing if the scene ended before the first cycle. */
export function endLines(end: DemoEnd): string[] {
  const { how, exit, cycles, reported, retired, milliseconds } = end;
  const how_ = how === 'guest' ? `the guest ended (${exit!.kind})` : how === 'interrupted' ? 'interrupted' : 'the proof failed';
  const first =
    `${how_} after ${count(cycles, 'cycle')}: ${count(reported, 'page')} reported and copied, ` +
    `${number(retired)} instructions, ${(milliseconds / 1000).toFixed(1)} s`;
  return [first, verified(end)];
}

function verified({ how, compared, pages, rebuilt }: DemoEnd): string {
  const unreported = `${count(compared, 'comparison')} of ${number(pages)} pages: every page not reported was byte-identical`;
  if (how === 'failed' || rebuilt === null) return compared === 0 ? 'nothing was verified' : `until then, ${unreported}`;
  const { checked, wrong } = rebuilt;
  const rebuilds =
    wrong.length === 0
      ? `every cycle rebuilds: ${checked} of ${checked} hashes equal`
      : `cycles that do not rebuild: ${wrong.join(', ')} (of ${checked}; 0 is the base)`;
  return `verified: ${unreported}, every page reported was written; ${rebuilds}`;
}
