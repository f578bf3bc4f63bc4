// What --symbols names.

import { Symbols } from '../debug/symbols.ts';
import { readInputFile } from './input-file.ts';

/** The symbols in the file at `path`; null without one. InputError for a file that has none, or that cannot be read. */
export const readSymbols = (path: string | null): Symbols | null =>
  path === null ? null : Symbols.parse(path, readInputFile(path, 'file of symbols'));
