// Named trace events. A machine without a listener pays one null check an event.

export interface TraceEvents {
  exception: { vcpu: number; vector: number; errorCode: number | null; rip: bigint };
  interrupt: { vcpu: number; vector: number; rip: bigint };
  'ept-violation': { vcpu: number; gpa: number; qualification: number };
  'pml-full': { vcpu: number };
  exit: { vcpu: number; kind: string };
  'mt-fetch': { count: number; waiting: number };
  'mt-rearm': { count: number };
  'mt-cycle': { cpid: bigint };
  'code-invalidated': { gfn: number; offset: number; bytes: number };
  a20: { open: boolean };
  /** An access to a port; `claimed`: a device answered it. Unanswered reads give ones, unanswered writes nothing. */
  io: { vcpu: number; direction: 'read' | 'write'; port: number; width: number; value: number; claimed: boolean };
  /** An access to a guest-physical address that is not RAM. */
  mmio: { vcpu: number; direction: 'read' | 'write'; gpa: number; width: number; value: number; claimed: boolean };
}

export type TraceListener = <K extends keyof TraceEvents>(name: K, event: TraceEvents[K]) => void;

/** Holder of the one listener of a machine; `on` is null while nobody listens: `trace.on?.('exit', {…})`. */
export interface Trace {
  on: TraceListener | null;
}
