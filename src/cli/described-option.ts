// An option as texts about it need it: help, the manual page and the shells' completions.

import { type Option, type OptionTable, optionName } from './options.ts';

export interface DescribedOption {
  /** With its dashes. */
  readonly name: string;
  /** How its value is called; null if it takes none. */
  readonly metavar: string | null;
  readonly valueOptional: boolean;
  readonly help: string;
  readonly completes: Completes;
}

/** What a shell offers for a value or an operand. A word that ends in `:` has a file after it. */
export interface Completes {
  readonly words: readonly string[];
  readonly paths: 'none' | 'files' | 'directories';
}

const FILE_METAVARS: readonly string[] = ['F', 'FILE', 'PATH', 'LIST', 'IMAGE', 'CHECKPOINT', 'RECORDING'];
const DIRECTORY_METAVAR = 'DIR';

/** The options of a table in its order, then `--help`, which every command has. */
export function describedOptions(table: OptionTable): DescribedOption[] {
  return [...Object.entries(table).map(([key, option]) => described(optionName(key), option)), HELP];
}

const HELP: DescribedOption = {
  name: '--help',
  metavar: null,
  valueOptional: false,
  help: 'this text',
  completes: { words: [], paths: 'none' },
};

function described(name: string, { metavar, valueOptional, help, shownDefault, words }: Option<unknown>): DescribedOption {
  return {
    name,
    metavar,
    valueOptional,
    help: shownDefault === null ? help : `${help} (default: ${shownDefault})`,
    completes: words ? { words, paths: 'none' } : completesOf(metavar ?? ''),
  };
}

/** What a metavar stands for: small letters are themselves, some capitals are files, others are anything. */
export function completesOf(metavar: string): Completes {
  const parts = metavar.split('|').map((part) => part.replace(/\[.*$/, ''));
  return {
    words: parts.filter((part) => /^[a-z]/.test(part)).map((part) => part.replace(/:[A-Z].*$/, ':')),
    paths: parts.includes(DIRECTORY_METAVAR) ? 'directories' : parts.some((part) => FILE_METAVARS.includes(part)) ? 'files' : 'none',
  };
}
