// --trace and --trace-filter at work: at full speed where events are enough, instruction by instruction where the place counts.

import type { Symbols } from '../../../debug/symbols.ts';
import type { SliceResult } from '../../../vm/exit.ts';
import type { Vm } from '../../../vm/vm.ts';
import type { TraceTarget } from '../../values.ts';
import { loadOperands } from '../disassembler.ts';
import type { DisassembleOperands } from '../disassembler.ts';
import { traceEvents } from './events.ts';
import { Selection } from './filter.ts';
import type { TraceFilter } from './filter.ts';
import { InstructionLines } from './instruction.ts';
import type { LineSink } from './sink.ts';
import { traceSteps } from './steps.ts';

type RunSlice = (limit: number, milliseconds: number) => SliceResult;

export class GuestTrace {
  private constructor(
    private readonly vm: Vm,
    private readonly target: TraceTarget,
    private readonly selection: Selection,
    private readonly symbols: Symbols | null,
    /** Null if instructions are not shown. */
    private readonly disassemble: DisassembleOperands | null,
  ) {}

  /** InputError for a filter that asks for what is not there, and for a disassembler that is missing. */
  static async of(vm: Vm, target: TraceTarget, filter: TraceFilter, symbols: Symbols | null): Promise<GuestTrace> {
    const selection = Selection.of(filter, vm.vcpus.length, symbols);
    const disassemble = target.what === 'instructions' ? await loadOperands() : null;
    return new GuestTrace(vm, target, selection, symbols, disassemble);
  }

  /** Where to write what comes up between slices, which no vCPU makes. */
  between(sink: LineSink): LineSink {
    const { selection, disassemble } = this;
    return {
      line: (text) => {
        if (selection.isOver || !selection.passes(null, null)) return;
        sink.line(text);
        if (!disassemble) selection.count();
      },
    };
  }

  /** Begins to write to `sink`. Takes the machine's trace. Returns what runs slices now in place of `played`; null: `vm.runSlice`. */
  begin(sink: LineSink, played: RunSlice | null): RunSlice | null {
    const { vm, target, selection, symbols, disassemble } = this;
    if (!disassemble && !selection.isByPlace) {
      traceEvents(vm, sink, target.classes, selection);
      return played;
    }
    const nameOf = symbols && (({ linear }: { readonly linear: bigint }) => symbols.at(linear));
    const lines = disassemble && new InstructionLines(vm, disassemble, nameOf);
    return traceSteps(vm, { sink, classes: target.classes, selection, lines }, played ?? runs(vm));
  }
}

const runs =
  (vm: Vm): RunSlice =>
  (limit, milliseconds) =>
    vm.runSlice(limit, milliseconds === Infinity ? {} : { milliseconds });
