// Command-line arguments against an option table. Node's own util.parseArgs makes the tokens (`--opt=value`, `--opt value`, `--`), so
// no package is needed. Its strict mode knows no optional values and no repeats, so the rules are applied here.

import { parseArgs } from 'node:util';
import { InputError } from '../base/errors.ts';
import { type OptionTable, type OptionValues, optionName } from './options.ts';
import { unknownOption } from './unknown-option.ts';

export interface ParsedArguments<T extends OptionTable> {
  readonly values: OptionValues<T>;
  readonly positionals: readonly string[];
}

/**
 * The values that `argv` gives to the options in `table`, or 'help' if it asks for help. Of an option that is given twice the last
 * value counts, unless its values add up. Throws InputError.
 */
export function parseArguments<T extends OptionTable>(table: T, argv: readonly string[]): ParsedArguments<T> | 'help' {
  const keys = new Map(Object.keys(table).map((key) => [optionName(key), key]));
  const { tokens } = parseArgs({ args: [...argv], options: tokeniserOptions(table), strict: false, allowPositionals: true, tokens: true });
  // `-hda` is not help: parseArgs takes it for -h, -d and -a.
  if (tokens.some((token) => token.kind === 'option' && ['--help', '-h'].includes(writtenName(token, argv)))) return 'help';

  const values: Record<string, unknown> = Object.fromEntries(Object.entries(table).map(([key, { initial }]) => [key, initial]));
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const key = keys.get(token.rawName);
    if (key === undefined) throw unknownOption(writtenName(token, argv), [...keys.keys(), '--help']);
    values[key] = accept(table, key, token.value ?? null, token.inlineValue ?? false, values[key]);
  }
  return { values: values as OptionValues<T>, positionals };
}

/** The option as it was written, without a value: parseArgs takes `-kernel` for six options of one letter. */
const writtenName = ({ rawName, index }: { readonly rawName: string; readonly index: number }, argv: readonly string[]): string =>
  rawName.startsWith('--') ? rawName : argv[index]!;

/** What parseArgs must know to tell a value that stands as an argument of its own from a positional. */
function tokeniserOptions(table: OptionTable): Record<string, { type: 'string' | 'boolean'; short?: string }> {
  const known = Object.entries(table).map(
    ([key, { metavar, valueOptional }]) =>
      [optionName(key).slice(2), { type: metavar === null || valueOptional ? 'boolean' : 'string' }] as const,
  );
  return { ...Object.fromEntries(known), help: { type: 'boolean', short: 'h' } };
}

function accept(table: OptionTable, key: string, text: string | null, inline: boolean, previous: unknown): unknown {
  const option = table[key]!;
  const name = optionName(key);
  if (option.metavar === null && text !== null) throw new InputError(`option '${name}' takes no value, but was given '${text}'`);
  if (option.metavar !== null && !option.valueOptional) {
    // `--append --json` is a forgotten value far more often than a value with a dash.
    if (text === null || (!inline && text.length > 1 && text.startsWith('-'))) {
      throw new InputError(`option '${name}' needs a value (${name}=${option.metavar})`);
    }
  }
  try {
    return option.accept(text, previous);
  } catch (error) {
    throw error instanceof InputError ? new InputError(`option '${name}': ${error.message}`) : error;
  }
}
