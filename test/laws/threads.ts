import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { INTERNALS } from '../../src/base/internals.ts';
import { MtFlag } from '../../src/mt/abi.ts';
import { Vm } from '../../src/vm/vm.ts';
import { RpcWorker, bundleWorker, until } from '../support/worker.ts';
import { MIB, PAGE, configurations } from './support/configurations.ts';
import { Consumer } from './support/consumer.ts';
import { loadCode } from './support/entry.ts';
import { loadGuest } from './support/guests.ts';
import { STORE_PAGES_AND_WAIT } from './support/programs.ts';
import type { Copy, FetchWorkerAnswer, FetchWorkerCall, FetchWorkerData } from './fetch-worker.ts';

// Laws 1 and 3 with fetchers on other threads, which re-arm and copy pages while the vCPUs run.

type Fetcher = RpcWorker<FetchWorkerCall, FetchWorkerAnswer>;

let file: string;
let fetchers: Fetcher[] = [];

/** The hooks of each file that defines tests. */
function hooks(): void {
  beforeAll(async () => {
    file = await bundleWorker(fileURLToPath(new URL('./fetch-worker.ts', import.meta.url)));
  });
  afterEach(async () => {
    await Promise.all(fetchers.map((fetcher) => fetcher.stop()));
    fetchers = [];
  });
}

function start(vm: Vm, count: number): Fetcher[] {
  const order = new SharedArrayBuffer(4);
  fetchers = Array.from({ length: count }, (_, n) => {
    const data: FetchWorkerData = { seed: vm.fetcherSeed(), id: n + 1, order };
    return new RpcWorker<FetchWorkerCall, FetchWorkerAnswer>(file, data);
  });
  return fetchers;
}

/** The copy of each page that was fetched last: it was made after every earlier fetch of the page had re-armed it. */
function takeInOrder(consumer: Consumer, copies: readonly Copy[]): void {
  for (const { gfn, page } of [...copies].sort((a, b) => a.order - b.order)) consumer.put(gfn, page);
}

/** Until a fetch of `count` entries waits. */
function asleep(vm: Vm, count: number): Promise<void> {
  const control = new Uint32Array(vm[INTERNALS].memory.memory.buffer, vm[INTERNALS].parts.plan['mt-control'].offset);
  return until(() => control.includes(count));
}

const cases = configurations().map((configuration, n) => ({
  ...configuration,
  n,
  guest:
    configuration.vcpus === 1
      ? { image: 'dirtier/dirtier-64', append: 'pages=67 iterations=10 group=2 rate=30' }
      : { image: 'smp64/smp64', append: 'cpus=4 rounds=20000' },
}));

/** Defines the tests of copies: with one flag or the other in turn, from the first or the second on. */
export function describeFetchers(first: 0 | 1): void {
  hooks();

  describe.each(cases)('threads, $engine, $tracking, $vcpus vCPUs', ({ guest, n, ...configuration }) => {
    const flags = (n + (n >> 1) + (n >> 2) + first) % 2 === 0 ? 0 : MtFlag.NO_DUPS;

    it(`several fetchers copy while the guest runs: nothing twice, nothing lost (flags ${flags})`, async () => {
      const { vm, text } = loadGuest(guest, { ...configuration, threads: true, quantum: 5_000 });
      const { mt } = vm;
      mt.initMt({ op: 1, flags, maxDirty: 0xffffffff });
      mt.enableMt(1);
      const consumer = new Consumer(vm);
      const workers = start(vm, 3);
      let ended = false;
      for (let cycle = 1; !ended; cycle++) {
        mt.prepareMtCp(BigInt(cycle));
        const calls = workers.map((worker, n) => worker.call({ count: 2 + n }));
        // At least one is there, so that fetches and instructions overlap.
        await until(() => vm.mt.stats().cycle.fetches > 0 || vm.runSlice(2_000).exit.kind === 'hlt');
        const { exit } = await vm.run({ limit: 300_000 });
        ended = exit.kind === 'hlt';
        mt.mtVmQuiesced();
        const answers = await Promise.all(calls);
        expect(answers.map(({ error }) => error)).toEqual([null, null, null]);
        const copies = answers.flatMap((answer) => answer.copies);
        // As many entries came out as were accepted, so none came out twice and none is missing.
        const { cycle: counters, dirty, waiting } = mt.stats();
        expect(waiting).toBe(0);
        expect(copies.length).toBe(dirty);
        expect(copies.length).toBe(counters.entries + counters.carried);
        takeInOrder(consumer, copies);
        expect(consumer.lost()).toEqual([]);
      }
      expect(text()).toMatch(/checksum=|smp64: cpus=4 counter=200000/);
    });
  });
}

/** Defines the tests of sleepers. */
export function describeSleepers(): void {
  hooks();

  describe.each(cases)('threads, $engine, $tracking, $vcpus vCPUs', ({ guest, n: _, ...configuration }) => {
    it('tracking switched off wakes the sleepers with ENXIO', async () => {
      const { vm } = loadGuest(guest, { ...configuration, threads: true });
      vm.mt.initMt({ op: 1, maxDirty: 100_000 });
      vm.mt.enableMt(1);
      const calls = start(vm, 2).map((worker) => worker.call({ count: 50_000 }));
      await asleep(vm, 50_000);
      vm.mt.enableMt(0);
      const answers = await Promise.all(calls);
      expect(answers.map(({ error }) => error)).toEqual(['ENXIO', 'ENXIO']);
    });
  });

  describe.each(configurations([1]))('a waiter, $engine, $tracking', (configuration) => {
    it('is served within the slice that logs what it waits for', async () => {
      const vm = new Vm({ memory: 4 * MIB, threads: true, ...configuration });
      loadCode(vm, 32, STORE_PAGES_AND_WAIT);
      const flag = 0x180000;
      vm.vcpus[0].setRegs({ rdi: 0x200000n, rcx: 100n, rsi: BigInt(flag) });
      vm.mt.initMt({ op: 1, maxDirty: 1000 });
      vm.mt.enableMt(1);
      vm.mt.prepareMtCp(1n);
      // More than a log holds would be collected when it is full.
      const [fetcher] = start(vm, 1);
      const call = fetcher.call({ count: 77, signal: vm[INTERNALS].parts.physical.hostOffset(flag) });
      await asleep(vm, 77);
      // The guest spins until the fetch has returned.
      expect(vm.runSlice(400_000_000).exit.kind).toBe('hlt');
      vm.mt.mtVmQuiesced();
      const { copies, error } = await call;
      expect(error).toBeNull();
      expect(copies.map(({ gfn }) => gfn)).toEqual(Array.from({ length: 100 }, (_, n) => 0x200000 / PAGE + n));
    });
  });
}
