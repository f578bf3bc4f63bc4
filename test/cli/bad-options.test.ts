// Wrong values of every option of every command, made from the tables: one line on stderr that names option and value, status 125,
// before anything is run. A new option is tested as soon as it is in its table.

import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { type Option, optionName } from '../../src/cli/options.ts';
import { cli } from './streams.ts';

const LONG = 'x'.repeat(5000);
/** What no number, size, duration or choice is. */
const WRONG: readonly string[] = [
  '',
  'nonsense',
  '-1',
  '-0x1',
  '1e9',
  '1.5.5',
  '0x',
  ' 1',
  'NaN',
  'Infinity',
  `${'9'.repeat(40)}`,
  `${'9'.repeat(40)}G`,
  'a\nb',
  'a\x1b[2Jb',
  'é',
  LONG,
];
/** Metavars of values that may be any text, or any but none. */
const ANY_TEXT = /^(F|S|DIR|FILE|REGEX|TEXT|LIST|NAME|SYMBOL)\b|\b(F|FILE)$/;

interface Case {
  readonly command: string;
  readonly name: string;
  readonly option: Option<unknown>;
}

const CASES: readonly Case[] = COMMANDS.flatMap(({ name: command, options }) =>
  Object.entries(options).map(([key, option]) => ({ command, name: optionName(key), option })),
);
const VALUED = CASES.filter(({ option }) => option.metavar !== null);
const FLAGS = CASES.filter(({ option }) => option.metavar === null);

async function refuses(command: string, argv: readonly string[], ...named: readonly string[]): Promise<void> {
  const { status, stdout, ...ran } = await cli(command, ...argv);
  const stderr = Buffer.from(ran.stderr, 'latin1').toString();
  expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
  expect(stderr).toMatch(/^tidemark: [^\p{Cc}]+\n$/u);
  for (const text of named) expect(stderr).toContain(text);
}

/** Whether the option itself refuses the text; then it must be by an InputError. */
function isRefused({ option }: Case, text: string): boolean {
  try {
    option.accept(text, option.initial);
    return false;
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return true;
  }
}

describe('an option with a value', () => {
  it.each(VALUED)('$command $name: wrong values', async (one) => {
    const { command, name, option } = one;
    const refused = WRONG.filter((text) => isRefused(one, text));
    if (!ANY_TEXT.test(option.metavar!)) expect(refused).toEqual(WRONG);
    for (const text of refused) {
      const shown = text === '' ? [] : [text.replace('\n', ' ').replace('\x1b', '\\x1b')];
      await refuses(command, [`${name}=${text}`], `option '${name}'`, ...shown);
    }
  });

  it.each(VALUED.filter(({ option }) => !option.valueOptional))('$command $name: no value', async ({ command, name, option }) => {
    const text = `option '${name}' needs a value (${name}=${option.metavar})`;
    await refuses(command, [name], text);
    await refuses(command, [name, '--json'], text);
  });

  it.each(VALUED)('$command $name: a wrong value is no better for a right one beside it', async (one) => {
    const { command, name } = one;
    const wrong = WRONG.find((text) => isRefused(one, text));
    if (wrong === undefined) return expect(one.option.metavar).toMatch(ANY_TEXT);
    await refuses(command, [`${name}=${wrong}`, `${name}=1`], `option '${name}'`);
  });
});

it.each(FLAGS)('the flag $command $name takes no value', async ({ command, name }) => {
  await refuses(command, [`${name}=yes`], `option '${name}' takes no value, but was given 'yes'`);
});

describe.each(COMMANDS)('$name', ({ name: command, options }) => {
  it('does not know other options', async () => {
    for (const option of ['--no-such-option', '-Z', '--=x']) await refuses(command, [option], option.replace(/=.*/, ''));
  });

  it.each(Object.keys(options).filter((key) => key.length > 4))('%s mistyped: did you mean', async (key) => {
    const name = optionName(key);
    const mistyped = `${name.slice(0, -2)}${name.at(-1)}${name.at(-2)}x`;
    await refuses(command, [mistyped], `unknown option '${mistyped}'`);
    await refuses(command, [`-${name}`.slice(1, -1)], `'${name}'`);
  });

  it('takes so many operands and no more', async () => {
    const operands = ['no-such-thing', 'nor this', 'nor that'];
    if (command === 'bench' || command === 'test') await refuses(command, operands, "'no-such-thing'");
    else await refuses(command, operands, "'nor this'");
  });
});
