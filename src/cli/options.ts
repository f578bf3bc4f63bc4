// Options as typed data: the parser, the help text and the type of the values all come from one table per command.

import { InputError } from '../base/errors.ts';
import { didYouMean } from '../base/near.ts';

export interface Option<T> {
  /** How help names the value; null for a flag, which takes none. */
  readonly metavar: string | null;
  /** Whether the value may be left out; if given it then needs `=`. */
  readonly valueOptional: boolean;
  readonly help: string;
  /** The default as help shows it; null to show none. */
  readonly shownDefault: string | null;
  /** What the value may be, where the metavar does not list it. */
  readonly words?: readonly string[];
  /** The value if the option is not given. */
  readonly initial: T;
  /**
   * The value after the option was given with `text` (null without a value), `previous` being the value so far. A repeated
   * option replaces or adds, as it likes. Throws InputError with a message that reads on after the option's name.
   */
  accept(text: string | null, previous: T): T;
}

/** Keys are the options' names in camel case: `maxDirty` is written `--max-dirty`. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

export type OptionValues<T extends OptionTable> = { readonly [K in keyof T]: T[K] extends Option<infer V> ? V : never };

/** The values of options of which none is given. */
export const initialValues = <T extends OptionTable>(table: T): OptionValues<T> =>
  Object.fromEntries(Object.entries(table).map(([name, { initial }]) => [name, initial])) as OptionValues<T>;

/** `maxDirty` → `--max-dirty`. */
export const optionName = (key: string): string => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** An option without a value. */
export function flag(help: string): Option<boolean> {
  return { metavar: null, valueOptional: false, help, shownDefault: null, initial: false, accept: () => true };
}

/** An option whose value `parse` reads; `initial` (null by default) stands if it is not given. The last one given counts. */
export function valued<T>(metavar: string, parse: (text: string) => T, help: string): Option<T | null>;
export function valued<T>(metavar: string, parse: (text: string) => T, help: string, initial: T, shownDefault: string | null): Option<T>;
export function valued<T>(
  metavar: string,
  parse: (text: string) => T,
  help: string,
  initial: T | null = null,
  shownDefault: string | null = null,
): Option<T | null> {
  return { metavar, valueOptional: false, help, shownDefault, initial, accept: (text) => parse(text!) };
}

/** An option that may be given several times; the values add up, in order. */
export const list = (metavar: string, help: string): Option<readonly string[]> => parsedList(metavar, (text) => text, help);

/** The same, `parse` reading each value. */
export function parsedList<T>(metavar: string, parse: (text: string) => T, help: string): Option<readonly T[]> {
  return {
    metavar,
    valueOptional: false,
    help,
    shownDefault: null,
    initial: [],
    accept: (text, previous) => [...previous, parse(nonEmpty(text!))],
  };
}

/** An option that may be given several times, each adding to the value so far, `initial` at first. */
export const added = <T>(metavar: string, initial: T, add: (text: string, previous: T) => T, help: string): Option<T> => ({
  metavar,
  valueOptional: false,
  help,
  shownDefault: null,
  initial,
  accept: (text, previous) => add(text!, previous),
});

/** One of a few words. */
export function choice<const V extends string>(words: readonly V[], initial: NoInfer<V>, help: string): Option<V> {
  return valued(words.join('|'), (text) => oneOf(words, text), help, initial, initial);
}

/** One of a few words, or null if it is not given: for a default that depends on other options, described in `shownDefault`. */
export function choiceOrNull<const V extends string>(words: readonly V[], help: string, shownDefault: string): Option<V | null> {
  return { ...valued(words.join('|'), (text) => oneOf(words, text), help), shownDefault };
}

/** `text`, if it is one of `words`. InputError that lists them for any other. */
export function oneOf<V extends string>(words: readonly V[], text: string): V {
  const found = words.find((word) => word === text);
  if (found === undefined) throw new InputError(`'${text}' is not one of ${words.join(', ')}${didYouMean(text, words)}`);
  return found;
}

/** An option that asks for a report, to a file if one is named after `=`. Null if it is not given. */
export function report(metavar: string, help: string): Option<{ readonly file: string | null } | null> {
  return {
    metavar,
    valueOptional: true,
    help,
    shownDefault: null,
    initial: null,
    accept: (text) => ({ file: text === null ? null : nonEmpty(text) }),
  };
}

/** A path or a name: any text but the empty one. */
export function nonEmpty(text: string): string {
  if (text === '') throw new InputError('the value is empty');
  return text;
}
