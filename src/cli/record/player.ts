// `tidemark replay`: gives the guest what a recording holds, and compares how the run ends.

import { resolve } from 'node:path';
import { InputError } from '../../base/errors.ts';
import { hashMemory } from '../../snapshot/hash.ts';
import type { SliceResult } from '../../vm/exit.ts';
import { Replay } from '../../vm/replay.ts';
import type { Vm } from '../../vm/vm.ts';
import { ExitStatus } from '../exit-status.ts';
import type { GuestSinks } from '../guest/session.ts';
import type { Recording } from './recording.ts';
import { OutputDigests } from './tape.ts';
import type { Tape, TapeEnd } from './tape.ts';

export class Player implements Tape {
  readonly journal = null;
  private readonly outputs = new OutputDigests();
  private vm: Vm | null = null;
  private replay: Replay | null = null;

  constructor(
    private readonly name: string,
    private readonly recording: Recording,
  ) {}

  get endsWith(): number | null {
    return this.replay?.done ? this.recording.result.status : null;
  }

  locate(path: string): string {
    return resolve(this.recording.directory, path);
  }

  sinks(sinks: GuestSinks): GuestSinks {
    return this.outputs.wrap(sinks);
  }

  open(): void {}

  begin(vm: Vm): (limit: number) => SliceResult {
    const { name, recording } = this;
    if (hashMemory(vm) !== recording.memory)
      throw new InputError(`${name}: the machine does not start with the memory that the recorded one had`);
    const replay = new Replay(vm, recording.journal);
    this.vm = vm;
    this.replay = replay;
    return (limit) => replay.runSlice(limit);
  }

  /** The recorded status, if the run ended as the recorded one did. */
  end(status: number): TapeEnd {
    const { name, vm, replay, recording } = this;
    if (!vm || !replay) return { status, lines: [] };
    if (!replay.done) {
      const line = `tidemark: ${name}: the replay was stopped, ${replay.left} inputs and marks before the recording's end`;
      return { status, lines: [line] };
    }
    const { result, journal } = recording;
    const wrong = this.differences(vm);
    if (wrong.length > 0) {
      const line = `tidemark: ${name}: the replay ends where the recorded run did, but differs in ${wrong.join(', ')}`;
      return { status: ExitStatus.INTERNAL, lines: [line] };
    }
    const inputs = journal.entries.filter(({ input }) => input.kind !== 'mark').length;
    const line = `replayed: ${inputs} inputs, ${result.retired} instructions; output, memory and status ${result.status} as recorded`;
    return { status: result.status, lines: [line] };
  }

  private differences(vm: Vm): string[] {
    const { retired, memory, outputs } = this.recording.result;
    const here = this.outputs.digests();
    const said = Object.entries(outputs).filter(([name, { bytes, crc }]) => here[name]?.bytes !== bytes || here[name].crc !== crc);
    return [
      ...said.map(([name]) => `what was sent to ${name}`),
      ...(String(vm.retired) === retired ? [] : ['the count of instructions']),
      ...(hashMemory(vm) === memory ? [] : ['memory']),
    ];
  }
}
