// --trace events: one line for each named event, as `name key=value …`. Addresses and error codes are hexadecimal.

import type { TraceEvents } from '../../base/trace.ts';
import type { Vm } from '../../vm/vm.ts';
import type { LineSink } from './trace-sink.ts';
import { hex, vectorName } from './vector-names.ts';

const HEXADECIMAL: ReadonlySet<string> = new Set(['rip', 'gpa', 'gfn', 'offset', 'qualification', 'errorCode']);

/** The event as its line. */
export function eventText<K extends keyof TraceEvents>(name: K, event: TraceEvents[K]): string {
  const fields = Object.entries(event as Record<string, number | bigint | string | boolean | null>).map(([key, value]) => {
    if (value === null) return '';
    const shown = HEXADECIMAL.has(key) && (typeof value === 'number' || typeof value === 'bigint') ? hex(value) : String(value);
    return ` ${key}=${shown}${name === 'exception' && key === 'vector' ? ` name=${vectorName(Number(value))}` : ''}`;
  });
  return name + fields.join('');
}

/** Writes every event of the machine from now on. */
export function traceEvents(vm: Vm, sink: LineSink): void {
  vm.trace.on = (name, event) => sink.line(eventText(name, event));
}
