// The handle on one vCPU, as a KVM vCPU file descriptor: registers, events, kick. Running is the machine's: vCPUs take turns.

import { requireCount, requireOneOf } from '../base/arguments.ts';
import { KvmError } from '../base/errors.ts';
import { OneLine, counted } from '../base/inspect.ts';
import type { MachineLock } from '../base/machine-lock.ts';
import { Request } from '../base/request.ts';
import { Activity } from '../base/state/vcpu.ts';
import type { Cpu } from '../cpu/cpu.ts';
import { EventType, queueEvent } from '../cpu/events/inject.ts';
import { resetVcpu } from '../cpu/reset.ts';
import type { MmuCounters } from '../mmu/second-level.ts';
import { checkRegs, checkSregs } from './check-arguments.ts';
import type { Inputs } from './inputs.ts';
import { toPlain } from './plain-registers.ts';
import { CONTROLS, SEGMENT_NAMES, TABLE_NAMES, getRegs, getSregs, setRegs, setSregs } from './registers.ts';
import type { Regs, Sregs } from './registers.ts';

export const ACTIVITY_NAMES = ['active', 'hlt', 'shutdown', 'wait-for-sipi'] as const;
/** What a vCPU is doing. `wait-for-sipi` has not been started. */
export type ActivityName = (typeof ACTIVITY_NAMES)[number];

/** KvmError EBUSY while a slice runs: registers are then in the engine's hands. */
export function requireStopped(lock: MachineLock): void {
  if (lock.guestMode > 0) throw new KvmError('EBUSY', 'a vCPU is in guest mode');
}

/** Calls that read or set registers, `reset` included, fail with EBUSY from within a slice (a device's callback). */
export class Vcpu extends OneLine {
  readonly #cpu: Cpu;
  readonly #lock: MachineLock;
  readonly #inputs: Inputs;

  /** @internal */
  constructor(cpu: Cpu, lock: MachineLock, inputs: Inputs) {
    super();
    this.#cpu = cpu;
    this.#lock = lock;
    this.#inputs = inputs;
  }

  /** From 0. */
  get index(): number {
    return this.#cpu.index;
  }

  /** KVM_GET_REGS: general registers, RIP and RFLAGS. */
  getRegs(): Regs {
    requireStopped(this.#lock);
    return getRegs(this.#cpu);
  }

  /** KVM_SET_REGS: sets those given. A new RIP gives up the instruction that was left half way at an `io` or `mmio` exit. */
  setRegs(regs: Partial<Regs>): void {
    requireStopped(this.#lock);
    checkRegs(regs);
    this.#inputs.take(
      () => ({ kind: 'regs', vcpu: this.index, values: toPlain(regs) }),
      () => setRegs(this.#cpu, regs),
    );
  }

  /** KVM_GET_SREGS: segment, table and control registers. */
  getSregs(): Sregs {
    requireStopped(this.#lock);
    return getSregs(this.#cpu);
  }

  /**
   * KVM_SET_SREGS: sets those given. Types and ranges are checked, not whether a processor could have these values. Loads the PDPTEs
   * under PAE paging, as KVM does, and flushes the TLB.
   */
  setSregs(sregs: Partial<Sregs>): void {
    requireStopped(this.#lock);
    checkSregs(sregs, SEGMENT_NAMES, TABLE_NAMES, CONTROLS);
    this.#inputs.take(
      () => ({ kind: 'sregs', vcpu: this.index, values: toPlain(sregs) }),
      () => setSregs(this.#cpu, sregs),
    );
  }

  /** Puts the vCPU into the state after RESET (SDM vol. 3, "Processor State After Reset"). */
  reset(): void {
    requireStopped(this.#lock);
    this.#inputs.take(
      () => ({ kind: 'reset', vcpu: this.index }),
      () => resetVcpu(this.#cpu),
    );
  }

  /**
   * KVM_GET_MP_STATE, KVM_SET_MP_STATE. Setting `active` starts an application processor; its registers must have been set before.
   * KvmError EINVAL: no such state.
   */
  get activity(): ActivityName {
    return ACTIVITY_NAMES[this.#cpu.state.activity[0]];
  }

  set activity(name: ActivityName) {
    requireOneOf('activity', name, ACTIVITY_NAMES);
    const effect = (): void => {
      this.#cpu.state.activity[0] = ACTIVITY_NAMES.indexOf(name);
    };
    this.#inputs.take(() => ({ kind: 'activity', vcpu: this.index, activity: name }), effect);
  }

  /** KVM_INTERRUPT: delivers `vector` at the next boundary that can take it. EINVAL outside 0 … 255; EBUSY if one waits. */
  interrupt(vector: number): void {
    requireCount('vector', vector, 0, 255);
    this.#inputs.take(
      () => ({ kind: 'interrupt', vcpu: this.index, vector }),
      () => queueEvent(this.#cpu, { type: EventType.EXTERNAL_INTERRUPT, vector, errorCode: null }),
    );
    this.wake();
  }

  /** KVM_NMI. */
  nmi(): void {
    const effect = (): void => {
      this.#cpu.state.pendingNmi[0] = 1;
    };
    this.#inputs.take(() => ({ kind: 'nmi', vcpu: this.index }), effect);
    this.wake();
  }

  private wake(): void {
    this.#cpu.request(Request.EVENT);
  }

  /** Retired instructions and REP iterations since reset. */
  get retired(): bigint {
    return this.#cpu.state.retired[0];
  }

  /** It sleeps in HLT. */
  get halted(): boolean {
    return this.#cpu.state.activity[0] === Activity.HLT;
  }

  /** TLB misses, walks, EPT violations and PML-full exits so far. */
  get counters(): Readonly<MmuCounters> {
    return this.#cpu.mmu.counters;
  }

  /** Its index, activity, CS:RIP and retired instructions. */
  override toString(): string {
    const { segSelector, rip, retired } = this.#cpu.state;
    return `Vcpu ${this.index} { ${this.activity}, ${hex(segSelector[CS], 4)}:${hex(rip[0], 8)}, ${counted(retired[0], 'instruction')} }`;
  }
}

const CS = 1;
const hex = (value: number | bigint, digits: number): string => value.toString(16).padStart(digits, '0');
