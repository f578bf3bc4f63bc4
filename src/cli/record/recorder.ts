// `--record F`: takes down what reaches the guest, and writes it to F with how the run ended.

import { InputError } from '../../base/errors.ts';
import { hashMemory } from '../../snapshot/hash.ts';
import type { Journal } from '../../vm/journal.ts';
import type { Vm } from '../../vm/vm.ts';
import { requireWritable, writeAtomically } from '../atomic-file.ts';
import type { GuestSinks } from '../guest/session.ts';
import { encodeRecording, identified } from './recording.ts';
import type { PlainOptions, Recording } from './recording.ts';
import { OutputDigests } from './tape.ts';
import type { Tape } from './tape.ts';

export class Recorder implements Tape {
  readonly endsWith = null;
  private readonly outputs = new OutputDigests();
  private readonly identity: Pick<Recording, 'guest' | 'directory' | 'files'>;
  private running: { readonly vm: Vm; readonly journal: Journal; readonly memory: string } | null = null;

  /** `guest`: the options that say what runs. The files that they name are read. Throws the system's error if `path` cannot be written. */
  constructor(
    private readonly path: string,
    private readonly command: Recording['command'],
    guest: PlainOptions,
  ) {
    this.identity = identified(guest);
    requireWritable(path);
  }

  locate(path: string): string {
    return path;
  }

  sinks(sinks: GuestSinks): GuestSinks {
    return this.outputs.wrap(sinks);
  }

  begin(vm: Vm): null {
    this.running = { vm, memory: hashMemory(vm), journal: vm.record() };
    return null;
  }

  /** InputError if the recording is larger than what can be read again, system errors as of any file. */
  end(status: number): number {
    if (!this.running) throw new InputError(`${this.path}: there was no run to record`);
    const { vm, journal, memory } = this.running;
    journal.stop();
    const result = { status, retired: String(vm.retired), memory: hashMemory(vm), outputs: this.outputs.digests() };
    writeAtomically(this.path, encodeRecording({ command: this.command, ...this.identity, memory, journal: journal.data(), result }));
    return status;
  }
}

/** The recorder that `record` asks for, if it does. `options`: all of the command's; `session`: those that do not say what runs. */
export function recorderFor(record: string | null, command: Recording['command'], options: object, session: object): Recorder | null {
  if (record === null) return null;
  return new Recorder(record, command, guestOptions(options, session));
}

/** The options that say what runs: all but those of the session, and --record. */
export function guestOptions(options: object, session: object): PlainOptions {
  const entries = Object.entries(options).filter(([name]) => !(name in session) && !NOT_OF_GUEST.includes(name));
  return Object.fromEntries(entries) as PlainOptions;
}

const NOT_OF_GUEST: readonly string[] = ['record', 'checkpointing'];
