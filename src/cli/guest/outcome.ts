// How a run ended, and what that is to the caller of the command line: exit status, text, machine-readable form.

import { InternalError } from '../../base/errors.ts';
import type { Exit } from '../../vm/exit.ts';
import type { Vm } from '../../vm/vm.ts';
import { ExitStatus } from '../exit-status.ts';
import type { Stopped } from './post-mortem.ts';
import type { StopReason } from './stop.ts';
import { stoppedData } from './stopped-json.ts';
import { stoppedText } from './stopped-text.ts';
import { faultText, vectorName } from './vector-names.ts';

export interface Outcome {
  readonly status: number;
  /** For stderr; none when the guest ended as guests do. */
  readonly lines: readonly string[];
  /** For --json: `outcome` says what happened, other fields more about it. */
  readonly fields: { readonly outcome: string; readonly [name: string]: unknown };
}

/** How a process ends that a signal ended, as shells see it. */
export const SIGNAL_STATUS = { SIGINT: 128 + 2, SIGTERM: 128 + 15 } as const;

/** Of runs that something other than their guest ended. */
export const CUT_SHORT: readonly number[] = [ExitStatus.LIMIT, ...Object.values(SIGNAL_STATUS)];

/** What isa-debug-exit makes of the value written. */
export const debugExitStatus = (value: number): number => ((value << 1) | 1) & 0xff;

/** The outcome of the exit at which the run ended, on `vcpu`, having begun when the machine had retired `before` instructions. */
export function outcomeOf(exit: Exit, vcpu: number, vm: Vm, before: bigint): Outcome {
  switch (exit.kind) {
    case 'hlt':
      return { status: ExitStatus.OK, lines: [], fields: { outcome: 'halted' } };
    case 'reset':
      return { status: ExitStatus.OK, lines: [], fields: { outcome: 'reset' } };
    case 'debug-exit':
      return { status: debugExitStatus(exit.value), lines: [], fields: { outcome: 'debug-exit', value: exit.value } };
    case 'shutdown':
      return tripleFault(exit.chain, vcpu, vm);
    case 'limit':
      return limit(`the limit of instructions was reached after ${countText(vm, before)}`, 'instruction-limit');
    default:
      throw new InternalError(`the run ended with an exit ${exit.kind}, which nobody asked for`);
  }
}

/** The outcome when something outside the guest ended the run. */
export function stoppedOutcome(reason: StopReason, vm: Vm, before: bigint): Outcome {
  switch (reason) {
    case 'timeout':
      return limit(`the time limit was reached after ${countText(vm, before)} instructions`, 'timeout');
    case 'quit':
      return { status: ExitStatus.OK, lines: [], fields: { outcome: 'quit' } };
    default:
      return { status: SIGNAL_STATUS[reason], lines: [`tidemark: stopped by ${reason}`], fields: { outcome: 'signal', signal: reason } };
  }
}

/** The outcome of a replay at the end of its recording, which ended with `status`. */
export const replayedOutcome = (status: number, vm: Vm, before: bigint): Outcome => ({
  status,
  lines: CUT_SHORT.includes(status) ? [`tidemark: the recorded run was stopped here, after ${countText(vm, before)} instructions`] : [],
  fields: { outcome: 'replayed' },
});

/** The outcome with where the machine stopped: more lines, and the field `stopped`. */
export const withStopped = ({ status, lines, fields }: Outcome, stopped: Stopped): Outcome => ({
  status,
  lines: [...lines, ...stoppedText(stopped)],
  fields: { ...fields, stopped: stoppedData(stopped) },
});

/** What the run retired; of a machine that is resumed also where that lies in its life. */
const countText = ({ retired }: Vm, before: bigint): string => `${retired - before}${before > 0n ? ` (${retired} in all)` : ''}`;

const limit = (text: string, outcome: string): Outcome => ({ status: ExitStatus.LIMIT, lines: [`tidemark: ${text}`], fields: { outcome } });

function tripleFault(chain: Extract<Exit, { kind: 'shutdown' }>['chain'], index: number, vm: Vm): Outcome {
  const vcpu = vm.vcpus[index]!;
  const faults = chain.map(faultText);
  return {
    status: ExitStatus.TRIPLE_FAULT,
    lines: [`tidemark: triple fault on vCPU ${index} after ${vcpu.retired} instructions: ${faults.join(', then ')}`],
    fields: {
      outcome: 'triple-fault',
      vcpu: index,
      rip: `0x${vcpu.getRegs().rip.toString(16)}`,
      exceptions: chain.map(({ vector, errorCode, linear }) => ({ vector, name: vectorName(vector), errorCode, linear })),
    },
  };
}
