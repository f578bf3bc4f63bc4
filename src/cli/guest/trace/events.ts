// --trace events: one line for each named event, as `name key=value …`. Addresses and error codes are hexadecimal.

import type { TraceEvents } from '../../../base/trace.ts';
import type { Vm } from '../../../vm/vm.ts';
import type { TraceClass } from '../../values.ts';
import type { Selection } from './filter.ts';
import type { LineSink } from './sink.ts';
import { hex, vectorName } from '../vector-names.ts';

const HEXADECIMAL: ReadonlySet<string> = new Set(['rip', 'gpa', 'gfn', 'offset', 'qualification', 'errorCode', 'port', 'value']);

/** The event as its line. */
export function eventText<K extends keyof TraceEvents>(name: K, event: TraceEvents[K]): string {
  const fields = Object.entries(event as Record<string, number | bigint | string | boolean | null>).map(([key, value]) => {
    if (value === null) return '';
    const shown = HEXADECIMAL.has(key) && (typeof value === 'number' || typeof value === 'bigint') ? hex(value) : String(value);
    return ` ${key}=${shown}${name === 'exception' && key === 'vector' ? ` name=${vectorName(Number(value))}` : ''}`;
  });
  return name + fields.join('');
}

const CLASS_OF: { readonly [name: string]: TraceClass } = { exception: 'exceptions', interrupt: 'interrupts', io: 'io', mmio: 'mmio' };

/** Whether events called `name` are among `classes`; null is all of them. */
export const isTraced = (name: string, classes: readonly TraceClass[] | null): boolean =>
  classes === null || (CLASS_OF[name] !== undefined && classes.includes(CLASS_OF[name]));

/** Writes every event of the machine among `classes` that passes, from now on. `selection` is not by place. */
export function traceEvents(vm: Vm, sink: LineSink, classes: readonly TraceClass[] | null, selection: Selection): void {
  vm.trace.on = (name, event) => {
    if (selection.isOver || !isTraced(name, classes) || !selection.passes('vcpu' in event ? event.vcpu : null, null)) return;
    sink.line(eventText(name, event));
    selection.count();
  };
}
