// A run once more, from its journal: slices are cut so that the machine comes to a stop exactly where each input took effect.

import { checkReplay } from './check-arguments.ts';
import { KvmError } from '../base/errors.ts';
import type { Exit, SliceOptions, SliceResult } from './exit.ts';
import { comparePositions } from './journal.ts';
import type { Input, JournalData, JournalEntry, Moment, Position } from './journal.ts';
import { fromPlain } from './plain-registers.ts';
import type { Regs, Sregs } from './registers.ts';
import type { Vm } from './vm.ts';

/** The machine does something else than the one that was recorded. */
export class DivergenceError extends Error {
  override readonly name = 'DivergenceError';
  constructor(
    /** Where it was noticed, and the last moment at which both were alike. */
    readonly at: Position,
    /** The last moment at which both were alike. */
    readonly since: Position,
    why: string,
  ) {
    super(`the replay diverges between ${positionText(since)} and ${positionText(at)}: ${why}`);
  }
}

const positionText = ({ ticks, events }: Position): string => `tick ${ticks} (event ${events})`;

/** Exits after which the recorded run went on by an input: the replay goes on by the same. */
const ANSWERED: readonly Exit['kind'][] = ['limit', 'hlt', 'io', 'mmio'];

/** Gives a machine the inputs of a journal, each where it took effect. */
export class Replay {
  private next: number;
  private alike: Position;

  /**
   * `vm` is a machine of the same configuration as the recorded one, but for engine and tracking, at the journal's start or at any
   * later moment of the recorded run. DivergenceError if it is at an earlier one, or the registers differ.
   */
  constructor(
    private readonly vm: Vm,
    private readonly journal: JournalData,
  ) {
    checkReplay(vm, journal);
    const { at } = vm.moment;
    this.alike = at;
    if (comparePositions(at, journal.start.at) < 0)
      throw new DivergenceError(at, at, `the recording starts at ${positionText(journal.start.at)}`);
    const first = journal.entries.findIndex((entry) => comparePositions(entry.at, at) >= 0);
    this.next = first < 0 ? journal.entries.length : first;
    if (comparePositions(at, journal.start.at) === 0) this.compare(journal.start);
  }

  /** The whole journal has been replayed, and the machine stands where the recording ended. */
  get done(): boolean {
    const { at, waiting } = this.vm.moment;
    const { end } = this.journal;
    return this.next === this.journal.entries.length && comparePositions(at, end.at) === 0 && waiting === end.waiting;
  }

  /** Inputs and marks that are still to come. */
  get left(): number {
    return this.journal.entries.length - this.next;
  }

  /**
   * In place of `vm.runSlice`. Comes back as that does, except where the recorded run went on by an input (`io` and `mmio` exits,
   * a halt): the input is given, and the slice goes on. Once `done`, exit `limit` means that the recording ends here. With
   * `options.until`, inputs at that position are not given yet. DivergenceError as soon as the run is seen to be another one.
   */
  runSlice(limit: number = Infinity, options: SliceOptions = {}): SliceResult {
    let retired = 0;
    const { until } = options;
    for (;;) {
      this.giveInputs(until ?? null);
      const target = this.journal.entries[this.next] ?? this.journal.end;
      if (until && comparePositions(until, target.at) <= 0) {
        const result = this.vm.runSlice(limit - retired, options);
        return { ...result, retired: retired + result.retired };
      }
      const wasThere = this.done;
      const result = this.vm.runSlice(limit - retired, { ...options, until: { ...target.at, waiting: target.waiting } });
      retired += result.retired;
      const whole = { ...result, retired };
      const arrived = this.arrivedAt(target, result, options);
      if (arrived && this.next < this.journal.entries.length && ANSWERED.includes(result.exit.kind) && retired < limit) continue;
      if (arrived && !wasThere && this.done) this.compare(this.journal.end);
      return whole;
    }
  }

  /** Whether the machine is at `target`; false if it may still come there. */
  private arrivedAt(target: Moment, { exit, retired, sleepsUntil }: SliceResult, { idleUntil = Infinity }: SliceOptions): boolean {
    const { at, waiting } = this.vm.moment;
    const order = comparePositions(at, target.at);
    if (order > 0) throw this.divergence(`nothing stops at ${positionText(target.at)}, as the recorded run did`);
    if (order === 0 && waiting === target.waiting) return true;
    if (exit.kind === 'hlt') throw this.divergence('the guest halts here and will not wake');
    if (exit.kind === 'io' || exit.kind === 'mmio')
      throw this.divergence('an access leaves the machine here, for which there is no answer');
    if (exit.kind === 'shutdown' && retired === 0) throw this.divergence('the machine is shut down here');
    if (sleepsUntil !== undefined && sleepsUntil <= idleUntil) throw this.divergence('the guest sleeps on, past an input');
    return false;
  }

  /** Gives what took effect at this moment, and nothing once the machine is at `until`. */
  private giveInputs(until: Position | null): void {
    const { entries } = this.journal;
    for (; this.next < entries.length; this.next++) {
      const entry = entries[this.next]!;
      const { at, waiting } = this.vm.moment;
      if (comparePositions(at, entry.at) !== 0 || waiting !== entry.waiting) return;
      if (until !== null && comparePositions(at, until) >= 0) return;
      this.compare(entry);
      this.give(entry);
      if (entry.input.kind === 'answer') {
        // Taken when the vCPU runs on; what comes next comes after that.
        this.next++;
        return;
      }
    }
  }

  private give(entry: JournalEntry): void {
    try {
      applyInput(this.vm, entry.input);
    } catch (error) {
      if (error instanceof DivergenceError || !(error instanceof Error)) throw error;
      throw this.divergence(`the machine refuses its input of kind ${entry.input.kind}: ${error.message}`);
    }
  }

  private compare({ check }: Moment): void {
    const { at, check: here } = this.vm.moment;
    if (here !== check) throw this.divergence('the registers differ');
    this.alike = at;
  }

  private divergence(why: string): DivergenceError {
    return new DivergenceError(this.vm.moment.at, this.alike, why);
  }
}

/** Gives the machine one input, now. Errors as the calls of the API that it stands for. */
export function applyInput(vm: Vm, input: Input): void {
  switch (input.kind) {
    case 'device':
      vm.input(input.device, input.data);
      return;
    case 'memory':
      return vm.writeMemory(input.gpa, input.bytes);
    case 'memslot':
      return vm.setUserMemoryRegion(input.request);
    case 'answer': {
      const access = vm.pendingAccess(input.vcpu);
      if (!access) throw new KvmError('EINVAL', `vCPU ${input.vcpu} waits for no answer`);
      access.value = input.value;
      return;
    }
    case 'mark':
      return;
    default:
      applyToVcpu(vm, input);
  }
}

function applyToVcpu(vm: Vm, input: Extract<Input, { readonly vcpu: number }>): void {
  const vcpu = vm.vcpus[input.vcpu];
  if (!vcpu) throw new KvmError('EINVAL', `there is no vCPU ${input.vcpu}`);
  switch (input.kind) {
    case 'interrupt':
      return vcpu.interrupt(input.vector);
    case 'nmi':
      return vcpu.nmi();
    case 'reset':
      return vcpu.reset();
    case 'activity':
      vcpu.activity = input.activity;
      return;
    case 'regs':
      return vcpu.setRegs(fromPlain(input.values) as Partial<Regs>);
    case 'sregs':
      return vcpu.setSregs(fromPlain(input.values) as Partial<Sregs>);
    default:
  }
}
