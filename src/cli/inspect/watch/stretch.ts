// A run once more, from the end of one cycle to the end of the next. That it is the run that was, and no other, is found out at the
// end: position, processors, devices and the pages that the cycle reported must be those of the checkpoint.

import { isDeepStrictEqual } from 'node:util';
import type { DeltaCheckpoint } from '../../../checkpoint/store.ts';
import { decodeHeader, encodeHeader } from '../../../snapshot/header.ts';
import { comparePositions } from '../../../vm/journal.ts';
import type { JournalData, Position } from '../../../vm/journal.ts';
import { DivergenceError, Replay } from '../../../vm/replay.ts';
import type { VmCore } from '../../../vm/save.ts';
import type { Vm } from '../../../vm/vm.ts';

/**
 * Runs `vm`, which stands at the end of the cycle before, to the end of the cycle that `delta` ends. `stopped` is called after each
 * slice. Returns null, or in what the run differs from the one that was checkpointed.
 */
export function runStretch(vm: Vm, delta: DeltaCheckpoint, journal: JournalData | null, stopped: () => void): string | null {
  const target = { ...positionOf(delta.state), waiting: false };
  try {
    const replay = journal && new Replay(vm, journal);
    const slice = (): string =>
      (replay ? replay.runSlice(Infinity, { until: target }) : vm.runSlice(Infinity, { until: target })).exit.kind;
    while (comparePositions(vm.moment.at, target) < 0) {
      const { at } = vm.moment;
      const exit = slice();
      stopped();
      // What stopped the machine may have been a kick. Anything else must have got it further.
      if (exit !== 'interrupted' && comparePositions(vm.moment.at, at) === 0) return 'the guest waits for something from outside';
    }
  } catch (error) {
    if (error instanceof DivergenceError) return error.message;
    throw error;
  }
  return differenceTo(vm, delta);
}

export const positionOf = ({ ticks, events }: VmCore): Position => ({ ticks, events });

function differenceTo(vm: Vm, { state, pages }: DeltaCheckpoint): string | null {
  const here = plainState(vm.saveCore());
  const there = plainState(state);
  if (here.ticks !== there.ticks || here.events !== there.events) return 'it does not come to the same moment';
  if (!isDeepStrictEqual(here.vcpus, there.vcpus)) return 'its registers differ';
  if (!isDeepStrictEqual(here.platform, there.platform) || !isDeepStrictEqual(here.turns, there.turns)) return 'its devices differ';
  for (const [gfn, page] of pages) if (Buffer.compare(vm.page(gfn) ?? new Uint8Array(), page) !== 0) return 'its memory differs';
  return null;
}

/** As a file gives it back: what the guest sees of the machine. */
function plainState(state: VmCore): VmCore {
  const vcpus = state.vcpus.map((vcpu) => ({
    ...vcpu,
    registers: { ...vcpu.registers, pmlIndex: 0 },
    tlb: { entry: [], linear: [], gfn: [], info: [] },
  }));
  const { text, attachments } = encodeHeader({ state: { ...state, vcpus } });
  return (decodeHeader(text, attachments) as { readonly state: VmCore }).state;
}
