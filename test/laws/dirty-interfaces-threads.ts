import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { INTERFACES, startLogging } from '../dirty-log/interfaces.ts';
import { RpcWorker, bundleWorker, until } from '../support/worker.ts';
import { METHODS } from './support/configurations.ts';
import { Consumer } from './support/consumer.ts';
import { loadGuest } from './support/guests.ts';
import type { FetchWorkerAnswer, FetchWorkerCall, FetchWorkerData } from './fetch-worker.ts';

// Law 1 for KVM's own interfaces while another thread fetches for memory tracking: what it collects of the hardware's log is not
// lost to the others.

const cases = METHODS.flatMap((tracking, t) => INTERFACES.map((name, n) => ({ tracking, name, turn: (t + n) % 2 })));

/** Defines the tests of every second case, from the first or the second on. */
export function describeBesideFetchers(first: 0 | 1): void {
  let file: string;
  const workers: RpcWorker<FetchWorkerCall, FetchWorkerAnswer>[] = [];
  beforeAll(async () => {
    file = await bundleWorker(fileURLToPath(new URL('./fetch-worker.ts', import.meta.url)));
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
  });

  describe.each(cases.filter(({ turn }) => turn === first))('$name beside a fetcher on another thread, $tracking', ({ tracking, name }) => {
    it('loses nothing, nor does memory tracking', async () => {
      const { vm } = loadGuest(
        { image: 'dirtier/dirtier-64', append: 'pages=67 iterations=7 group=2 rate=30' },
        { tracking, engine: 'translator', threads: true },
      );
      const log = startLogging(vm, name, [0]);
      vm.mt.initMt({ op: 1, flags: 4, maxDirty: 0xffffffff });
      vm.mt.enableMt(1);
      const [byLog, byTracking] = [new Consumer(vm), new Consumer(vm)];
      const data: FetchWorkerData = { seed: vm.fetcherSeed(), id: 1, order: new SharedArrayBuffer(4) };
      const worker = new RpcWorker<FetchWorkerCall, FetchWorkerAnswer>(file, data);
      workers.push(worker);
      let fetches = 0;
      for (let end = 'limit', cycle = 1; end !== 'hlt'; cycle++) {
        vm.mt.prepareMtCp(BigInt(cycle));
        const call = worker.call({ count: 3 });
        await until(() => vm.mt.stats().cycle.fetches > 0 || vm.runSlice(500).exit.kind === 'hlt');
        end = (await vm.run({ limit: 30_000 })).exit.kind;
        vm.mt.mtVmQuiesced();
        const { copies, error } = await call;
        expect(error).toBe(null);
        fetches += vm.mt.stats().cycle.fetches;
        for (const { gfn, page } of copies) byTracking.put(gfn, page);
        byLog.take(log.collect());
        expect([byLog.lost(), byTracking.lost()]).toEqual([[], []]);
      }
      expect(fetches).toBeGreaterThan(20);
    });
  });
}
