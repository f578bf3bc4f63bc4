// `tidemark restore`: from a directory of checkpoints to a machine that goes on.

import { basename } from 'node:path';
import { InputError } from '../../base/errors.ts';
import { refusingMalformed, resumeCycle } from '../../checkpoint/rebuild.ts';
import { createPc } from '../../machine/pc.ts';
import type { Pc } from '../../machine/pc.ts';
import { openCheckpoints } from '../snapshot-file.ts';
import { bootDiskOf } from '../boot-disk.ts';
import { debugExitAt, debugExitPortOf } from '../debug-exit-port.ts';
import { runSession } from '../guest/run-session.ts';
import type { GuestSinks, ReadyMachine } from '../guest/session.ts';
import type { CliIo } from '../io.ts';
import { recorderFor } from '../record/recorder.ts';
import type { Tape } from '../record/tape.ts';
import { SESSION_OPTIONS } from '../session-options.ts';
import type { RestoreOptions } from './restore.ts';

/** Resumes the guest; returns the exit status. Throws InputError, KvmError and system errors for what the user can mend. */
export async function restoreGuest(
  options: RestoreOptions,
  io: CliIo,
  tape: Tape | null = recorderFor(options.record, 'restore', options, SESSION_OPTIONS),
): Promise<number> {
  const store = openCheckpoints(tape?.locate(options.directory) ?? options.directory);
  const cycle = options.cycle ?? store.lastCycle;
  if (cycle > store.lastCycle) throw new InputError(`'${options.directory}': no cycle ${cycle}, the last is ${store.lastCycle}`);
  store.sweep();
  const { machine, state, disk: kept } = store.base();
  const moved = options.disk === null ? null : (tape?.locate(options.disk) ?? options.disk);
  const disk = moved === null && kept ? kept : bootDiskOf(state, moved);
  const build = (sinks: GuestSinks): ReadyMachine => {
    const { engine, tracking, verify } = options;
    const devices = debugExitAt(debugExitPortOf(state), () => vm);
    const pc: Pc = createPc({ ...machine, engine, tracking, verify, devices, ...(disk ? { disk } : {}), ...sinks });
    const { vm, board } = pc;
    return { vm, board, end: refusingMalformed(store.file(cycle), () => resumeCycle(vm, store, cycle)) };
  };
  return runSession(options, io, { build, tape, name: basename(options.directory) });
}
