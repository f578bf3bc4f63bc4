// `tidemark help`: the same texts as --help, and the manual page.

import { InputError } from '../../base/errors.ts';
import { didYouMean } from '../../base/near.ts';
import { type Command, defineCommand, withUsageHint } from '../command.ts';
import { ExitStatus } from '../exit-status.ts';
import { type CommandGroup, commandHelp, generalHelp } from '../help.ts';
import { manualPage } from '../manual-page.ts';
import { flag } from '../options.ts';

const OPTIONS = {
  man: flag('the manual page, for `man -l`'),
} as const;

/** `groups` gives all commands. */
export const help = (groups: () => readonly CommandGroup<Command>[]): Command =>
  defineCommand(
    {
      name: 'help',
      summary: 'explain a command, or list them all',
      usage: '[COMMAND] [--man]',
      description: ['What COMMAND --help says too. --man prints the manual page of the whole, of which man/tidemark.1 is a copy.'],
      options: OPTIONS,
      example: 'help run',
      operands: () => commandsOf(groups()).map(({ name }) => name),
    },
    async ({ man }, positionals, io) => {
      const command = withUsageHint('help', () => oneCommand(positionals, groups(), man));
      io.stdout.write(man ? manualPage(commandsOf(groups())) : command === null ? generalHelp(groups()) : commandHelp(command));
      return ExitStatus.OK;
    },
  );

const commandsOf = (groups: readonly CommandGroup<Command>[]): Command[] => groups.flatMap(({ commands }) => commands);

function oneCommand([name, ...extra]: readonly string[], groups: readonly CommandGroup<Command>[], man: boolean): Command | null {
  if (name === undefined) return null;
  if (man) throw new InputError(`--man is of all commands, but '${name}' is one`);
  if (extra.length > 0) throw new InputError(`one COMMAND at most, but '${extra[0]}' is a second one`);
  const commands = commandsOf(groups);
  const command = commands.find((candidate) => candidate.name === name);
  if (command) return command;
  const names = commands.map((known) => known.name);
  throw new InputError(`unknown command '${name}': there are ${names.join(', ')}${didYouMean(name, names)}`);
}
