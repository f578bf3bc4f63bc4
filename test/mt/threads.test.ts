import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Request } from '../../src/base/request.ts';
import { RpcWorker, bundleWorker, until } from '../support/worker.ts';
import type { FetchAnswer, FetchCall, FetchWorkerData } from './fetch-worker.ts';
import { randomOf } from './laws/machine.ts';
import { SyntheticMachine } from './synthetic-machine.ts';
import type { Method } from './synthetic-arming.ts';

type Fetcher = RpcWorker<FetchCall, FetchAnswer>;

let file: string;
let workers: Fetcher[] = [];
beforeAll(async () => {
  file = await bundleWorker(fileURLToPath(new URL('./fetch-worker.ts', import.meta.url)));
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  workers = [];
});

function start(machine: SyntheticMachine, count: number, method: Method): Fetcher[] {
  workers = Array.from({ length: count }, (_, i) => {
    const data: FetchWorkerData = { fetcher: machine.fetcherData(i + 1), method };
    return new RpcWorker<FetchCall, FetchAnswer>(file, data);
  });
  return workers;
}

const sleepers = (machine: SyntheticMachine): number => machine.views.control.waiters[0];
const asleep = (machine: SyntheticMachine, count: number): Promise<void> => until(() => sleepers(machine) === count);
const store = (...gfns: number[]) => gfns.map((gfn) => ({ vcpu: 0, gfn }));

