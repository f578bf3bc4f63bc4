// `tidemark replay`: from a recording to a run of the same machine.

import { Readable } from 'node:stream';
import { InputError } from '../../base/errors.ts';
import { DivergenceError } from '../../vm/replay.ts';
import { withFile } from '../checkpoint-directory.ts';
import { ExitStatus } from '../exit-status.ts';
import type { CliIo } from '../io.ts';
import { Player } from '../record/player.ts';
import { guestOptions } from '../record/recorder.ts';
import { decodeRecording, requireUnchanged } from '../record/recording.ts';
import type { PlainOptions, Recording } from '../record/recording.ts';
import { SESSION_OPTIONS } from '../session-options.ts';
import type { ReplayOptions } from './replay.ts';
import { restoreGuest } from './restore-guest.ts';
import { RESTORE_DEFAULTS } from './restore.ts';
import type { RestoreOptions } from './restore.ts';
import { runGuest } from './run-guest.ts';
import { RUN_DEFAULTS } from './run.ts';
import type { RunOptions } from './run.ts';

/** Replays the run; returns the exit status. Throws InputError, KvmError and system errors for what the user can mend. */
export async function replayGuest({ file, ...session }: ReplayOptions, io: CliIo): Promise<number> {
  const recording = withFile(file, decodeRecording);
  requireUnchanged(file, recording.files);
  const player = new Player(file, recording);
  const silent = withoutInput(io);
  try {
    if (recording.command === 'run') {
      return await runGuest({ ...guestOf(file, recording, RUN_DEFAULTS), ...session, record: null } as RunOptions, silent, player);
    }
    const options: unknown = { ...guestOf(file, recording, RESTORE_DEFAULTS), ...session, record: null };
    return await restoreGuest(options as RestoreOptions, silent, player);
  } catch (error) {
    if (!(error instanceof DivergenceError)) throw error;
    io.stderr.write(`tidemark: ${file}: ${error.message}\n`);
    return ExitStatus.INTERNAL;
  }
}

/** The process's streams without stdin: what was typed comes from the recording. */
function withoutInput(io: CliIo): CliIo {
  const { stdout, stderr, env } = io;
  const stdin = Object.assign(Readable.from([]), { isTTY: false });
  const signals = {
    ...(io.once ? { once: io.once.bind(io) } : {}),
    ...(io.off ? { off: io.off.bind(io) } : {}),
  };
  return { stdin, stdout, stderr, env, ...signals };
}

/** The recorded options. InputError if they are not those that this build knows for such a guest. */
function guestOf(file: string, { guest }: Recording, defaults: object): PlainOptions {
  const known = guestOptions(defaults, SESSION_OPTIONS);
  const names = Object.keys(known);
  const odd = [...names, ...Object.keys(guest)].find(
    (name) => !Object.hasOwn(known, name) || !Object.hasOwn(guest, name) || !isLike(guest[name]!, known[name]!),
  );
  if (odd !== undefined) throw new InputError(`${file}: the header's field guest.${odd} is not what this build writes`);
  return guest;
}

/** Whether a value is of the kind of its option, whose value is `initial` when it is not given. */
function isLike(value: PlainOptions[string], initial: PlainOptions[string]): boolean {
  if (initial === null) return value === null || typeof value === 'string' || typeof value === 'number';
  return typeof value === typeof initial && Array.isArray(value) === Array.isArray(initial) && value !== null;
}
