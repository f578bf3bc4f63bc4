// From an option's text to its value. Each throws InputError with a message that reads on after "option '--name': ".

import { InputError } from '../base/errors.ts';
import { didYouMean } from '../base/near.ts';

const UNITS = { K: 1024, M: 1024 ** 2, G: 1024 ** 3 } as const;

const inRange = (value: number, min: number, max: number): boolean => value >= min && value <= max;

/** Bytes of a size such as `64M` or `2G`. A unit is demanded, since tools disagree on what a bare number means. */
export function parseSize(text: string, min: number, max: number): number {
  const match = /^(\d+)([KMG])$/i.exec(text);
  if (!match) throw new InputError(`'${text}' is not a size such as 64M or 2G`);
  const bytes = Number(match[1]) * UNITS[match[2]!.toUpperCase() as keyof typeof UNITS];
  if (!inRange(bytes, min, max)) throw new InputError(`${text} is not between ${showSize(min)} and ${showSize(max)}`);
  return bytes;
}

/** The shortest way to write `bytes` that parseSize reads back; bytes must be a multiple of 1 KiB. */
export function showSize(bytes: number): string {
  const unit = bytes % UNITS.G === 0 ? 'G' : bytes % UNITS.M === 0 ? 'M' : 'K';
  return `${bytes / UNITS[unit]}${unit}`;
}

/** A whole number, decimal or 0x-hexadecimal, in [min, max]. */
export function parseInteger(text: string, min: number, max: number): number {
  if (!/^(\d+|0x[0-9a-f]+)$/i.test(text)) throw new InputError(`'${text}' is not a whole number`);
  const value = Number(text);
  if (!inRange(value, min, max)) {
    throw new InputError(max < Number.MAX_SAFE_INTEGER ? `${text} is not between ${min} and ${max}` : `${text} is not ${min} or more`);
  }
  return value;
}

/** Seconds, with decimals, above 0. */
export function parseSeconds(text: string): number {
  const value = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : NaN;
  if (!(value > 0 && value < 1e9)) throw new InputError(`'${text}' is not a number of seconds above 0`);
  return value;
}

/** How far apart checkpoints are: in the machine's time, in retired instructions, or in pages that became dirty. */
export type Interval =
  | { readonly by: 'time'; readonly nanoseconds: number }
  | { readonly by: 'instructions'; readonly count: number }
  | { readonly by: 'pages'; readonly count: number };

const NANOSECONDS = { us: 1e3, ms: 1e6, s: 1e9 } as const;

/** `50ms` (or us, s), `1000000insns`, `512pages`. */
export function parseInterval(text: string): Interval {
  const match = /^(\d+)(us|ms|s|insns|pages)$/.exec(text);
  const amount = Number(match?.[1]);
  if (!match || !inRange(amount, 1, 1e12)) throw new InputError(`'${text}' is not an interval such as 50ms, 1000000insns or 512pages`);
  const unit = match[2] as keyof typeof NANOSECONDS | 'insns' | 'pages';
  if (unit === 'insns') return { by: 'instructions', count: amount };
  if (unit === 'pages') return { by: 'pages', count: amount };
  return { by: 'time', nanoseconds: amount * NANOSECONDS[unit] };
}

/** Where the guest's first serial port leads. */
export type SerialTarget = { readonly kind: 'stdio' } | { readonly kind: 'none' } | { readonly kind: 'file'; readonly path: string };

/** `stdio`, `none` or `file:PATH`. */
export function parseSerial(text: string): SerialTarget {
  if (text === 'stdio' || text === 'none') return { kind: text };
  const path = text.startsWith('file:') ? text.slice('file:'.length) : '';
  if (path === '') throw new InputError(`'${text}' is not stdio, none or file:PATH`);
  return { kind: 'file', path };
}

/** `stdio` is stdout. */
export type DebugTarget = Exclude<SerialTarget, { readonly kind: 'none' }>;

/** `stdio`, `file:PATH` or a path. */
export function parseDebugcon(text: string): DebugTarget {
  if (text === 'stdio') return { kind: 'stdio' };
  const path = text.startsWith('file:') ? text.slice('file:'.length) : text;
  if (path === '') throw new InputError('the value is empty');
  return { kind: 'file', path };
}

const TRACE_CLASSES = ['exceptions', 'interrupts', 'io', 'mmio'] as const;
export type TraceClass = (typeof TRACE_CLASSES)[number];

/** What to trace; `file` is null for stderr. */
export interface TraceTarget {
  /** `instructions`: each of them, with the events among `classes` between them. */
  readonly what: 'events' | 'instructions';
  /** The classes of events; null for every event that there is. */
  readonly classes: readonly TraceClass[] | null;
  readonly file: string | null;
}

/** A comma list of `events` (all of them), `instructions`, and classes of events; with an optional `=FILE`. */
export function parseTrace(text: string): TraceTarget {
  const [, list, file = null] = /^([^=]*)(?:=(.+))?$/s.exec(text) ?? [];
  const words = list?.split(',') ?? [];
  const known: readonly string[] = ['events', 'instructions', ...TRACE_CLASSES];
  const odd = words.find((word) => !known.includes(word));
  if (list === undefined || odd !== undefined) {
    const near = odd === undefined ? '' : didYouMean(odd, known);
    throw new InputError(`'${odd ?? text}' is not one of ${known.join(', ')}; a list of them may end with =FILE${near}`);
  }
  const what = words.includes('instructions') ? 'instructions' : 'events';
  const named = TRACE_CLASSES.filter((name) => words.includes(name));
  // Instructions alone stand with what comes between them.
  const classes = named.length === 0 && what === 'instructions' ? (['exceptions', 'interrupts'] as const) : named;
  return { what, classes: words.includes('events') ? null : classes, file };
}
