// Cycles and the demo's end in words: what both views print. No line has more than 80 columns.

import type { Phase } from '../../checkpoint/phase-times.ts';
import { PML_ENTRIES } from '../../mmu/pml.ts';
import type { Exit } from '../../vm/exit.ts';
import { showSize } from '../values.ts';
import { commandLine } from './dirtier.ts';
import type { DemoCycle, DemoEnd, DemoStart } from './events.ts';
import type { TrackedWork } from './options.ts';

/** Lines are broken here. */
export const COLUMNS = 80;
/** The proof's: quiesce is the comparison of all memory, and the hashes are what rebuilds are verified by. */
const PROOF = ['quiesce', 'hash'] as const satisfies readonly Phase[];
/** What the guest waits for at a cycle's end beside the proof. */
const PAUSE = ['prepare', 'fetch', 'copy', 'store', 'rearm'] as const satisfies readonly Phase[];

/** Columns of the table of cycles. */
interface Column {
  readonly title: string | ((work: TrackedWork) => string);
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

const milliseconds = (microseconds: number): string => `${(microseconds / 1000).toFixed(1)} ms`;

const sumOf = ({ phases }: DemoCycle, names: readonly Phase[]): number => names.reduce((sum, name) => sum + phases[name], 0);

/** Milliseconds of a cycle that the proof took. */
export const proofOfCycle = (cycle: DemoCycle): number => sumOf(cycle, PROOF) / 1000;

/** The log at its fullest, and how often the guest left since it was full. What it holds at a cycle's end says nothing: it was drained. */
function logText({ pmlFullest, pmlFullExits }: DemoCycle): string {
  const fullest = `${pmlFullest} of ${PML_ENTRIES}`;
  return pmlFullExits === 0 ? fullest : `${fullest}, full ${pmlFullExits}x`;
}

/** For people. */
const PLAIN: readonly Column[] = [
  { title: 'cycle', width: 5, value: ({ cpid }) => `${cpid}` },
  { title: 'pages written', width: 13, value: ({ dirty }) => `${dirty}` },
  {
    title: ({ tracking }) => (tracking === 'pml' ? 'log at its fullest' : 'write faults'),
    width: 21,
    value: (cycle, { tracking }) => (tracking === 'pml' ? logText(cycle) : `${cycle.eptViolations}`),
  },
  { title: 'ended by', width: 10, value: ({ exit }) => ending(exit) },
  { title: 'pause', width: 9, value: (cycle) => milliseconds(sumOf(cycle, PAUSE)) },
];

/** With --timings. */
const TIMED: readonly Column[] = [
  { title: 'cpid', width: 4, value: ({ cpid }) => `${cpid}` },
  { title: 'dirty', width: 5, value: ({ dirty }) => `${dirty}` },
  { title: 'exits', width: 5, value: (cycle, { tracking }) => `${tracking === 'pml' ? cycle.pmlFullExits : cycle.eptViolations}` },
  { title: 'ended', width: 9, value: ({ exit }) => ending(exit) },
  phase('prepare', 7),
  phase('run', 6),
  phase('quiesce', 7),
  phase('fetch', 5),
  phase('copy', 4),
  phase('hash', 5),
  phase('store', 5),
  phase('rearm', 5),
];

const line = ({ timings }: TrackedWork, text: (column: Column) => string): string =>
  (timings ? TIMED : PLAIN).map((column) => text(column).padStart(column.width)).join(' ');

/** The titles above, or below, the table. */
export const cycleTitles = (work: TrackedWork): string => line(work, ({ title }) => (typeof title === 'string' ? title : title(work)));

export const cycleLine = (cycle: DemoCycle, work: TrackedWork): string => line(work, (column) => column.value(cycle, work));

const METHODS: Readonly<Record<TrackedWork['tracking'], string>> = {
  pml: `log: the processor notes each page that is written, up to ${PML_ENTRIES} between two exits`,
  'write-protect': 'write faults: there is no log; the first write to each page stops the guest',
};

/** What the titles mean. */
export function tableNote({ tracking, timings }: TrackedWork): string[] {
  if (!timings) return ['pause: how long the guest stood still, without the proof that no write was lost', METHODS[tracking]];
  return [
    `exits: ${tracking === 'pml' ? 'PML buffer full' : 'EPT violations'}; prepare to rearm in microseconds;`,
    'the proof is quiesce, with the comparison of all memory, and hash',
  ];
}

const number = (value: number | bigint): string => value.toLocaleString('en-US');
const count = (value: number, noun: string): string => `${number(value)} ${noun}${value === 1 ? '' : 's'}`;

export function startLines({ work, pages }: DemoStart): string[] {
  return [
    `dirtier-64 (${commandLine(work)})`,
    `in ${showSize(work.memory)}, ${number(pages)} pages, tracked by ${work.tracking}, dirty trigger ${work.dirtyTrigger}`,
    ...(work.injection ? [`injected fault: ${work.injection.name}`] : []),
  ];
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** How it went; the last line says what was verified. Nothing if the scene ended before the first cycle. */
export function endLines(end: DemoEnd): string[] {
  const { how, exit, cycles, reported, retired, milliseconds } = end;
  const how_ = how === 'guest' ? `the guest ended (${exit!.kind})` : how === 'interrupted' ? 'interrupted' : 'the proof failed';
  const first =
    `${how_} after ${count(cycles, 'cycle')}: ${count(reported, 'page')} reported and copied, ` +
    `${number(retired)} instructions, ${seconds(milliseconds)}` +
    (end.compared > 0 ? `, of which the proof took ${seconds(end.proof)}` : '');
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
