// `tidemark restore`: from a directory of checkpoints to a machine that goes on.

import { basename } from 'node:path';
import { InputError, KvmError } from '../../base/errors.ts';
import { resumeCycle } from '../../checkpoint/rebuild.ts';
import type { GuestEnd } from '../../checkpoint/store.ts';
import { createPc } from '../../machine/pc.ts';
import type { Vm } from '../../vm/vm.ts';
import { DirectoryStore } from '../checkpoint-directory.ts';
import { bootDiskOf } from '../boot-disk.ts';
import { runSession } from '../guest/session.ts';
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
  const store = DirectoryStore.open(tape?.locate(options.directory) ?? options.directory);
  const cycle = options.cycle ?? store.lastCycle;
  if (cycle > store.lastCycle) throw new InputError(`directory '${options.directory}': no cycle ${cycle}, the last is ${store.lastCycle}`);
  store.sweep();
  const { machine, state } = store.base();
  const disk = bootDiskOf(state, options.disk === null ? null : (tape?.locate(options.disk) ?? options.disk));
  const build = (sinks: GuestSinks): ReadyMachine => {
    const { engine, tracking, verify } = options;
    const { vm, board } = createPc({ ...machine, engine, tracking, verify, ...(disk ? { disk } : {}), ...sinks });
    return { vm, board, end: resume(vm, store, cycle) };
  };
  return runSession(options, io, build, tape, basename(options.directory));
}

/** A file whose checksum is right may still hold what no machine ever saved. */
function resume(vm: Vm, store: DirectoryStore, cycle: number): GuestEnd | null {
  try {
    return resumeCycle(vm, store, cycle);
  } catch (error) {
    const malformed = [RangeError, TypeError, SyntaxError, KvmError].some((kind) => error instanceof kind);
    if (!malformed) throw error;
    throw new InputError(`${store.file(cycle)}: the state of the machine is malformed: ${(error as Error).message}`);
  }
}
