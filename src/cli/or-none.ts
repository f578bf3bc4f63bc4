import { InputError } from '../base/errors.ts';

/** What `list` gives, or nothing where that is not to be had: for lists that only help the user. */
export function orNone<T>(list: () => readonly T[]): readonly T[] {
  try {
    return list();
  } catch (error) {
    if (error instanceof InputError) return [];
    throw error;
  }
}
