// The last branches, found by running one instruction at a time: no engine has to note any, so no run pays for them.
//
// A branch is whatever goes on elsewhere than at the next instruction: taken jumps, calls and returns, interrupts and exceptions with
// the entry into their handlers. Another iteration of a repeated string instruction is none, nor is a branch not taken.

import { INTERNALS } from '../base/internals.ts';
import type { TraceEvents, TraceListener } from '../base/trace.ts';
import { Activity } from '../base/state/vcpu.ts';
import { CodeMode, Rep } from '../cpu/builder/insn.ts';
import type { Cpu } from '../cpu/cpu.ts';
import { decode } from '../cpu/decode/decode.ts';
import type { SliceResult } from '../vm/exit.ts';
import type { Vm } from '../vm/vm.ts';
import { addressIn, codeAt } from './code-at.ts';
import type { CodeAddress } from './code-at.ts';

/** How many are kept for each vCPU. */
export const BRANCHES = 16;

export interface Branch {
  readonly kind: 'branch' | 'interrupt' | 'exception';
  /** Of an interrupt or an exception. */
  readonly vector: number | null;
  /** The instruction that branched, was interrupted or faulted. */
  readonly from: CodeAddress;
  readonly to: CodeAddress;
}

/** A read of a port or of a guest-physical address at which nobody answers: all ones. */
export interface UnansweredRead {
  readonly space: 'io' | 'mmio';
  readonly address: number;
}

/** What was seen of one vCPU. */
export interface Track {
  /** Oldest first. */
  readonly branches: readonly Branch[];
  /** Since the oldest of the branches; each address once. */
  readonly unanswered: readonly UnansweredRead[];
}

interface Delivery {
  readonly vcpu: number;
  readonly kind: 'interrupt' | 'exception';
  readonly vector: number;
  readonly rip: bigint;
}

/** Something that came up in a step. */
interface Noted<T> {
  readonly step: number;
  readonly what: T;
}

interface Before {
  readonly retired: bigint;
  readonly at: CodeAddress;
  /** RIP after the instruction if it does not branch, unsigned. */
  readonly next: bigint;
  /** It may go on at its own address without having branched. */
  readonly repeats: boolean;
}

/** Steps a machine. Takes the machine's trace until `detach`; whoever listened hears everything still. */
export class BranchRecorder {
  private readonly branches: Noted<Branch>[][];
  private readonly unanswered: Map<string, Noted<UnansweredRead>>[];
  private steps = 0;
  private readonly earlier: TraceListener | null;
  private deliveries: Delivery[] = [];
  private kicked = false;

  /** `runSlice` runs one slice in place of `vm.runSlice`, such as a replay's. */
  constructor(
    private readonly vm: Vm,
    private readonly runSlice: (limit: number) => SliceResult = (limit) => vm.runSlice(limit),
  ) {
    this.branches = vm.vcpus.map(() => []);
    this.unanswered = vm.vcpus.map(() => new Map());
    this.earlier = vm.trace.on;
    vm.trace.on = (name, event) => {
      this.earlier?.(name, event);
      this.note(name, event);
    };
  }

  detach(): void {
    this.vm.trace.on = this.earlier;
  }

  trackOf(vcpu: number): Track {
    const branches = this.branches[vcpu]!;
    const since = branches[0]?.step ?? 0;
    const unanswered = [...this.unanswered[vcpu]!.values()].filter(({ step }) => step >= since);
    return { branches: branches.map(({ what }) => what), unanswered: unanswered.map(({ what }) => what) };
  }

  private note<K extends keyof TraceEvents>(name: K, event: TraceEvents[K]): void {
    if (name === 'interrupt' || name === 'exception') {
      const { vcpu, vector, rip } = event as TraceEvents['interrupt'];
      this.deliveries.push({ vcpu, kind: name, vector, rip });
      // Has the machine come back before the handler's first instruction, which may branch itself.
      if (name === 'interrupt') {
        this.kicked = true;
        this.vm.kick();
      }
    }
    if (name !== 'io' && name !== 'mmio') return;
    const access = event as TraceEvents['io'] & TraceEvents['mmio'];
    if (access.claimed || access.direction === 'write') return;
    const address = name === 'io' ? access.port : access.gpa;
    this.unanswered[access.vcpu]!.set(`${name} ${address}`, { step: this.steps, what: { space: name, address } });
  }

  /** Runs one instruction, or delivers one interrupt, which retires none and comes back as `limit`. */
  step(): SliceResult {
    const { cpus } = this.vm[INTERNALS];
    const before = cpus.map((cpu) => this.look(cpu));
    this.deliveries = [];
    this.kicked = false;
    this.steps++;
    const result = this.runSlice(1);
    cpus.forEach((cpu, n) => this.compare(cpu, before[n]!));
    return this.kicked && result.exit.kind === 'interrupted' ? { ...result, exit: { kind: 'limit' } } : result;
  }

  private look(cpu: Cpu): Before {
    const { bytes, bits: _bits, ...at } = codeAt(this.vm, cpu.index);
    let taken = 0;
    // Where code ends, what is missing reads as 0: such an instruction faults, and its length does not matter.
    const { length, rep } = decode(() => bytes[taken++] ?? 0, cpu.mode, cpu.model.features);
    const next = at.rip + BigInt(length);
    return {
      retired: cpu.state.retired[0],
      at,
      next: cpu.mode === CodeMode.BITS64 ? BigInt.asUintN(64, next) : BigInt.asUintN(32, next),
      repeats: rep !== Rep.NONE,
    };
  }

  private compare(cpu: Cpu, { retired, at, next, repeats }: Before): void {
    const to = addressIn(cpu, cpu.state.rip[0]);
    const deliveries = this.deliveries.filter(({ vcpu }) => vcpu === cpu.index);
    const last = deliveries.at(-1);
    if (last) {
      this.add(cpu.index, { kind: last.kind, vector: last.vector, from: { ...at, ...moved(at, last.rip) }, to });
    } else if (
      cpu.state.activity[0] !== Activity.SHUTDOWN &&
      cpu.state.retired[0] > retired &&
      to.rip !== next &&
      !(repeats && to.rip === at.rip)
    ) {
      this.add(cpu.index, { kind: 'branch', vector: null, from: at, to });
    }
  }

  private add(vcpu: number, branch: Branch): void {
    const branches = this.branches[vcpu]!;
    branches.push({ step: this.steps, what: branch });
    if (branches.length > BRANCHES) branches.shift();
  }
}

/** `at` with RIP `rip` in the same segment. */
const moved = ({ rip: old, linear }: CodeAddress, rip: bigint): Pick<CodeAddress, 'rip' | 'linear'> => ({
  rip,
  linear: BigInt.asUintN(64, linear + rip - old),
});
