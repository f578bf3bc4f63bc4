// The machine that runs the dirtier, up to the point where it begins to write.

import { loadImage } from '../../boot/image.ts';
import { bootTarget } from '../../boot/vm-target.ts';
import { createPc } from '../../machine/pc.ts';
import type { PcConfig } from '../../machine/pc.ts';
import type { Exit } from '../../vm/exit.ts';
import type { Vm } from '../../vm/vm.ts';
import { yieldToHost } from '../../vm/yield-to-host.ts';
import { commandLine, isRunning } from './dirtier.ts';
import { findGuest, readGuest } from './guests.ts';
import type { DirtierOptions } from './options.ts';

const GUEST = 'dirtier-64';
/** Instructions between two looks at its control page, and between two turns of the host's event loop. */
const LOOK = 1000;
const TURN = 1_000_000;

/** A machine with the guest loaded. `config` says what else it is to be. */
export function buildMachine(work: DirtierOptions, config: Omit<PcConfig, 'memory' | 'engine'>): Vm {
  const { vm } = createPc({ ...config, memory: work.memory, engine: work.engine });
  loadImage(GUEST, readGuest(findGuest(GUEST)), bootTarget(vm), { append: commandLine(work) });
  return vm;
}

/** Runs it until it has built its page tables. Returns null then, an exit if it ended first or the signal came. */
export async function runUntilItWrites(vm: Vm, signal: AbortSignal): Promise<Exit | null> {
  for (let retired = 0; !isRunning(vm); retired += LOOK) {
    const { exit } = vm.runSlice(LOOK);
    if (exit.kind !== 'limit') return exit;
    if (retired % TURN === 0) await yieldToHost();
    if (signal.aborted) return { kind: 'interrupted' };
  }
  return null;
}
