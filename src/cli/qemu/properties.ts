// The values of QEMU's options: `cpus=4,cores=2`, a comma in a value written twice, the first key sometimes left out.

import { InputError } from '../../base/errors.ts';
import { didYouMean } from '../../base/near.ts';

export type Properties = ReadonlyMap<string, string>;

/** Cuts `text` at its single commas. */
export const commaSeparated = (text: string): string[] =>
  text.split(/(?<=(?:^|[^,])(?:,,)*),(?!,)/).map((part) => part.replaceAll(',,', ','));

/** `text` as keys and values. `first` is the key of a first part without one, null if there is none; other such keys are on. */
export function properties(text: string, first: string | null): Properties {
  return new Map(
    commaSeparated(text).map((part, n) => {
      const at = part.indexOf('=');
      if (at >= 0) return [part.slice(0, at), part.slice(at + 1)];
      return n === 0 && first !== null ? [first, part] : [part, 'on'];
    }),
  );
}

/** InputError for a key that is not `known`. */
export function requireKnownKeys(given: Properties, known: readonly string[]): void {
  const unknown = [...given.keys()].find((key) => !known.includes(key));
  if (unknown !== undefined) throw new InputError(`'${unknown}' is not one of ${known.join(', ')}${didYouMean(unknown, known)}`);
}

/** A value that must be there and not be empty. */
export function requireValue(given: Properties, key: string): string {
  const value = given.get(key);
  if (value === undefined || value === '') throw new InputError(`${key} is missing`);
  return value;
}
