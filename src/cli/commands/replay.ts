// `tidemark replay`: its options. What it does with them is in replay-guest.ts.

import { InputError } from '../../base/errors.ts';
import { defineCommand, withUsageHint } from '../command.ts';
import { resolveSession, SESSION_OPTIONS, type SessionOptions, type SessionValues } from '../session-options.ts';

export interface ReplayOptions extends SessionOptions {
  /** The recording. */
  readonly file: string;
}

/** As resolveRunOptions. Throws InputError. */
export function resolveReplayOptions(values: SessionValues, positionals: readonly string[]): ReplayOptions {
  const [file, ...extra] = positionals;
  if (file === undefined || file === '') throw new InputError('nothing to replay: give a recording');
  if (extra.length > 0) throw new InputError(`one recording at most, but '${extra[0]}' is a second one`);
  return { ...resolveSession(values), file };
}

export const replay = defineCommand(
  {
    name: 'replay',
    summary: 'run a recorded guest again, to the bit',
    usage: 'F [options]',
    description: [
      'F is what `tidemark run --record F` or `tidemark restore DIR --record F` wrote. The guest gets what was typed then, at the ' +
        'same instructions; stdin is not read. Engine, tracking and checkpoints are those of the options here.',
      'The exit status is that of the recorded run if output, memory and the count of instructions are as they were, and 70 if not: ' +
        'then stderr says between which two moments the runs part.',
    ],
    options: SESSION_OPTIONS,
    example: 'replay run.tmrec --trace events',
  },
  async (values, positionals, io) => {
    const options = withUsageHint('replay', () => resolveReplayOptions(values, positionals));
    const { replayGuest } = await import('./replay-guest.ts');
    return replayGuest(options, io);
  },
);
