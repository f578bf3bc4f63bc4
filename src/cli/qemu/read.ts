// QEMU's command line: each option with one dash or two, its value in the next argument; an argument without a dash is a disk.

import { InputError } from '../../base/errors.ts';
import { didYouMean } from '../../base/near.ts';
import { medium } from './devices.ts';
import { QEMU_OPTIONS } from './options.ts';
import { Plan } from './plan.ts';

/** QEMU's own names for what `--help` is here. */
const HELP: readonly string[] = ['-h', '-help', '--help'];

/**
 * What `argv` asks for, or 'help'. What follows `--` is for `run` as it is. `check` is told each option of `run` with its value, and
 * throws InputError for what `run` would not take; `ownOptions` are those of `run`. InputError names the option as QEMU does.
 */
export function readQemuArguments(
  argv: readonly string[],
  check: (option: string, value: string) => void,
  ownOptions: readonly string[],
): { readonly plan: Plan; readonly run: readonly string[] } | 'help' {
  const plan = new Plan(check);
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  for (let n = 0; n < words.length; n++) {
    const word = words[n]!;
    if (HELP.includes(word)) return 'help';
    if (!word.startsWith('-') || word === '-') {
      named('', () => medium(plan, word, '--disk', word));
      continue;
    }
    const name = word.replace(/^--?/, '');
    const option = Object.hasOwn(QEMU_OPTIONS, name) ? QEMU_OPTIONS[name]! : null;
    if (option === null) throw unknown(word, ownOptions);
    if (option.metavar !== null && n + 1 >= words.length)
      throw new InputError(`option '-${name}' needs a value (-${name} ${option.metavar})`);
    const value = option.metavar === null ? '' : words[++n]!;
    named(`option '-${name}': `, () => option.take(plan, value, option.metavar === null ? `-${name}` : `-${name} ${value}`));
  }
  return { plan, run: [...plan.runArguments(), ...(end < 0 ? [] : argv.slice(end + 1))] };
}

function unknown(word: string, ownOptions: readonly string[]): InputError {
  const [name = ''] = word.split('=');
  if (ownOptions.includes(name)) return new InputError(`option '${name}' is of 'tidemark run': give it after '--'`);
  return new InputError(`unknown option '${word}'${didYouMean(name.replace(/^--?/, ''), Object.keys(QEMU_OPTIONS), '-')}`);
}

function named(prefix: string, body: () => void): void {
  try {
    body();
  } catch (error) {
    throw error instanceof InputError ? new InputError(prefix + error.message) : error;
  }
}
