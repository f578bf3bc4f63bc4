// Named trace events. A machine without a listener pays one null check an event.

/** What a listener hears of, by the event's name. */
export interface TraceEvents {
  /** A vCPU delivers an exception. */
  exception: { vcpu: number; vector: number; errorCode: number | null; rip: bigint };
  /** A vCPU accepts an interrupt. */
  interrupt: { vcpu: number; vector: number; rip: bigint };
  /** The second level refused an access; `qualification` is the exit's, as in the SDM. */
  'ept-violation': { vcpu: number; gpa: number; qualification: number };
  /** A vCPU's page-modification log is full and is drained. */
  'pml-full': { vcpu: number };
  /** A run comes back. */
  exit: { vcpu: number; kind: string };
  /** A fetch returned `count` pages; `waiting` are left. */
  'mt-fetch': { count: number; waiting: number };
  /** Pages were armed again. */
  'mt-rearm': { count: number };
  /** A cycle begins. */
  'mt-cycle': { cpid: bigint };
  /** What was made of these bytes of code is dropped. */
  'code-invalidated': { gfn: number; offset: number; bytes: number };
  /** The A20 gate moved. */
  a20: { open: boolean };
  /** An access to a port; `claimed`: a device answered it. Unanswered reads give ones, unanswered writes nothing. */
  io: { vcpu: number; direction: 'read' | 'write'; port: number; width: number; value: number; claimed: boolean };
  /** An access to a guest-physical address that is not RAM. */
  mmio: { vcpu: number; direction: 'read' | 'write'; gpa: number; width: number; value: number; claimed: boolean };
}

/** Called at once, with the event's name and what there is to say of it. It must not run the machine. */
export type TraceListener = <K extends keyof TraceEvents>(name: K, event: TraceEvents[K]) => void;

/** Holder of the one listener of a machine; `on` is null while nobody listens: `trace.on?.('exit', {…})`. */
export interface Trace {
  /** The listener; null for none. */
  on: TraceListener | null;
}
