// --trace instructions: the machine is run one instruction at a time, and each is shown with its bytes and its text:
//
//   vcpu retired rip bytes text
//
// Events (exceptions and interrupts, unless others are asked for) stand between the instructions as --trace events shows them. Slow, and
// without influence on the guest.

import { INTERNALS } from '../../base/internals.ts';
import type { TraceEvents } from '../../base/trace.ts';
import type { Cpu } from '../../cpu/cpu.ts';
import { codeAt } from '../../debug/code-at.ts';
import type { SliceResult } from '../../vm/exit.ts';
import type { Vm } from '../../vm/vm.ts';
import type { Disassemble } from './disassembler.ts';
import type { TraceClass } from '../values.ts';
import { eventText, isTraced } from './trace-events.ts';
import type { LineSink } from './trace-sink.ts';

/** A vCPU before a step: what it would execute. */
interface Before {
  readonly retired: bigint;
  readonly rip: bigint;
  readonly bytes: Uint8Array;
  readonly bitness: 16 | 32 | 64;
}

/** Returns what runs slices instead of `runSlice`, showing each instruction. Takes the machine's trace. */
export function traceInstructions(
  vm: Vm,
  disassemble: Disassemble,
  sink: LineSink,
  classes: readonly TraceClass[] | null,
  runSlice: (limit: number) => SliceResult = (limit) => vm.runSlice(limit),
): (limit: number, milliseconds: number) => SliceResult {
  const { cpus } = vm[INTERNALS];
  let events: string[] = [];
  let delivered = false;
  const listener = <K extends keyof TraceEvents>(name: K, event: TraceEvents[K]): void => {
    if (isTraced(name, classes)) events.push(eventText(name, event));
    // Has the machine come back before the handler's first instruction, so that this one is seen too.
    if (name === 'interrupt') {
      delivered = true;
      vm.kick();
    }
  };
  vm.trace.on = listener;

  const step = (): SliceResult => {
    const before = cpus.map((cpu) => look(vm, cpu));
    const result = runSlice(1);
    cpus.forEach((cpu, n) => {
      if (cpu.state.retired[0] > before[n].retired) sink.line(instructionText(n, before[n], disassemble));
    });
    for (const event of events) sink.line(event);
    events = [];
    const own = delivered && result.exit.kind === 'interrupted';
    delivered = false;
    return own ? { ...result, exit: { kind: 'limit' } } : result;
  };
  return (limit, milliseconds) => {
    const until = performance.now() + milliseconds;
    let retired = 0;
    for (let steps = 0; ; steps++) {
      const result = step();
      retired += result.retired;
      const isOver = retired >= limit || steps >= limit || performance.now() >= until;
      if (result.exit.kind !== 'limit' || isOver) return { ...result, retired };
    }
  };
}

function look(vm: Vm, { index, state }: Cpu): Before {
  const { rip, bytes, bits } = codeAt(vm, index);
  return { retired: state.retired[0], rip, bytes, bitness: bits };
}

function instructionText(vcpu: number, { retired, rip, bytes, bitness }: Before, disassemble: Disassemble): string {
  const address = rip.toString(16).padStart(bitness === 64 ? 16 : 8, '0');
  if (bytes.length === 0) return `${vcpu} ${retired} ${address} - (no code there)`;
  const { text, length } = disassemble(bytes, bitness, rip);
  const shown = Array.from(bytes.subarray(0, length), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${vcpu} ${retired} ${address} ${shown} ${text}`;
}
