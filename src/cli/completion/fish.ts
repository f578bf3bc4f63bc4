// Completion for fish.

import type { Completes, DescribedOption } from '../described-option.ts';
import type { CompletedCommand } from './completed-command.ts';

/** In fish's single quotes only these two are special. */
const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, (special) => `\\${special}`)}'`;

/** The script, a line for each command, option and operand. */
export function fishCompletion(commands: readonly CompletedCommand[]): string {
  return [
    '# fish completion for tidemark, written by `tidemark completion fish`.',
    '',
    'complete -c tidemark -f',
    'complete -c tidemark -n __fish_use_subcommand -l help -s h -d "the list of commands"',
    'complete -c tidemark -n __fish_use_subcommand -l version -d "the version"',
    ...commands.flatMap(linesOf),
    '',
  ].join('\n');
}

function linesOf({ name, summary, options, operands }: CompletedCommand): string[] {
  const isCommand = `test (count (commandline -opc)) -gt 1; and test (commandline -opc)[2] = ${name}`;
  const within = `complete -c tidemark -n ${quoted(isCommand)}`;
  return [
    `complete -c tidemark -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    ...options.map((option) => `${within} ${nameOf(option)}${valueOf(option)} -d ${quoted(option.help)}`),
    `${within}${offered(operands)}`,
  ];
}

/** `-kernel` is a long option of the old kind, `-m` a short one. */
function nameOf({ name }: DescribedOption): string {
  if (name === '--help') return '-l help -s h';
  if (name.startsWith('--')) return `-l ${name.slice(2)}`;
  return name.length === 2 ? `-s ${name.slice(1)}` : `-o ${name.slice(1)}`;
}

function valueOf({ metavar, valueOptional, completes }: DescribedOption): string {
  if (metavar === null) return '';
  return `${valueOptional ? '' : ' -r'}${offered(completes)}`;
}

function offered({ words, paths }: Completes): string {
  const directories = paths === 'directories' ? ['(__fish_complete_directories)'] : [];
  const all = [...words, ...directories];
  return `${paths === 'files' ? ' -F' : ' -f'}${all.length === 0 ? '' : ` -a ${quoted(all.join(' '))}`}`;
}
