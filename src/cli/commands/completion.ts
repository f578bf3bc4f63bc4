// `tidemark completion`: a script that makes a shell complete what is typed after `tidemark`.

import { InputError } from '../../base/errors.ts';
import { type Command, defineCommand, withUsageHint } from '../command.ts';
import { bashCompletion } from '../completion/bash.ts';
import { completedCommand } from '../completion/completed-command.ts';
import { fishCompletion } from '../completion/fish.ts';
import { zshCompletion } from '../completion/zsh.ts';
import { ExitStatus } from '../exit-status.ts';
import { oneOf } from '../options.ts';

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;
const SHELLS = ['bash', 'zsh', 'fish'] as const satisfies readonly (keyof typeof SCRIPTS)[];

/** `commands` gives all commands. */
export const completion = (commands: () => readonly Command[]): Command =>
  defineCommand(
    {
      name: 'completion',
      summary: 'print a script that makes a shell complete commands and options',
      usage: SHELLS.join('|'),
      description: [
        'For one session: source <(tidemark completion bash), source <(tidemark completion zsh), tidemark completion fish | source. ' +
          'For all: put that line into ~/.bashrc or, below compinit, into ~/.zshrc; or write the script for fish into ' +
          '~/.config/fish/completions/tidemark.fish.',
      ],
      options: {},
      example: 'completion bash',
      operands: () => SHELLS,
    },
    async (_values, positionals, io) => {
      const shell = withUsageHint('completion', () => oneShell(positionals));
      io.stdout.write(SCRIPTS[shell](commands().map(completedCommand)));
      return ExitStatus.OK;
    },
  );

function oneShell([name, ...extra]: readonly string[]): (typeof SHELLS)[number] {
  if (name === undefined) throw new InputError(`no shell given: there are ${SHELLS.join(', ')}`);
  if (extra.length > 0) throw new InputError(`one shell at most, but '${extra[0]}' is a second one`);
  return oneOf(SHELLS, name);
}
