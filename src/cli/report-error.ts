// What an error becomes for the user: text on stderr, and an exit status.

import { InputError, KvmError } from '../base/errors.ts';
import { ExitStatus } from './exit-status.ts';
import type { CliIo } from './io.ts';
import { isSystemError, systemErrorText } from './system-error.ts';
import { VERSION } from './version.ts';

/**
 * Reports `error` on stderr and returns the exit status. What the user can mend (bad usage, a file, a machine that cannot be
 * built as asked) is one line; anything else is Tidemark's fault and says what to report. TIDEMARK_DEBUG adds the stack.
 */
export function reportError(error: unknown, { stderr, env }: CliIo): number {
  const usage = usageText(error);
  stderr.write(usage === null ? internalText(error) : `tidemark: ${usage}\n`);
  if (env['TIDEMARK_DEBUG'] && error instanceof Error) stderr.write(`${error.stack}\n`);
  return usage === null ? ExitStatus.INTERNAL : ExitStatus.USAGE;
}

/** The same for an output that cannot be written on; nothing that comes after would be seen. `name`: what it is called. */
export function reportLostOutput(name: string, error: unknown, io: CliIo): number {
  if (!isSystemError(error)) return reportError(error, io);
  io.stderr.write(`tidemark: '${name}': ${systemErrorText(error)}\n`);
  return ExitStatus.UNWRITTEN;
}

/** The error as one line, without what only an internal error needs. */
export const errorText = (error: unknown): string => usageText(error) ?? String(error);

/** What a name or a value may hold must neither break the line nor reach a terminal as a command. */
const oneLine = (text: string): string =>
  text.replaceAll(/\s*\n\s*/g, ' ').replaceAll(/\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`);

function usageText(error: unknown): string | null {
  // A refused call reaches this place only if an option asked for it: --memory, --max-dirty and the like.
  if (error instanceof InputError || error instanceof KvmError) return oneLine(error.message);
  if (isSystemError(error)) return oneLine(`${error.path === undefined ? '' : `'${error.path}': `}${systemErrorText(error)}`);
  return null;
}

function internalText(error: unknown): string {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return [
    `tidemark: internal error: ${message}`,
    'This is a mistake in Tidemark, not in what you did. Please report the command line, the input files if you can share them,',
    `this text (Tidemark ${VERSION}, Node ${process.versions.node}, ${process.platform} ${process.arch}),`,
    'and the stack trace that TIDEMARK_DEBUG=1 in the environment shows.',
    '',
  ].join('\n');
}
