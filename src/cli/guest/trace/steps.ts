// A trace that has to know where each instruction is: the machine is run one instruction at a time. Events stand between the instructions
// as --trace events shows them. Slow, and without influence on the guest.

import { INTERNALS } from '../../../base/internals.ts';
import { Activity } from '../../../base/state/vcpu.ts';
import type { TraceEvents } from '../../../base/trace.ts';
import type { SliceResult } from '../../../vm/exit.ts';
import type { Vm } from '../../../vm/vm.ts';
import type { TraceClass } from '../../values.ts';
import { eventText, isTraced } from './events.ts';
import type { Selection } from './filter.ts';
import { lookAt } from './instruction.ts';
import type { Before, InstructionLines } from './instruction.ts';
import type { LineSink } from './sink.ts';

type RunSlice = (limit: number, milliseconds: number) => SliceResult;

/** What is shown, and where. */
export interface StepTrace {
  readonly sink: LineSink;
  readonly classes: readonly TraceClass[] | null;
  readonly selection: Selection;
  /** Null to show events alone. */
  readonly lines: InstructionLines | null;
}

interface Noted {
  readonly name: keyof TraceEvents;
  readonly text: string;
  readonly vcpu: number | null;
  /** Unsigned; null where the event does not say. */
  readonly rip: bigint | null;
}

/** Returns what runs slices instead of `runSlice`, showing what passes; at full speed once enough is shown. Takes the machine's trace. */
export function traceSteps(vm: Vm, { sink, classes, selection, lines }: StepTrace, runSlice: RunSlice): RunSlice {
  const { cpus } = vm[INTERNALS];
  let events: Noted[] = [];
  let delivered = false;
  vm.trace.on = (name, event) => {
    if (selection.isOver) return;
    const { vcpu = null, rip = null } = event as { readonly vcpu?: number; readonly rip?: bigint };
    const unsigned = rip === null ? null : BigInt.asUintN(64, rip);
    events.push({ name, text: isTraced(name, classes) ? eventText(name, event) : '', vcpu, rip: unsigned });
    // Has the machine come back before the handler's first instruction, so that this one is seen too.
    if (name === 'interrupt') {
      delivered = true;
      vm.kick();
    }
  };

  const show = (before: Before, operate: ReturnType<InstructionLines['operate']>): void => {
    // Where a triple fault ends in shutdown no delivery is told of.
    const isShutDown = cpus[before.vcpu]!.state.activity[0] === Activity.SHUTDOWN;
    const isStopped =
      isShutDown || events.some(({ name, vcpu, rip }) => name === 'exception' && vcpu === before.vcpu && rip === before.rip);
    sink.line(lines!.text(before, operate, isStopped));
    selection.count();
  };
  const showEvent = ({ text, vcpu, rip }: Noted, before: readonly Before[]): void => {
    const at = vcpu === null ? null : before[vcpu]!;
    const linear = at && (rip === null ? at.linear : BigInt.asUintN(64, at.linear + rip - at.rip));
    if (text === '' || !selection.passes(vcpu, linear)) return;
    sink.line(text);
    if (!lines) selection.count();
  };

  const step = (): SliceResult => {
    const before = cpus.map((cpu) => lookAt(vm, cpu));
    const wanted = lines
      ? before.filter((one) => selection.passes(one.vcpu, one.linear)).map((one) => ({ before: one, operated: lines.operate(one) }))
      : [];
    const result = runSlice(1, Infinity);
    for (const one of wanted) {
      if (cpus[one.before.vcpu]!.state.retired[0] > one.before.retired) show(one.before, one.operated);
    }
    for (const event of events) showEvent(event, before);
    events = [];
    const own = delivered && result.exit.kind === 'interrupted';
    delivered = false;
    return own ? { ...result, exit: { kind: 'limit' } } : result;
  };
  return (limit, milliseconds) => {
    if (selection.isOver) return runSlice(limit, milliseconds);
    const until = performance.now() + milliseconds;
    let retired = 0;
    for (let steps = 0; ; steps++) {
      const result = step();
      retired += result.retired;
      const isOver = retired >= limit || steps >= limit || performance.now() >= until || selection.isOver;
      if (result.exit.kind !== 'limit' || isOver) return { ...result, retired };
    }
  };
}
