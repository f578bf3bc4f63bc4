// Help texts, from the same tables as the parser.

import type { CommandHead } from './command.ts';
import { type DescribedOption, describedOptions } from './described-option.ts';
import { wrap } from './wrap.ts';

/** A terminal's columns, in which every text fits. */
const WIDTH = 80;
const INDENT = 2;
const GAP = 2;
/** An option longer than this has its text on the next line. */
const COLUMN = 27;

/** Commands that belong together, under a heading. */
export interface CommandGroup<C extends CommandHead = CommandHead> {
  readonly title: string;
  readonly commands: readonly C[];
}

/** What `tidemark help` and `tidemark --help` say. */
export function generalHelp(groups: readonly CommandGroup[]): string {
  const commands = groups.flatMap((group) => group.commands);
  const column = 2 * INDENT + Math.max(...commands.map(({ name }) => name.length)) + GAP;
  return [
    'Usage: tidemark COMMAND [arguments]',
    '',
    'An x86 machine that always knows which pages changed.',
    '',
    ...groups.flatMap((group) => [
      `${group.title}:`,
      ...table(
        group.commands.map(({ name, summary }) => [name, summary]),
        column,
      ),
      '',
    ]),
    'Examples:',
    ...commands.flatMap(({ example }) => (example === undefined ? [] : [`  tidemark ${example}`])),
    '',
    ...wrap('Each command explains itself: tidemark help COMMAND, or COMMAND --help. Also: --help, --version.', WIDTH),
    '',
  ].join('\n');
}

/** What `tidemark COMMAND --help` says. */
export function commandHelp(head: CommandHead): string {
  const { name, usage, description, example } = head;
  const rows = optionsOf(head).map((option) => [written(option), option.help] as const);
  return [
    ...usageLines(`Usage: tidemark ${name} `, usage),
    '',
    ...description.flatMap((paragraph) => [...wrap(paragraph, WIDTH), '']),
    ...(example === undefined ? [] : [`Example: tidemark ${example}`, '']),
    'Options:',
    ...table(rows, COLUMN),
    '',
  ].join('\n');
}

/** The options that `head` takes, as texts about them need them. */
export const optionsOf = (head: CommandHead): readonly DescribedOption[] => head.described ?? describedOptions(head.options);

function usageLines(start: string, usage: string): string[] {
  return wrap(usage, WIDTH - start.length).map((line, n) => (n === 0 ? start : ' '.repeat(start.length)) + line);
}

/** The option as it is written on a command line: `--stats[=FILE]`. */
export function written({ name, metavar, valueOptional }: DescribedOption): string {
  if (name === '--help') return '-h, --help';
  if (metavar === null) return name;
  return valueOptional ? `${name}[=${metavar}]` : `${name} ${metavar}`;
}

function table(rows: readonly (readonly [string, string])[], column: number): string[] {
  return rows.flatMap(([left, right]) => {
    const head = ' '.repeat(INDENT) + left;
    const lines = wrap(right, WIDTH - column).map((line) => ' '.repeat(column) + line);
    return head.length + GAP > column ? [head, ...lines] : [head.padEnd(column) + lines[0]!.slice(column), ...lines.slice(1)];
  });
}
