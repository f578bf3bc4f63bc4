// The command line's entry: which subcommand, and what becomes of its errors.

import { InputError } from '../base/errors.ts';
import { didYouMean } from '../base/near.ts';
import { withHint } from './command.ts';
import { COMMANDS, COMMAND_GROUPS } from './commands.ts';
import { ExitStatus } from './exit-status.ts';
import { generalHelp } from './help.ts';
import type { CliIo } from './io.ts';
import { reportError, reportLostOutput } from './report-error.ts';
import { unknownOption } from './unknown-option.ts';
import { VERSION } from './version.ts';

/** Does what `argv` (without node and script) asks for and returns the exit status. Never throws. */
export async function main(argv: readonly string[], io: CliIo): Promise<number> {
  try {
    return await dispatch(argv, io);
  } catch (error) {
    return reportError(error, io);
  }
}

async function dispatch(argv: readonly string[], io: CliIo): Promise<number> {
  const [name, ...rest] = argv;
  if (name === '--help' || name === '-h') {
    io.stdout.write(generalHelp(COMMAND_GROUPS));
    return ExitStatus.OK;
  }
  if (name === '--version') {
    io.stdout.write(`tidemark ${VERSION}\n`);
    return ExitStatus.OK;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command) return command.invoke(rest, io);
  throw new InputError(withHint(wrongCommand(name), 'tidemark --help'));
}

function wrongCommand(name: string | undefined): string {
  if (name === undefined) return 'no command given';
  if (name.startsWith('-')) return unknownOption(name, ['--help', '--version']).message;
  const names = COMMANDS.map((command) => command.name);
  return `unknown command '${name}'${didYouMean(name, names)}`;
}

/** Runs the command line as this process: its arguments, streams and exit status. */
export async function runAsProcess(): Promise<void> {
  const io: CliIo = process;
  // A reader that goes away (`tidemark … | head`) is no error: end as a process that dies of SIGPIPE does.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? 128 + 13 : reportLostOutput('stdout', error, io)),
  );
  process.on('uncaughtException', (error) => process.exit(reportError(error, io)));
  process.exitCode = await main(process.argv.slice(2), io);
}
