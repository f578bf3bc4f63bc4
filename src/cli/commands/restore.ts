// `tidemark restore`: its options. What it does with them is in restore-guest.ts.

import { InputError } from '../../base/errors.ts';
import { defineCommand, withUsageHint } from '../command.ts';
import { initialValues, nonEmpty, type OptionValues, valued } from '../options.ts';
import { integer, resolveSession, SESSION_OPTIONS, type SessionOptions } from '../session-options.ts';

const OPTIONS = {
  cycle: valued('N', integer(0, Number.MAX_SAFE_INTEGER), 'resume at the end of cycle N, 0 for the start (default: the last cycle)'),
  disk: valued('F', nonEmpty, 'where the disk or diskette that the guest was booted from lies now (default: where it lay)'),
  record: valued('F', nonEmpty, 'write what reaches the guest from outside into F, for `tidemark replay`'),
  ...SESSION_OPTIONS,
} as const;

export interface RestoreOptions extends SessionOptions {
  readonly directory: string;
  /** Where to write a recording; null for none. */
  readonly record: string | null;
  /** Null for the last one. */
  readonly cycle: number | null;
  /** Where the boot disk lies now; null for where it lay. */
  readonly disk: string | null;
}

/** Of options of which none is given. */
export const RESTORE_DEFAULTS = { ...initialValues(OPTIONS), directory: '' };

/** As resolveRunOptions. Throws InputError. */
export function resolveRestoreOptions(values: OptionValues<typeof OPTIONS>, positionals: readonly string[]): RestoreOptions {
  const [directory, ...extra] = positionals;
  if (directory === undefined || directory === '') throw new InputError('nothing to restore: give a directory of checkpoints');
  if (extra.length > 0) throw new InputError(`one directory at most, but '${extra[0]}' is a second one`);
  return { ...resolveSession(values), directory };
}

export const restore = defineCommand(
  {
    name: 'restore',
    summary: 'resume a guest from its checkpoints',
    usage: 'DIR|FILE [--cycle N] [options]',
    description: [
      'DIR is what `tidemark run --checkpoint-to DIR` wrote, FILE the bytes of a `pc.snapshot()`. ' +
        'The machine (memory, vCPUs, devices) is that of the checkpoint; what it ' +
        'does from there on is what it did then.',
      'The exit status is that of `tidemark run`; limits count from the checkpoint on.',
    ],
    options: OPTIONS,
    example: 'restore checkpoints --cycle 3',
  },
  async (values, positionals, io) => {
    const options = withUsageHint('restore', () => resolveRestoreOptions(values, positionals));
    const { restoreGuest } = await import('./restore-guest.ts');
    return restoreGuest(options, io);
  },
);
