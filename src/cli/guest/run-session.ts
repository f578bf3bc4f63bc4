// One guest on one machine, from its options to the process's exit status: what it needs is made and opened, and closed again.

import { MemoryStore } from '../../checkpoint/memory-store.ts';
import type { CheckpointStore } from '../../checkpoint/store.ts';
import { DirectoryStore } from '../checkpoint-directory.ts';
import type { CliIo } from '../io.ts';
import type { Tape } from '../record/tape.ts';
import type { SessionOptions } from '../session-options.ts';
import { readSymbols } from '../symbols-file.ts';
import { judgeFor } from './judge.ts';
import { Notices } from './notices.ts';
import { GuestOutputs } from './outputs.ts';
import { PostMortem, symbolsOf } from './post-mortem.ts';
import type { LoadedFile } from './post-mortem.ts';
import { RunFiles } from './run-files.ts';
import { opened, Session } from './session.ts';
import type { GuestSinks, ReadyMachine } from './session.ts';
import { lineSink } from './trace/sink.ts';
import { GuestTrace } from './trace/trace.ts';

/** What is to run. */
export interface GuestRun {
  /** Makes the machine. It is called once more, for another such machine, when the run's end is looked into. */
  readonly build: (sinks: GuestSinks) => ReadyMachine;
  readonly tape?: Tape | null;
  /** The file that was loaded, for its symbols. */
  readonly image?: LoadedFile | null;
  /** The guest's name in reports. */
  readonly name?: string;
}

const NOWHERE: GuestSinks = { serial() {}, debugcon() {}, notice() {}, outputs: { screen() {} } };
/** Most bytes of pages and blocks that checkpoints in memory keep; beyond that the oldest cycles are merged. */
const MEMORY_STORE_LIMIT = 512 * 1024 ** 2;

/** Runs a guest as `options` say. Returns the exit status. Throws InputError and system errors, all before the guest has run. */
export async function runSession(
  options: SessionOptions,
  io: CliIo,
  { build, tape = null, image = null, name = 'guest' }: GuestRun,
): Promise<number> {
  const symbols = readSymbols(options.symbols);
  const outputs = new GuestOutputs(options.serial, options.debugcon, io);
  const notices = new Notices(io, options.json);
  const judge = judgeFor(options, io, name);
  const outward: GuestSinks = { serial: outputs.serial, debugcon: outputs.debug, notice: notices.add, outputs: NOWHERE.outputs };
  const sinks = judge?.sinks(outward) ?? outward;
  const machine = build(tape?.sinks(sinks) ?? sinks);
  const guestTrace = options.trace && (await GuestTrace.of(machine.vm, options.trace, options.traceFilter, symbols ?? symbolsOf(image)));
  const files = new RunFiles();
  const { store, trace, stats } = opened(
    () => files.discard(),
    () => {
      outputs.open(files);
      tape?.open(files);
      judge?.open(files, () => machine.vm.kick());
      return {
        trace: options.trace === null ? null : lineSink(options.trace.file, io, files),
        stats: options.stats === null || options.stats.file === null ? null : files.open(options.stats.file),
        store: storeFor(options),
      };
    },
  );
  try {
    const played = opened(
      () => files.discard(),
      () => tape?.begin(machine.vm) ?? null,
    );
    const runSlice = guestTrace && trace ? guestTrace.begin(trace, played) : played;
    const journal = tape?.journal ?? machine.vm.record();
    const postMortem = new PostMortem(machine.vm, journal, () => build(NOWHERE).vm, symbols, image);
    const cycles = guestTrace && trace ? guestTrace.between(trace) : null;
    const parts = { options, io, machine, outputs, notices, store, trace: cycles, tape, files, stats, postMortem, judge };
    return await new Session(parts).run(runSlice);
  } finally {
    store?.close?.();
    files.close();
    await outputs.flush();
  }
}

function storeFor({ checkpointing, checkpointTo }: SessionOptions): CheckpointStore | null {
  if (!checkpointing) return null;
  return checkpointTo === null ? new MemoryStore(MEMORY_STORE_LIMIT) : DirectoryStore.create(checkpointTo);
}
