// The command line's entry: which subcommand, and what becomes of its errors.

import { InputError } from '../base/errors.ts';
import type { Command } from './command.ts';
import { bench } from './commands/bench.ts';
import { demo } from './commands/demo.ts';
import { inspect } from './commands/inspect.ts';
import { replay } from './commands/replay.ts';
import { restore } from './commands/restore.ts';
import { run } from './commands/run.ts';
import { test } from './commands/test.ts';
import { ExitStatus } from './exit-status.ts';
import { generalHelp } from './help.ts';
import type { CliIo } from './io.ts';
import { reportError } from './report-error.ts';
import { VERSION } from './version.ts';

const COMMANDS: readonly Command[] = [run, test, restore, replay, inspect, demo, bench];

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
  if (name === '--help' || name === '-h' || name === 'help') {
    io.stdout.write(generalHelp(COMMANDS));
    return ExitStatus.OK;
  }
  if (name === '--version') {
    io.stdout.write(`tidemark ${VERSION}\n`);
    return ExitStatus.OK;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command) return command.invoke(rest, io);
  const wrong = name === undefined ? 'no command given' : name.startsWith('-') ? `unknown option '${name}'` : `unknown command '${name}'`;
  throw new InputError(`${wrong}; see 'tidemark --help'`);
}

/** Runs the command line as this process: its arguments, streams and exit status. */
export async function runAsProcess(): Promise<void> {
  const io: CliIo = process;
  // A reader that goes away (`tidemark … | head`) is no error: end as a process that dies of SIGPIPE does.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 128 + 13 : reportError(error, io)));
  process.on('uncaughtException', (error) => process.exit(reportError(error, io)));
  process.exitCode = await main(process.argv.slice(2), io);
}
