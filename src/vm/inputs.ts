// The one stream of what reaches the machine from outside. Each input takes effect at an instruction boundary and counts as an event
// of its own, so that no two have the same position.
//
// From within a slice, what calls the API is what the machine has around it. What a platform's device does there follows from what
// the guest did, and is no input. Only what comes for a device from outside is one, such as the typing of an output's callback: it
// waits for the boundary after the instruction.

import type { StateValue } from '../base/device.ts';
import { KvmError } from '../base/errors.ts';
import type { MachineLock } from '../base/machine-lock.ts';
import type { Cpu } from '../cpu/cpu.ts';
import type { VirtualClock } from './clock.ts';
import { Journal } from './journal.ts';
import type { Input, Moment } from './journal.ts';
import { momentOf } from './moment.ts';

/** Ticks after which a slice's end is marked in the journal. */
const MARK_TICKS = 10_000_000;

export interface InputsHost {
  readonly cpus: readonly Cpu[];
  readonly lock: MachineLock;
  readonly clock: VirtualClock;
  /** Hands a device its input; how much of it was taken. */
  deliver(device: string, data: StateValue): number;
  /** Has the slice that runs come to its loop at the next boundary. */
  requestBoundary(): void;
}

export class Inputs {
  journal: Journal | null = null;
  private waiting: { readonly device: string; readonly data: StateValue }[] = [];
  private depth = 0;
  private lastMark = 0;

  constructor(private readonly host: InputsHost) {}

  /** KvmError EBUSY if one is recorded already. */
  record(): Journal {
    if (this.journal) throw new KvmError('EBUSY', 'a journal is being recorded already');
    this.lastMark = this.host.clock.ticks;
    this.journal = new Journal(
      this.now(),
      () => this.now(),
      () => {
        this.journal = null;
      },
    );
    return this.journal;
  }

  now(): Moment {
    return momentOf(this.host.cpus, this.host.clock);
  }

  /** Carries out `effect`, whose record `describe` gives. It is an input, unless it comes from within a slice or another input. */
  take<T>(describe: () => Input, effect: () => T): T {
    return this.depth > 0 || this.host.lock.guestMode > 0 ? effect() : this.takeHere(describe, effect);
  }

  /** The same for the loop of a slice, at a boundary. */
  takeHere<T>(describe: () => Input, effect: () => T): T {
    const { journal, host } = this;
    const moment = journal && this.now();
    this.depth++;
    try {
      const result = effect();
      if (journal && moment) journal.add({ ...moment, input: describe() });
      host.clock.events++;
      return result;
    } finally {
      this.depth--;
    }
  }

  /** Something for a device. Returns how much was taken: from within a slice all, and what the device has no room for is lost then. */
  forDevice(device: string, data: StateValue): number {
    const { host } = this;
    if (host.lock.guestMode === 0) return this.take(describeFor(device, data), () => host.deliver(device, data));
    this.waiting.push({ device, data });
    host.requestBoundary();
    return Array.isArray(data) || data instanceof Uint8Array ? data.length : 1;
  }

  /** At a boundary: what came for devices within a slice reaches them. */
  deliverWaiting(): void {
    if (this.waiting.length === 0) return;
    const { waiting, host } = this;
    this.waiting = [];
    for (const { device, data } of waiting) this.takeHere(describeFor(device, data), () => host.deliver(device, data));
  }

  /** At the end of a slice: once in a while a mark, so that a replay that differs is found out soon. */
  mark(): void {
    const { journal, host } = this;
    if (journal === null || host.clock.ticks - this.lastMark < MARK_TICKS) return;
    this.lastMark = host.clock.ticks;
    journal.add({ ...this.now(), input: { kind: 'mark' } });
  }
}

const describeFor = (device: string, data: StateValue) => (): Input => ({ kind: 'device', device, data });
