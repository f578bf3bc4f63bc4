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
  /** Bytes from … to - 1 of page `gfn` are about to change: what was decoded or translated from any of them must not be used again. */
  invalidate(gfn: number, from: number, to: number): void;
  /** Nothing that was decoded or translated may be used again. */
  forget(): void;
}

/** Delivers a fault that an instruction raised (cpu/events). Engines are given it, so that they need not know how. */
export type DeliverFault = (cpu: Cpu) => void;
