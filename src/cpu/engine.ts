// What an engine is to the rest of the machine.

import type { Cpu } from './cpu.ts';

export interface Engine {
  readonly name: 'interpreter' | 'translator';
  /**
   * Executes at most `limit` instructions (a REP iteration counts as one) of `cpu` from cpu.rip on, delivering exceptions on
   * the way. Returns early at the first instruction boundary where the pending-request word is non-zero or the vCPU is not
   * active. Returns how many were retired; cpu.rip is that of the next instruction.
   */
  run(cpu: Cpu, limit: number): number;
  /** Bytes from … to - 1 of page `gfn` are about to change: nothing decoded or translated from any of them may be used any more. */
  invalidate(gfn: number, from: number, to: number): void;
  /** Nothing decoded or translated may be used any more. */
  forget(): void;
}

/** Deliver a fault that an instruction raised (cpu/events); engines are given it so that they need not know how. */
export type DeliverFault = (cpu: Cpu) => void;