describe.each<Method>(['write-protect', 'pml'])('fetchers on worker threads, %s', (method) => {
  const shared = (pages = 64): SyntheticMachine => new SyntheticMachine({ shared: true, method, pages }).track();

  it('sleep in WAIT until enough entries are there, first come first served', async () => {
    const machine = shared();
    const [first, second] = start(machine, 2, method);
    const one = first.call({ request: { count: 3, wait: true } });
    await asleep(machine, 1);
    const two = second.call({ request: { count: 1, wait: true } });
    await asleep(machine, 2);
    machine.stores(store(10, 11));
    expect(sleepers(machine)).toBe(2);
    machine.stores(store(12, 13));
    expect(await one).toEqual({ fetches: [[10, 11, 12]] });
    expect(await two).toEqual({ fetches: [[13]] });
  });

  it('are woken by QUIESCED with what there is, though PREPARE follows at once', async () => {
    const machine = shared();
    const [fetcher] = start(machine, 1, method);
    const call = fetcher.call({ request: { count: 5, wait: true } });
    await asleep(machine, 1);
    machine.stores(store(1, 2));
    machine.mt.mtVmQuiesced();
    machine.mt.prepareMtCp(1n);
    expect(await call).toEqual({ fetches: [[1, 2]] });
  });

  it('do not miss a QUIESCED that came before the WAIT', async () => {
    const machine = shared();
    const [fetcher] = start(machine, 1, method);
    machine.mt.mtVmQuiesced();
    expect(await fetcher.call({ request: { count: 5, wait: true } })).toEqual({ fetches: [[]] });
  });

  it.each([
    ['ENABLE(0)', (machine: SyntheticMachine) => machine.mt.enableMt(0)],
    [
      'ENABLE(0) and ENABLE(1)',
      (machine: SyntheticMachine) => {
        machine.mt.enableMt(0);
        machine.mt.enableMt(1);
      },
    ],
    ['cleanup', (machine: SyntheticMachine) => machine.mt.initMt({ op: 2 })],
  ])('fail with ENXIO at %s', async (_, off) => {
    const machine = shared();
    const calls = start(machine, 2, method).map((fetcher) => fetcher.call({ request: { count: 1, wait: true } }));
    await asleep(machine, 2);
    off(machine);
    expect(await Promise.all(calls)).toEqual([
      { fetches: [], error: 'ENXIO' },
      { fetches: [], error: 'ENXIO' },
    ]);
  });

  it('are interrupted one by one, and the others keep their turn', async () => {
    const machine = shared();
    const [first, second] = start(machine, 2, method);
    const one = first.call({ request: { count: 2, wait: true } });
    await asleep(machine, 1);
    const two = second.call({ request: { count: 1, wait: true } });
    await asleep(machine, 2);
    machine.stores(store(4));
    expect(machine.mt.interruptFetcher(7)).toBe(false);
    expect(machine.mt.interruptFetcher(1)).toBe(true);
    expect(await one).toEqual({ fetches: [], error: 'EINTR' });
    expect(await two).toEqual({ fetches: [[4]] });
  });

  it('share one queue with the waits of the thread that runs the vCPUs', async () => {
    const machine = shared();
    const [fetcher] = start(machine, 1, method);
    const first = fetcher.call({ request: { count: 2, wait: true } });
    await asleep(machine, 1);
    const second = machine.mt.fetchSublistAsync({ count: 2, wait: true });
    machine.stores(store(1, 2, 3));
    // The one on this thread gets its turn when the other thread has left, without any further slice.
    expect(await first).toEqual({ fetches: [[1, 2]] });
    machine.mt.mtVmQuiesced();
    expect([...(await second).gfns]).toEqual([3]);
  });

  it('check arguments and return at once without WAIT', async () => {
    const machine = shared();
    const [fetcher] = start(machine, 1, method);
    machine.stores(store(1));
    expect(await fetcher.call({ request: { count: 0 } })).toEqual({ fetches: [], error: 'EINVAL' });
    expect(await fetcher.call({ request: { count: 9, rearm: true } })).toEqual({ fetches: [[1]] });
    expect(machine.arming.armed[1]).toBe(1);
    expect(await fetcher.call({ request: { count: 9 } })).toEqual({ fetches: [[]] });
  });

  it.each([false, true])('return disjoint entries and lose none while the guest runs (REARM: %s)', async (rearm) => {
    const pages = 512;
    const machine = shared(pages);
    const fetchers = start(machine, 3, method);
    const { mt } = machine;
    const random = randomOf(7);
    for (let cycle = 1; cycle <= 3; cycle++) {
      mt.prepareMtCp(BigInt(cycle));
      const calls = fetchers.map((fetcher, i) => fetcher.call({ request: { count: 3 + i, wait: true, rearm }, untilShort: true }));
      await until(() => sleepers(machine) > 0);
      const written = new Set<number>();
      for (let slice = 0; slice < 40; slice++) {
        const stores = Array.from({ length: 60 }, () => ({ vcpu: random(2), gfn: random(pages), value: random(256) }));
        const { done } = machine.slice(stores);
        stores.slice(0, done).forEach(({ gfn }) => written.add(gfn));
        const gfn = random(pages);
        machine.hostWrite(gfn, 0, slice);
        written.add(gfn);
      }
      mt.mtVmQuiesced();
      const answers = await Promise.all(calls);
      const entries = [...answers.flatMap(({ fetches }) => fetches.flat()), ...machine.fetchAll()];
      const { cycle: counters, dirty } = mt.stats();
      // As many entries came out as were accepted: none twice, none lost.
      expect(entries.length).toBe(counters.entries + counters.carried);
      expect(entries.length).toBe(dirty);
      expect(new Set(entries)).toEqual(written);
      if (!rearm) expect(Math.max(...[...written].map((gfn) => entries.filter((entry) => entry === gfn).length))).toBeLessThanOrEqual(2);
    }
  });

  it('get the lock in the middle of a slice', async () => {
    const machine = shared();
    const [fetcher] = start(machine, 1, method);
    const served: number[] = [];
    // The second store comes after the hand-over that the first made room for; vCPUs stay in guest mode all the time.
    machine.duringSlice = () => {
      served.push(machine.views.control.fetches[0]);
      while (served.length === 1 && !machine.lock.contended);
      expect(machine.lock.guestMode).toBe(1);
    };
    const call = fetcher.call({ request: { count: 5 } });
    machine.slice(store(1, 2));
    expect(served).toEqual([0, 1]);
    expect(await call).toEqual({ fetches: [[1]] });
    expect(machine.fetchAll()).toEqual([2]);
    // The contender asked every vCPU for an instruction boundary.
    const words = machine.fetcherData(1).requestWords.map((offset) => machine.memory.i32[offset >> 2]);
    expect(words).toEqual([Request.YIELD, Request.YIELD]);
  });
});
