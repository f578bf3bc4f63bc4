// Numbers and outcomes in words.

import type { Exit } from '../vm/exit.ts';
import type { WebEnd } from './protocol.ts';

export const number = (value: number): string => value.toLocaleString('en-US');
export const count = (value: number, noun: string): string => `${number(value)} ${noun}${value === 1 ? '' : 's'}`;
export const hex = (value: number): string => `0x${value.toString(16)}`;

/** Three significant digits from 1 to 999, then whole ones. */
export const mips = (value: number | null): string => {
  if (value === null) return '–';
  return value >= 100 ? number(Math.round(value)) : value.toFixed(value >= 10 ? 1 : 2);
};

/** Of a share from 0 to 1; all of it only if it is all. */
export const percent = (share: number | null): string => (share === null ? '–' : `${Math.floor(share * 100)} %`);

const ENDINGS: Readonly<Partial<Record<Exit['kind'], string>>> = {
  limit: 'instructions',
  'mt-dirty-trigger': 'dirty trigger',
  'mt-list-full': 'list full',
  hlt: 'guest halted',
  shutdown: 'triple fault',
  'debug-exit': 'guest failed',
  interrupted: 'stopped',
};
/** What ended a cycle. */
export const ending = (kind: Exit['kind']): string => ENDINGS[kind] ?? kind;

function outcome({ how, exit }: WebEnd): string {
  if (how === 'lost-write') return 'The proof failed';
  if (how === 'stopped') return 'Stopped';
  switch (exit?.kind) {
    case 'hlt':
      return 'The guest halted';
    case 'shutdown':
      return 'The guest shut its processor down (triple fault)';
    case 'debug-exit':
      return `The guest failed with code ${exit.value}`;
    default:
      return `The guest ended (${exit?.kind})`;
  }
}

/** How the run went. */
export function summary(end: WebEnd): string {
  return (
    `${outcome(end)} after ${count(end.cycles, 'cycle')} and ${(end.milliseconds / 1000).toFixed(1)} s; ` +
    `${count(end.reported, 'page')} reported and copied.`
  );
}

/** What was verified, and whether it holds. */
export function verdict({ compared, lost, pages, rebuilt }: WebEnd): { readonly holds: boolean; readonly text: string } {
  if (lost !== null || rebuilt === null) return { holds: false, text: `Not verified: ${lost}` };
  const { checked, wrong } = rebuilt;
  if (wrong.length > 0) return { holds: false, text: `Not verified: of ${checked} cycles, these do not rebuild: ${wrong.join(', ')}` };
  const unreported = `every page not reported is byte-identical (${count(pages, 'page')}, ${count(compared, 'comparison')})`;
  const equal = `${number(checked)} of ${number(checked)} hashes equal, the base's included`;
  return { holds: true, text: `Verified: ${unreported}, and every cycle rebuilds (${equal})` };
}
