// How an instruction is left in the middle. A builder call that may fault unwinds to the engine's loop by throwing one of
// the objects below. They are plain preallocated values, never errors, so no stack is captured. None ever leaves `Engine.run`.
// The processor tells what happened: `cpu.fault`, or `cpu.replay.pending`.

/** The instruction raised an exception: cpu.fault says which. */
export class FaultSignal {
  readonly signal = 'fault';
}

/** The instruction needs an answer from outside (unclaimed port or MMIO access): cpu.replay says which. */
export class ExitSignal {
  readonly signal = 'exit';
}

/** The instruction cannot go on before an interrupt has come: it takes its time and is tried again. */
export class StallSignal {
  readonly signal = 'stall';
}

/** An exception as raised, before delivery. */
export interface Fault {
  /** 0 to 31, as the SDM numbers exceptions. */
  vector: number;
  /** null: the vector has no error code. */
  errorCode: number | null;
  /** #PF: the linear address, canonical. */
  linear: number;
}

/** An exception on the way to a triple fault. */
export interface ChainedFault extends Fault {
  /** RIP, signed, of the instruction that was left: the one that raised it, or that was interrupted for what was being delivered. */
  readonly rip: number;
  /** The vector during whose delivery it came up; null: the instruction raised it. */
  readonly delivering: number | null;
}
