import { describe, expect, it } from 'vitest';
import type { FetchResult } from '../../src/mt/types.ts';
import { SyntheticMachine } from './synthetic-machine.ts';

/** What became of a promise so far. */
function watch(promise: Promise<FetchResult>): { value: string } {
  const state = { value: 'pending' };
  promise.then(
    ({ gfns }) => {
      state.value = `[${gfns.join(' ')}]`;
    },
    (error: { code: string }) => {
      state.value = error.code;
    },
  );
  return state;
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const store = (...gfns: number[]) => gfns.map((gfn) => ({ vcpu: 0, gfn }));

describe.each([false, true])('waiting without blocking (shared memory: %s)', (shared) => {
  const machine = (method: 'write-protect' | 'pml' = 'pml'): SyntheticMachine => new SyntheticMachine({ shared, method }).track();

  it('returns at once when there is enough, or without WAIT', async () => {
    const m = machine();
    m.stores(store(1, 2));
    expect((await m.mt.fetchSublistAsync({ count: 2, wait: true })).gfns).toEqual(Uint32Array.of(1, 2));
    expect((await m.mt.fetchSublistAsync({ count: 2 })).gfns).toEqual(new Uint32Array(0));
  });

  it('is settled at the end of the slice that brought enough', async () => {
    const m = machine();
    const fetch = watch(m.mt.fetchSublistAsync({ count: 3, wait: true }));
    m.stores(store(1, 2));
    await turn();
    expect(fetch.value).toBe('pending');
    m.stores(store(3, 4));
    await turn();
    expect(fetch.value).toBe('[1 2 3]');
    expect(m.mt.stats().waiting).toBe(1);
  });

  it('serves waiters first come, first served; only a fetch without WAIT may overtake', async () => {
    const m = machine();
    const big = watch(m.mt.fetchSublistAsync({ count: 4, wait: true }));
    const small = watch(m.mt.fetchSublistAsync({ count: 1, wait: true }));
    m.stores(store(1, 2));
    await turn();
    expect([big.value, small.value]).toEqual(['pending', 'pending']);
    expect(m.mt.fetchSublist({ count: 1 }).gfns).toEqual(Uint32Array.of(1));
    m.stores(store(3, 4, 5, 6));
    await turn();
    expect([big.value, small.value]).toEqual(['[2 3 4 5]', '[6]']);
  });

  it('is settled by QUIESCED with what there is, in turn', async () => {
    const m = machine();
    const fetches = [2, 5, 5].map((count) => watch(m.mt.fetchSublistAsync({ count, wait: true })));
    m.arming.noticeStore(0, 1);
    m.arming.noticeStore(0, 2);
    m.arming.noticeStore(0, 3);
    m.mt.mtVmQuiesced();
    // PREPARE right after does not make it forget that the VM was quiesced.
    m.mt.prepareMtCp(1n);
    await turn();
    expect(fetches.map((fetch) => fetch.value)).toEqual(['[1 2]', '[3]', '[]']);
  });

  it('does not miss a QUIESCED that came before, and sleeps again in the next cycle', async () => {
    const m = machine();
    m.mt.mtVmQuiesced();
    expect((await m.mt.fetchSublistAsync({ count: 1, wait: true })).gfns).toHaveLength(0);
    m.mt.prepareMtCp(1n);
    const fetch = watch(m.mt.fetchSublistAsync({ count: 1, wait: true }));
    await turn();
    expect(fetch.value).toBe('pending');
    m.mt.enableMt(0);
    await turn();
    expect(fetch.value).toBe('ENXIO');
  });

  it('fails with ENXIO when tracking is switched off or cleaned up, even if it is on again at once', async () => {
    const m = machine();
    const first = watch(m.mt.fetchSublistAsync({ count: 1, wait: true }));
    m.mt.enableMt(0);
    m.mt.enableMt(1);
    const second = watch(m.mt.fetchSublistAsync({ count: 1, wait: true }));
    m.mt.initMt({ op: 2 });
    await turn();
    expect([first.value, second.value]).toEqual(['ENXIO', 'ENXIO']);
  });

  it('fails with EINTR when aborted and lets the next one have its turn', async () => {
    const m = machine();
    const abort = new AbortController();
    const first = watch(m.mt.fetchSublistAsync({ count: 3, wait: true, signal: abort.signal }));
    const second = watch(m.mt.fetchSublistAsync({ count: 1, wait: true }));
    m.stores(store(1));
    abort.abort();
    await turn();
    expect([first.value, second.value]).toEqual(['EINTR', '[1]']);
    await expect(m.mt.fetchSublistAsync({ count: 1, wait: true, signal: abort.signal })).rejects.toMatchObject({ code: 'EINTR' });
    m.stores(store(2));
    expect(m.fetchAll()).toEqual([2]);
  });

  it('is settled by a host write outside of any slice', async () => {
    const m = machine();
    const fetch = watch(m.mt.fetchSublistAsync({ count: 1, wait: true }));
    m.lock.with(() => m.mt.hostDirty(5));
    await turn();
    expect(fetch.value).toBe('[5]');
  });

  it('re-arms before it is settled', async () => {
    const m = machine('write-protect');
    const fetch = watch(m.mt.fetchSublistAsync({ count: 1, wait: true, rearm: true }));
    m.stores(store(7));
    m.stores(store(7));
    await turn();
    expect(fetch.value).toBe('[7]');
    expect(m.fetchAll()).toEqual([7]);
  });

  it('rejects unsound arguments', async () => {
    await expect(machine().mt.fetchSublistAsync({ count: 0 })).rejects.toMatchObject({ code: 'EINVAL' });
    await expect(new SyntheticMachine().mt.fetchSublistAsync({ count: 1 })).rejects.toMatchObject({ code: 'ENXIO' });
  });

  it('limits how many can wait', async () => {
    const m = machine();
    const fetches = Array.from({ length: 256 }, () => watch(m.mt.fetchSublistAsync({ count: 1, wait: true })));
    await expect(m.mt.fetchSublistAsync({ count: 1, wait: true })).rejects.toMatchObject({ code: 'ENOMEM' });
    m.mt.mtVmQuiesced();
    await turn();
    expect(fetches.every(({ value }) => value === '[]')).toBe(true);
  });
});
