// All of a processor but its way to memory. What this part adds belongs to the instruction, or the delivery of an event, at hand,
// but for counts and what a shutdown reports. Only the answers in `replay` are saved with the vCPU (vm/save.ts).

import { Vector } from '../arch/vectors.ts';
import { AccessReplay } from '../replay.ts';
import { ExitSignal, FaultSignal, StallSignal } from '../signals.ts';
import type { ChainedFault, Fault } from '../signals.ts';
import { RunState } from './run-state.ts';

export abstract class CpuState extends RunState {
  /** Data and I/O breakpoints that the instruction at hand met, as B3 to B0 of DR6. */
  breakpointHits = 0;

  readonly fault: Fault = { vector: 0, errorCode: null, linear: 0 };
  readonly faultSignal = new FaultSignal();
  readonly exitSignal = new ExitSignal();
  readonly stallSignal = new StallSignal();
  readonly replay = new AccessReplay();
  /** No single-step #DB follows the instruction at hand: it faulted, switched tasks, or entered a handler with TF cleared. */
  suppressTrap = false;
  /** The exceptions whose delivery led to shutdown, the last four at most (for the triple-fault report). */
  readonly exceptionChain: ChainedFault[] = [];
  /** Exceptions delivered, by vector. */
  readonly exceptionCounts = new Float64Array(32);

  /** Raises exception `vector`; never returns. */
  raise(vector: number, errorCode: number | null = null): never {
    this.fault.vector = vector;
    this.fault.errorCode = errorCode;
    throw this.faultSignal;
  }

  /** Raises #PF at `linear` with the error code that the walk gave. CR2 is loaded at delivery. */
  raisePageFault(linear: number, errorCode: number): never {
    this.fault.linear = linear;
    return this.raise(Vector.PF, errorCode);
  }
}
