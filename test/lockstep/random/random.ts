// Runs a random program under both engines in lockstep.

import { MtEnable, MtFlag, MtOp } from '../../../src/mt/abi.ts';
import type { TrackingMethod } from '../../../src/mmu/tracking.ts';
import type { Vm } from '../../../src/vm/vm.ts';
import { randomOf } from '../../mt/laws/machine.ts';
import { lockstep } from '../support/lockstep.ts';
import type { LockstepEnd } from '../support/lockstep.ts';
import { translatorOf } from '../support/share.ts';
import { CODE_GPA, WINDOW, randomMachine } from './layout.ts';
import type { Setting } from './layout.ts';
import { buildProgram } from './program.ts';
import type { Genome } from './program.ts';

export interface RandomRun {
  readonly setting: Setting;
  readonly genome: Genome;
  /** Seeds slice lengths and disturbances. */
  readonly seed: number;
  readonly tracking: TrackingMethod;
  /** Ticks between two timer interrupts; 0 for none. */
  readonly period: number;
  readonly limit?: number;
}

export interface RandomEnd extends LockstepEnd {
  readonly translated: number;
  readonly interpreted: number;
}

const LIMIT = 3000;

/** Slice lengths of one run: one length throughout, or mixed. */
function sliceLengths(seed: number): () => number {
  const random = randomOf(seed);
  const fixed = [1, 2, 3, 7, 31, 97, 401, 3000];
  const kind = random(2 * fixed.length);
  return kind < fixed.length ? () => fixed[kind]! : () => 1 + random(kind % 2 ? 20 : 300);
}

/** Tracking with a trigger of few pages: each time it is reached, what is dirty is taken away and armed again. */
class Cycles {
  readonly fetched: string[] = [];
  private cycle = 0n;

  constructor(
    private readonly vm: Vm,
    trigger: number,
  ) {
    const { mt } = vm;
    mt.initMt({ op: MtOp.INIT, flags: MtFlag.NO_DUPS, maxDirty: 0xffffffff });
    mt.enableMt(MtEnable.ON);
    mt.mtDirtyTrigger(trigger);
    mt.prepareMtCp(this.cycle);
  }

  end(): void {
    const { mt } = this.vm;
    mt.mtVmQuiesced();
    for (;;) {
      const { gfns, waiting } = mt.fetchSublist({ count: 64 });
      this.fetched.push(gfns.join());
      if (waiting === 0) break;
    }
    mt.prepareMtCp(++this.cycle);
  }
}

/** Error, with what differs, unless both engines do the same. */
export function runRandom({ setting, genome, seed, tracking, period, limit = LIMIT }: RandomRun): RandomEnd {
  const code = buildProgram(setting, genome);
  // One in four translates only what is hot, and goes to and fro between the two ways.
  const engines = ['interpreter', seed % 4 === 3 ? 'auto' : 'translator'] as const;
  const [reference, subject] = engines.map((engine) => {
    const machine = randomMachine(setting, code, period, { engine, tracking });
    return { ...machine, cycles: tracking === 'none' ? null : new Cycles(machine.vm, 1 + (seed % 5)) };
  });
  const of = (vm: Vm): typeof reference => (vm === reference!.vm ? reference : subject);
  const slice = sliceLengths(seed);
  let calls = 0;
  const end = lockstep(reference!.vm, subject!.vm, {
    slice,
    limit: slice() === 1 ? limit / 5 : limit,
    onExit(vm, exit) {
      if (exit.kind === 'mt-dirty-trigger') {
        of(vm)!.cycles!.end();
        return true;
      }
      return exit.kind === 'interrupted' && calls++ < 1000;
    },
    between: (vm, count) => disturb(vm, code, seed, count),
  });
  const lists = [reference, subject].map((machine) => JSON.stringify([machine!.cycles?.fetched, machine!.writes]));
  if (lists[0] !== lists[1]) throw new Error(`the engines differ in what was seen outside:\n${lists[0]}\n${lists[1]}`);
  return { ...end, ...translatorOf(subject!.vm).retired };
}

/** Now and then the host writes to the code what is there already, writes data, or arms everything again. */
function disturb(vm: Vm, code: Uint8Array, seed: number, count: number): void {
  const random = randomOf(seed * 7919 + count);
  const at = random(code.length);
  switch (random(40)) {
    case 0:
      vm.writeMemory(CODE_GPA + at, code.subarray(at, at + 1));
      break;
    case 1:
      vm.writeMemory(WINDOW + random(0x2000), Uint8Array.of(random(256)));
      break;
    case 2:
      if (vm.config.tracking !== 'none') vm.mt.rearmDirtyPages();
      break;
    case 3:
      vm.vcpus[0].nmi();
      break;
    default:
  }
}
