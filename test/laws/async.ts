import { describe, expect, it } from 'vitest';
import { FetchFlag, MtRequest, MtSublistFetchInfo } from '../../src/mt/abi.ts';
import type { Vm } from '../../src/vm/vm.ts';
import type { Configuration } from './support/configurations.ts';
import { loadGuest } from './support/guests.ts';

// Waiting fetches on the one thread that also runs the vCPUs: run() gives the event loop its turn between slices.

/** Longer than any of these tests needs: it writes page after page. */
const GUEST = { image: 'dirtier/dirtier-64', append: 'self=0 pages=211 pattern=sequential rate=100000000' };

/** In the dirtier's control block: 1 once it writes. */
const STATE = 0x500038;
const RUNNING = 1;

/** Defines the tests of these configurations. */
export function describeAsync(chosen: readonly Configuration[]): void {
  describe.each(chosen)('asynchronous fetch, $engine, $tracking, $vcpus vCPUs', (configuration) => {
    const machine = (): Vm => {
      const { vm } = loadGuest(GUEST, configuration);
      // Past the preparations: the region is written from here on.
      while (vm.readMemory(STATE, 1)[0] !== RUNNING) vm.runSlice(50_000);
      vm.mt.initMt({ op: 1, flags: 4, maxDirty: 0xffff });
      vm.mt.enableMt(1);
      vm.mt.prepareMtCp(1n);
      return vm;
    };

    it('WAIT is settled at the end of a slice, while the guest goes on running', async () => {
      const vm = machine();
      const stop = new AbortController();
      let running = true;
      const run = vm.run({ signal: stop.signal }).finally(() => {
        running = false;
      });
      const { gfns } = await vm.mt.fetchSublistAsync({ count: 100, wait: true, rearm: true });
      expect(gfns).toHaveLength(100);
      expect(running).toBe(true);
      const again = await vm.mt.fetchSublistAsync({ count: 150, wait: true, rearm: true });
      expect(again.gfns).toHaveLength(150);
      expect(running).toBe(true);
      stop.abort();
      expect((await run).exit).toEqual({ kind: 'interrupted' });
    });

    it('a WAIT that is never satisfied ends with EINTR when its signal aborts, and consumes nothing', async () => {
      const vm = machine();
      const [stop, interrupt] = [new AbortController(), new AbortController()];
      const run = vm.run({ signal: stop.signal });
      const fetch = vm.mt.fetchSublistAsync({ count: 60_000, wait: true, signal: interrupt.signal });
      const ended = expect(fetch).rejects.toMatchObject({ code: 'EINTR' });
      setTimeout(() => interrupt.abort(), 5);
      await ended;
      stop.abort();
      await run;
      const { dirty } = vm.mt.stats();
      expect(vm.mt.fetchSublist({ count: 60_000 }).gfns).toHaveLength(dirty);
    });

    it('QUIESCED wakes it with what there is', async () => {
      const vm = machine();
      const fetch = vm.mt.fetchSublistAsync({ count: 60_000, wait: true });
      await vm.run({ limit: 10_000 });
      vm.mt.mtVmQuiesced();
      const { gfns } = await fetch;
      expect(gfns.length).toBeGreaterThan(5);
      expect(gfns.length).toBe(vm.mt.stats().dirty);
      await expect(vm.run()).rejects.toMatchObject({ code: 'EBUSY' });
      expect((await vm.mt.fetchSublistAsync({ count: 5, wait: true })).gfns).toHaveLength(0);
    });

    it('the synchronous WAIT is EDEADLK, and the trigger ends the run', async () => {
      const vm = machine();
      expect(() => vm.mt.fetchSublist({ count: 1000, wait: true })).toThrow(expect.objectContaining({ code: 'EDEADLK' }));
      vm.mt.mtDirtyTrigger(50);
      const { exit } = await vm.run();
      expect(exit).toMatchObject({ kind: 'mt-dirty-trigger', cpid: 1n });
    });

    it('by the raw face', async () => {
      const vm = machine();
      const list = new BigUint64Array(64);
      const struct = new Uint8Array(MtSublistFetchInfo.size);
      const view = new DataView(struct.buffer);
      view.setInt32(MtSublistFetchInfo.count, 64, true);
      view.setUint32(MtSublistFetchInfo.maxDirty, 64, true);
      view.setBigUint64(MtSublistFetchInfo.gfnList, vm.lists.register(list), true);
      view.setUint32(MtSublistFetchInfo.flags, FetchFlag.WAIT | FetchFlag.REARM, true);
      const fetch = vm.ioctlAsync(MtRequest.KVM_MT_SUBLIST_FETCH, struct);
      await vm.run({ limit: 20_000 });
      expect(await fetch).toBe(0);
      expect(view.getInt32(MtSublistFetchInfo.count, true)).toBe(64);
      expect(new Set(list).size).toBe(64);
    });
  });
}
