// The instructions that regions leave to the interpreter's meaning, and their execution. A region calls with the number of the
// instruction; registers are in the state then, and so are the flags where the instruction uses them.

import { Activity, Seg } from '../../base/state/vcpu.ts';
import { CodeMode } from '../builder/insn.ts';
import type { Insn } from '../builder/insn.ts';
import type { Cpu } from '../cpu.ts';
import { Op } from '../interpreter/op.ts';
import type { Builders } from '../interpreter/op.ts';
import { Outcome } from './runtime-module.ts';

class HelperSite {
  readonly op: Op;

  constructor(
    insn: Insn,
    /** The region may go on behind it. */
    readonly goesOn: boolean,
  ) {
    this.op = new Op(insn, 0);
  }
}

export class HelperSites {
  /** What left the instruction of the last call in the middle; null if nothing did. */
  signal: unknown = null;
  private readonly sites: HelperSite[] = [];
  private readonly free: number[] = [];
  private cpu!: Cpu;
  private builders!: Builders;
  /** What `cpu.remaining` is beyond the budget of the translated code that runs. */
  private beyond = 0;

  /** Takes a number for an instruction. It must be given back. */
  take(insn: Insn, goesOn: boolean): number {
    const number = this.free.pop() ?? this.sites.length;
    this.sites[number] = new HelperSite(insn, goesOn);
    return number;
  }

  release(numbers: readonly number[]): void {
    this.free.push(...numbers);
  }

  /** Translated code of `cpu` is about to run on `budget` instructions. */
  enter(cpu: Cpu, builders: Builders, budget: number): void {
    this.cpu = cpu;
    this.builders = builders;
    this.beyond = cpu.remaining - budget;
  }

  /**
   * Executes instruction `number`, whose RIP has the halves `low` and `high`, `budget` instructions being left with it. Returns
   * Outcome.ON if the region goes on, and may keep all that it knows: registers are loaded anew, and flags if the instruction uses
   * them. Otherwise RIP and budget are in the state, and the outcome is the region's.
   */
  call(number: number, low: number, high: number, budget: number): number {
    const { cpu } = this;
    const { codeKey } = cpu.state;
    const { op, goesOn } = this.sites[number]!;
    const key = codeKey[0];
    const rip = high * 0x100000000 + (low >>> 0);
    const behind = rip + op.end;
    cpu.rip = rip;
    cpu.nextRip = behind;
    cpu.remaining = this.beyond + budget;
    try {
      op.execute(this.builders);
    } catch (signal) {
      this.signal = signal;
      // A task switch that fails when the new task is entered has moved RIP there.
      return this.leave(cpu.rip, Outcome.LEFT);
    }
    cpu.remaining--;
    if (cpu.state.activity[0] !== Activity.ACTIVE || codeKey[0] === 0) return this.leave(cpu.nextRip, Outcome.LEFT);
    const onlyThis = cpu.nextRip === behind && cpu.remaining === this.beyond + budget - 1;
    if (goesOn && onlyThis && codeKey[0] === key && cpu.state.request[0] === 0 && this.isMapped(op, behind)) return Outcome.ON;
    return this.leave(cpu.nextRip, Outcome.NEXT);
  }

  /** Whether the code at `rip` is where it was. What ends a block may have changed its mapping, and has then dropped its translation. */
  private isMapped({ endsBlock }: Op, rip: number): boolean {
    if (!endsBlock) return true;
    const { cpu } = this;
    const { tlb } = cpu.mmu;
    const linear = cpu.mode === CodeMode.BITS64 ? rip : (rip + cpu.base[Seg.CS]) % 0x100000000;
    // The instruction itself was fetched from the page of its last byte.
    return tlb.find(tlb.execTag32, linear - 1, cpu.fetchContext) >= 0;
  }

  private leave(rip: number, outcome: Outcome): Outcome {
    const { cpu } = this;
    cpu.rip = rip;
    cpu.storeRip();
    cpu.state.budget[0] = cpu.remaining - this.beyond;
    return outcome;
  }
}
