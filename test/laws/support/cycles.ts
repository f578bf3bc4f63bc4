// Cycles as a consumer goes through them, over a guest that does what it likes: slices of random length, fetches and host
// writes at random moments, and a look at all of memory at the end of each cycle.

import { expect } from 'vitest';
import { MtEnable, MtFlag, MtOp } from '../../../src/mt/abi.ts';
import type { Exit } from '../../../src/vm/exit.ts';
import type { Vm } from '../../../src/vm/vm.ts';
import { randomOf } from '../../mt/laws/machine.ts';
import { PAGE } from './configurations.ts';
import { Consumer } from './consumer.ts';
import { UNUSED } from './guests.ts';

type Random = (below: number) => number;

export interface CyclesOptions {
  readonly seed: number;
  readonly noDups?: boolean;
  /** Re-arm at each fetch; else once per cycle, in turn by REARM and by PREPARE. */
  readonly rearm?: boolean;
  readonly trigger?: number;
}

export interface CyclesResult {
  readonly cycles: number;
  readonly reported: number;
  readonly exit: Exit;
}

const ENDS: readonly string[] = ['hlt', 'shutdown', 'debug-exit'];
const SLICES_A_CYCLE = 4;

/** Tracking on, cycles until the guest ends, a full comparison after each (law 1), tracking off. `slice`: its most instructions. */
export function runCycles(
  vm: Vm,
  { seed, slice, noDups = false, rearm = false, trigger = 0 }: CyclesOptions & { readonly slice: number },
): CyclesResult {
  const { mt } = vm;
  const random = randomOf(seed);
  mt.initMt({ op: MtOp.INIT, flags: noDups ? MtFlag.NO_DUPS : 0, maxDirty: 0xffffffff });
  mt.enableMt(MtEnable.ON);
  mt.mtDirtyTrigger(trigger);
  const consumer = new Consumer(vm);
  let cycles = 0;
  let total = 0;
  for (;;) {
    mt.prepareMtCp(BigInt(++cycles));
    const reported: number[] = [];
    const exit = oneCycle(vm, random, slice, () => {
      const { gfns } = mt.fetchSublist({ count: 1 + random(32), rearm });
      if (rearm) consumer.take(gfns);
      else reported.push(...gfns);
      total += gfns.length;
    });
    mt.mtVmQuiesced();
    for (let waiting = 1; waiting > 0; ) {
      const result = mt.fetchSublist({ count: 100, rearm });
      reported.push(...result.gfns);
      total += result.gfns.length;
      waiting = result.waiting;
    }
    consumer.take(reported);
    expect(consumer.lost(), `pages lost in cycle ${cycles}`).toEqual([]);
    if (!rearm && cycles % 2 === 0) mt.rearmDirtyPages();
    if (ENDS.includes(exit.kind)) {
      mt.initMt({ op: MtOp.CLEANUP });
      return { cycles, reported: total, exit };
    }
  }
}

function oneCycle(vm: Vm, random: Random, slice: number, fetch: () => void): Exit {
  let exit: Exit = { kind: 'limit' };
  for (let n = 0; n < SLICES_A_CYCLE && exit.kind === 'limit'; n++) {
    ({ exit } = vm.runSlice(1 + random(slice)));
    if (random(3) === 0) hostWrite(vm, random);
    if (random(2) === 0) fetch();
  }
  return exit;
}

/** Writes that the guest does not notice: where it never looks, or what is there already. */
function hostWrite(vm: Vm, random: Random): void {
  if (random(2) === 0) {
    vm.writeMemory(UNUSED.base + random(UNUSED.pages) * PAGE + random(PAGE - 8), Uint8Array.of(random(256), random(256)));
  } else {
    const at = random(UNUSED.base - PAGE);
    vm.writeMemory(at, vm.readMemory(at, 16));
  }
}
