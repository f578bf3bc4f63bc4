// Checkpoint cycles of this machine, by three ways: the bare MT calls with a copy of each page, and through the checkpointer, in memory
// or into a directory.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checkpointer } from '../../src/checkpoint/checkpointer.ts';
import { MemoryStore } from '../../src/checkpoint/memory-store.ts';
import type { CheckpointStore } from '../../src/checkpoint/store.ts';
import { DirectoryStore } from '../../src/cli/checkpoint-directory.ts';
import { MtEnable, MtFlag, MtOp } from '../../src/mt/abi.ts';
import { median } from '../harness/statistics.ts';
import { RandomGuest } from './random-guest.ts';

export const WAYS = ['mt', 'memory', 'directory'] as const;
export const METHODS = ['write-protect', 'pml'] as const;

export interface CyclesTask {
  readonly way: (typeof WAYS)[number];
  readonly tracking: (typeof METHODS)[number];
  readonly mib: number;
  /** Pages written in a cycle. */
  readonly dirty: number;
}

export interface CyclesAnswer {
  /** Cycles a second of processor time, the guest's own work included. */
  readonly rate: number;
  /** Microseconds of processor time a page, of everything but the guest: collecting garbage is in it. */
  readonly perPage: number;
  /** Microseconds of processor time to copy a page into a new buffer that is kept. */
  readonly copying: number;
}

const PAGE = 4096;
const BATCH = 512;
/** Seconds of processor time of the warm-up, in which compilers come to rest and a store fills its memory, and then of the measuring. */
const WARM_UP = 2.5;
const ENOUGH = 0.6;
/** Pages between two looks at the clock, as in kvm-cycles.c: a look is a system call. */
const LOOK = 1024;
/** Pages that a directory takes in each of the two, since it keeps them all. */
const MOST_PAGES = 20_000;
/** Bytes of deltas that a store in memory keeps before it merges them into its base. */
const KEPT = 64 * 1024 ** 2;

/** Makes one cycle; gives the guest's microseconds. */
type Cycle = () => number;

/** The calls by themselves, and one buffer that all pages are copied to. */
function byCalls({ vm }: RandomGuest, dirty: number): Cycle {
  const { mt } = vm;
  const buffer = new Uint8Array(dirty * PAGE);
  mt.initMt({ op: MtOp.INIT, flags: MtFlag.NO_DUPS, maxDirty: vm.pageCount });
  mt.enableMt(MtEnable.ON);
  let cpid = 0;
  return () => {
    mt.prepareMtCp(BigInt(++cpid));
    const start = performance.now();
    vm.runSlice();
    const guest = (performance.now() - start) * 1000;
    mt.mtVmQuiesced();
    let found = 0;
    for (;;) {
      const { gfns } = mt.fetchSublist({ count: BATCH });
      if (gfns.length === 0) break;
      for (const gfn of gfns) buffer.set(vm.page(gfn)!, found++ * PAGE);
    }
    mt.rearmDirtyPages();
    if (found !== dirty) throw new Error(`${found} pages were reported, ${dirty} written`);
    return guest;
  };
}

function byCheckpointer({ vm }: RandomGuest, dirty: number, store: CheckpointStore): Cycle {
  const checkpointer = new Checkpointer(vm, store, { dirtyTrigger: 0, maxDirty: vm.pageCount });
  checkpointer.start();
  return () => {
    const { gfns, phases } = checkpointer.cycle();
    if (gfns.length !== dirty) throw new Error(`${gfns.length} pages were reported, ${dirty} written`);
    return phases.run;
  };
}

/** Copies pages of as many cycles as are kept into buffers of their own: what no checkpoint can do without. */
function copying({ vm }: RandomGuest, dirty: number): number {
  const kept: Uint8Array[] = [];
  const most = Math.ceil(KEPT / (dirty * PAGE));
  const cycles = 4 * most;
  const begun = seconds();
  for (let n = 0; n < cycles; n++) {
    const buffer = new Uint8Array(dirty * PAGE);
    for (let at = 0; at < dirty; at++) buffer.set(vm.page(1024 + ((at * 7 + n * dirty) % 32768))!, at * PAGE);
    kept[n % most] = buffer;
  }
  return ((seconds() - begun) * 1e6) / cycles / dirty;
}

const seconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** Runs some cycles in this process. */
export function runCycles({ way, tracking, mib, dirty }: CyclesTask): CyclesAnswer {
  const guest = new RandomGuest(mib, tracking);
  const folder = way === 'directory' ? mkdtempSync(join(tmpdir(), 'tidemark-cycles-')) : null;
  const store = folder === null ? new MemoryStore(KEPT) : DirectoryStore.create(join(folder, 'run'));
  const cycle = way === 'mt' ? byCalls(guest, dirty) : byCheckpointer(guest, dirty, store);
  const most = way === 'directory' ? MOST_PAGES / dirty : Infinity;
  const some = (enough: number): { readonly rate: number; readonly guest: number } => {
    const guests: number[] = [];
    const begun = seconds();
    do {
      for (let pages = 0; pages < LOOK; pages += dirty) {
        guest.prepare(dirty);
        guests.push(cycle());
      }
    } while (seconds() - begun < enough && guests.length < most);
    return { rate: guests.length / (seconds() - begun), guest: median(guests) };
  };
  try {
    some(WARM_UP);
    const { rate, guest: guestTime } = some(ENOUGH);
    return { rate, perPage: (1e6 / rate - guestTime) / dirty, copying: copying(guest, dirty) };
  } finally {
    if ('close' in store) store.close();
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  }
}
