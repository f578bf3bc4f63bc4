// Help texts, from the same tables as the parser.

import type { CommandHead } from './command.ts';
import { type Option, optionName } from './options.ts';

const WIDTH = 100;
const INDENT = 2;
const GAP = 2;
/** An option longer than this has its text on the next line. */
const COLUMN = 36;

/** What `tidemark` and `tidemark --help` say. */
export function generalHelp(commands: readonly CommandHead[]): string {
  const rows = commands.map(({ name, summary }) => [name, summary] as const);
  return [
    'Usage: tidemark COMMAND [arguments]',
    '',
    'An x86 machine that always knows which pages changed.',
    '',
    'Commands:',
    ...table(rows, 2 * INDENT + Math.max(...rows.map(([name]) => name.length)) + GAP),
    '',
    'Each command explains itself: tidemark COMMAND --help. Also: --help, --version.',
    '',
  ].join('\n');
}

/** What `tidemark COMMAND --help` says. */
export function commandHelp({ name, usage, description, options }: CommandHead): string {
  const rows = Object.entries(options).map(([key, option]) => [written(key, option), explained(option)] as const);
  return [
    `Usage: tidemark ${name} ${usage}`,
    '',
    ...description.flatMap((paragraph) => [...wrap(paragraph, WIDTH), '']),
    'Options:',
    ...table([...rows, ['-h, --help', 'this text']], COLUMN),
    '',
  ].join('\n');
}

function written(key: string, { metavar, valueOptional }: Option<unknown>): string {
  if (metavar === null) return optionName(key);
  return valueOptional ? `${optionName(key)}[=${metavar}]` : `${optionName(key)} ${metavar}`;
}

const explained = ({ help, shownDefault }: Option<unknown>): string =>
  shownDefault === null ? help : `${help} (default: ${shownDefault})`;

function table(rows: readonly (readonly [string, string])[], column: number): string[] {
  return rows.flatMap(([left, right]) => {
    const head = ' '.repeat(INDENT) + left;
    const lines = wrap(right, WIDTH - column).map((line) => ' '.repeat(column) + line);
    return head.length + GAP > column ? [head, ...lines] : [head.padEnd(column) + lines[0]!.slice(column), ...lines.slice(1)];
  });
}

/** Breaks `text` at spaces into lines of at most `width` columns. */
function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!;
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
