// Whether plain data is a journal. What an input says is checked by the call that it stands for, when it is given.

import { ACTIVITY_NAMES } from '../../vm/vcpu.ts';
import { comparePositions } from '../../vm/journal.ts';
import type { JournalData, Moment } from '../../vm/journal.ts';

type Fields = { readonly [name: string]: unknown };
type Check = (value: unknown) => boolean;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isText: Check = (value) => typeof value === 'string';

/** By kind, what else an input has. */
const INPUTS: { readonly [kind: string]: { readonly [field: string]: Check } } = {
  device: { device: isText, data: () => true },
  interrupt: { vcpu: isCount, vector: isCount },
  nmi: { vcpu: isCount },
  reset: { vcpu: isCount },
  activity: { vcpu: isCount, activity: (value) => ACTIVITY_NAMES.some((name) => name === value) },
  regs: { vcpu: isCount, values: isObject },
  sregs: { vcpu: isCount, values: isObject },
  memory: { gpa: isCount, bytes: (value) => value instanceof Uint8Array },
  memslot: { request: isObject },
  answer: { vcpu: isCount, value: isCount },
  mark: {},
};

function isInput(value: unknown): boolean {
  if (!isObject(value) || typeof value['kind'] !== 'string' || !Object.hasOwn(INPUTS, value['kind'])) return false;
  const fields = INPUTS[value['kind']]!;
  return Object.keys(value).length === Object.keys(fields).length + 1 && Object.entries(fields).every(([name, is]) => is(value[name]));
}

function isMoment(value: unknown): value is Moment {
  if (!isObject(value)) return false;
  const { at, waiting, check } = value;
  return isObject(at) && isCount(at['ticks']) && isCount(at['events']) && typeof waiting === 'boolean' && isCount(check);
}

/** A start, an end, and between them entries whose positions ascend. */
export function isJournal(value: unknown): value is JournalData {
  if (!isObject(value)) return false;
  const { start, entries, end } = value;
  if (!isMoment(start) || !isMoment(end) || !Array.isArray(entries)) return false;
  if (!entries.every((entry) => isMoment(entry) && isInput((entry as unknown as Fields)['input']))) return false;
  const moments = [start, ...(entries as Moment[]), end];
  return moments.every((moment, n) => n === 0 || comparePositions(moments[n - 1]!.at, moment.at) <= 0);
}
