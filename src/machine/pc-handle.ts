// A PC as its owner holds it: the machine, its board, and what is said to it and by it.

import { KvmError } from '../base/errors.ts';
import { OneLine } from '../base/inspect.ts';
import type { LoadedImage } from '../boot/target.ts';
import type { SliceResult } from '../vm/exit.ts';
import type { Vm } from '../vm/vm.ts';
import type { DiskImage } from './bios/disk.ts';
import type { Board, Sink } from './board.ts';
import { checkRunUntil, checkTyped } from './check-arguments.ts';
import type { OutputChannel } from './output-channel.ts';
import { loadSnapshot, takeSnapshot } from './pc-snapshot.ts';
import { runUntil } from './run-until.ts';
import type { RunUntilOptions, RunUntilResult } from './run-until.ts';
import { SerialTyping } from './serial-typing.ts';
import { TextWatch } from './text-watch.ts';

export interface PcParts {
  readonly vm: Vm;
  readonly board: Board;
  readonly serial: OutputChannel;
  readonly debugcon: OutputChannel;
  readonly disk: DiskImage | null;
}

/** What `createPc` gives. `const { vm, board } = createPc()` is all that is needed of it for a run of one's own. */
export class Pc extends OneLine {
  /** The machine: memory, vCPUs, memory tracking, and running it slice by slice. */
  readonly vm: Vm;
  /** Its devices, and what is done to them from outside: keys, serial input, the A20 gate. */
  readonly board: Board;
  /** What was loaded, if `image` was a kernel. */
  readonly loaded: LoadedImage | null;
  private readonly parts: PcParts;
  private readonly typing: SerialTyping;
  private readonly watches: { readonly serial: TextWatch; readonly debugcon: TextWatch };
  private runs = false;
  /** A slice of `runUntil` is executing. */
  private inSlice = false;

  /** @internal For `createPc`. */
  constructor(parts: PcParts, loaded: LoadedImage | null) {
    super();
    const { vm, board, serial, debugcon } = parts;
    this.parts = parts;
    this.vm = vm;
    this.board = board;
    this.loaded = loaded;
    this.typing = new SerialTyping({ board, now: () => vm.clock.nanoseconds() });
    const watch = (channel: OutputChannel): TextWatch => {
      const watched = new TextWatch(() => this.stopSlice());
      channel.listen((byte) => watched.byte(byte));
      return watched;
    };
    this.watches = { serial: watch(serial), debugcon: watch(debugcon) };
  }

  /**
   * What the guest has sent to COM1 so far, as UTF-8 text: the newest 4 MiB. InputError if `serial` is a function, which has it all.
   */
  get output(): string {
    return this.parts.serial.text();
  }

  /** The same as bytes, a copy. */
  get outputBytes(): Uint8Array {
    return this.parts.serial.bytes();
  }

  /** What the guest has written to the debug console so far, as `output`. InputError if `debugcon` is a function. */
  get debugOutput(): string {
    return this.parts.debugcon.text();
  }

  /** Calls `listener` with each byte that the guest sends to COM1, whatever `serial` is. Returns a function that ends it. */
  onSerial(listener: Sink): () => void {
    return this.parts.serial.listen(listener);
  }

  /**
   * Types at the serial console (`board.keyboardInput` is for the keyboard): text as UTF-8, or bytes. Nothing is added or changed: the
   * Enter key of a terminal is '\r', which Linux takes for '\n'. Nothing is lost either. What the UART has no room for (64 KiB wait in
   * it) waits in the PC, which hands it over at whole virtual milliseconds of `runUntil`. Each hand-over is an input: it is recorded.
   */
  type(text: string | Uint8Array): void {
    checkTyped(text);
    this.typing.type(typeof text === 'string' ? new TextEncoder().encode(text) : new Uint8Array(text));
    if (this.typing.pending) this.stopSlice();
  }

  /**
   * Runs until the guest says one of the texts, the machine comes back by itself, or a bound is reached; says which. The host's event
   * loop gets turns meanwhile. Where the run stops is the same whatever the host's speed, unless it is by `timeout` or `signal`: for
   * `serial` and `debugcon` the boundary after the instruction that sent the byte by which the text is complete. KvmError EBUSY while
   * such a run is under way; other errors as `vm.runSlice`.
   */
  async runUntil(options: RunUntilOptions = {}): Promise<RunUntilResult> {
    checkRunUntil(options);
    this.requireIdle();
    this.runs = true;
    try {
      const { vm, board } = this;
      const host = { vm, board, typing: this.typing, watches: this.watches };
      return await runUntil({ ...host, runSlice: (limit, given) => this.runSlice(limit, given) }, options);
    } finally {
      this.runs = false;
    }
  }

  /**
   * The whole machine as bytes: RAM without its zeros, the disk with what was written to it, vCPUs, devices, the clock. `pc.restore` and
   * `restorePc` take them, and so do the command line's `restore` and `inspect`. What waits in the PC to be typed, and what was
   * collected, is not among them. KvmError EBUSY from within a slice. InputError for a machine with memslots beside those of its
   * configuration.
   */
  snapshot(): Uint8Array {
    const { vm, disk } = this.parts;
    return takeSnapshot(vm, disk);
  }

  /**
   * Makes this the machine of the snapshot, which must be one of the same configuration; engine and tracking may differ. What was
   * collected, waits to be typed or to be matched is forgotten: it belongs to the run that is left. InputError, and nothing changes, for
   * bytes that are damaged or of another machine. KvmError EBUSY from within a slice or a `runUntil`, and while a journal is recorded.
   */
  restore(snapshot: Uint8Array): void {
    this.requireIdle();
    loadSnapshot(this.vm, snapshot);
    const { serial, debugcon } = this.parts;
    for (const forgets of [serial, debugcon, this.watches.serial, this.watches.debugcon, this.typing]) forgets.clear();
  }

  /** One line: memory, vCPUs, and how far it is. */
  override toString(): string {
    return this.vm.toString().replace('Vm', 'Pc');
  }

  private requireIdle(): void {
    if (this.runs) throw new KvmError('EBUSY', 'a runUntil of this machine is under way');
  }

  private runSlice(limit: number, { milliseconds, until }: { readonly milliseconds: number; readonly until?: number }): SliceResult {
    this.inSlice = true;
    try {
      const stop = until === undefined ? {} : { until: { ticks: this.vm.clock.ticksAt(until), events: 0, waiting: false } };
      return this.vm.runSlice(limit, { milliseconds, ...stop });
    } finally {
      this.inSlice = false;
    }
  }

  /** Has the slice of `runUntil` come back at the next instruction boundary. */
  private stopSlice(): void {
    if (this.inSlice) this.vm.exitWith({ kind: 'limit' });
  }
}
