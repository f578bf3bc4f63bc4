import { InputError } from '../base/errors.ts';
import type { DescribedOption } from './described-option.ts';
import { ExitStatus } from './exit-status.ts';
import { commandHelp } from './help.ts';
import type { CliIo } from './io.ts';
import type { OptionTable, OptionValues } from './options.ts';
import { parseArguments } from './parse-arguments.ts';

/** What a subcommand is, apart from what it does. */
export interface CommandHead<T extends OptionTable = OptionTable> {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What follows the name on the usage line. */
  readonly usage: string;
  /** Paragraphs below the usage line. */
  readonly description: readonly string[];
  readonly options: T;
  /** A command line that shows what it is for, without `tidemark`. */
  readonly example?: string;
  /** What may be given beside options, where that is not a file. */
  readonly operands?: () => readonly string[];
  /** The options in place of those of `options`, for a command that takes them in another form. */
  readonly described?: readonly DescribedOption[];
}

export interface Command extends CommandHead {
  /** Parses `argv` (what follows the command's name) and does it. Returns the exit status; throws InputError for bad usage. */
  invoke(argv: readonly string[], io: CliIo): Promise<number>;
}

/** A subcommand whose `execute` gets its option values typed by its own table. */
export function defineCommand<T extends OptionTable>(
  head: CommandHead<T>,
  execute: (values: OptionValues<T>, positionals: readonly string[], io: CliIo) => Promise<number>,
): Command {
  return {
    ...head,
    async invoke(argv, io) {
      const parsed = withUsageHint(head.name, () => parseArguments(head.options, argv));
      if (parsed === 'help') {
        io.stdout.write(commandHelp(head));
        return ExitStatus.OK;
      }
      return execute(parsed.values, parsed.positionals, io);
    },
  };
}

/** Runs `body`; an InputError out of it also says where to read about the options of `command`. */
export function withUsageHint<R>(command: string, body: () => R): R {
  try {
    return body();
  } catch (error) {
    throw error instanceof InputError ? new InputError(withHint(error.message, `tidemark ${command} --help`)) : error;
  }
}

/** The message with where to read on. */
export const withHint = (message: string, where: string): string => `${message}${message.endsWith('?') ? ' See' : '; see'} '${where}'`;
