import { describe, expect, it } from 'vitest';
import { KvmError } from '../../src/base/errors.ts';
import type { MemoryTracking } from '../../src/mt/memory-tracking.ts';
import { SyntheticMachine, codeOf } from './synthetic-machine.ts';

type State = 'new' | 'initialised' | 'enabled' | 'guest mode' | 'quiesced';

/** The code that `call` gives in a machine brought to `state`; 'ok' if none. */
function outcome(state: State, call: (mt: MemoryTracking) => unknown, pages = 64): string {
  const machine = new SyntheticMachine({ pages });
  const { mt, lock } = machine;
  if (state !== 'new') mt.initMt({ op: 1, maxDirty: 32 });
  if (state !== 'new' && state !== 'initialised') mt.enableMt(1);
  if (state === 'guest mode') lock.enterGuest();
  if (state === 'quiesced') mt.mtVmQuiesced();
  return codeOf(() => call(mt));
}

const call = (name: string, action: (mt: MemoryTracking) => unknown) => ({ name, action });
const init = (request: object) => call(`init ${JSON.stringify(request)}`, (mt) => mt.initMt({ op: 1, maxDirty: 8, ...request }));
const fetch = (request: object) =>
  call(`fetch ${JSON.stringify(request, (_, v: unknown) => (v instanceof BigUint64Array ? v.length : v))}`, (mt) =>
    mt.fetchSublist({ count: 4, ...request }),
  );
const enable = (flags: number) => call(`enable ${flags}`, (mt) => mt.enableMt(flags));
const trigger = (n: number) => call(`trigger ${n}`, (mt) => mt.mtDirtyTrigger(n));
const prepare = call('prepare', (mt) => mt.prepareMtCp(7n));
const rearm = call('rearm', (mt) => mt.rearmDirtyPages());
const quiesce = call('quiesce', (mt) => mt.mtVmQuiesced());
const abort = call('abort', (mt) => mt.abort());
const entry = call('enter a vCPU', (mt) => mt.checkEntry());

describe('errno of each call', () => {
  it.each<[State, ReturnType<typeof call>, string]>([
    ['new', init({}), 'ok'],
    ['new', init({ version: 2 }), 'EINVAL'],
    ['new', init({ version: 0 }), 'EINVAL'],
    ['new', init({ op: 0 }), 'EINVAL'],
    ['new', init({ op: 3 }), 'EINVAL'],
    ['new', init({ flags: 1 }), 'EINVAL'],
    ['new', init({ flags: 4 }), 'ok'],
    ['new', init({ flags: 12 }), 'EINVAL'],
    ['new', init({ maxDirty: 0 }), 'EINVAL'],
    ['new', init({ maxDirty: -1 }), 'EINVAL'],
    ['new', init({ maxDirty: 1.5 }), 'EINVAL'],
    ['new', init({ maxDirty: 0xffffffff }), 'ok'],
    ['new', init({ op: 2, maxDirty: 0 }), 'ENXIO'],
    ['initialised', init({}), 'EBUSY'],
    ['initialised', init({ op: 2, maxDirty: 0 }), 'ok'],
    ['enabled', init({ op: 2, maxDirty: 0 }), 'ok'],
    ['enabled', init({ version: 2 }), 'EINVAL'],
    ['enabled', init({}), 'EBUSY'],
    ['new', enable(1), 'ENXIO'],
    ['new', enable(2), 'ENXIO'],
    ['initialised', enable(2), 'EINVAL'],
    ['initialised', enable(-1), 'EINVAL'],
    ['initialised', enable(0), 'ok'],
    ['initialised', enable(1), 'ok'],
    ['enabled', enable(1), 'ok'],
    ['enabled', enable(0), 'ok'],
    ['new', prepare, 'ENXIO'],
    ['initialised', prepare, 'ENXIO'],
    ['enabled', prepare, 'ok'],
    ['quiesced', prepare, 'ok'],
    ['guest mode', prepare, 'EBUSY'],
    ['new', call('init without a struct', (mt) => mt.initMt(undefined as never)), 'EINVAL'],
    ['enabled', call('prepare of a number', (mt) => mt.prepareMtCp(1 as never)), 'EINVAL'],
    ['enabled', call('fetch of nothing', (mt) => mt.fetchSublist(undefined as never)), 'EINVAL'],
    ['enabled', call('prepare beyond s64', (mt) => mt.prepareMtCp(1n << 63n)), 'EINVAL'],
    ['enabled', call('prepare least s64', (mt) => mt.prepareMtCp(-(1n << 63n))), 'ok'],
    ['new', fetch({}), 'ENXIO'],
    ['initialised', fetch({ count: 0 }), 'ENXIO'],
    ['enabled', fetch({}), 'ok'],
    ['guest mode', fetch({}), 'ok'],
    ['enabled', fetch({ count: 0 }), 'EINVAL'],
    ['enabled', fetch({ count: -1 }), 'EINVAL'],
    ['enabled', fetch({ count: 2 ** 31 }), 'EINVAL'],
    ['enabled', fetch({ flags: 4 }), 'EINVAL'],
    ['enabled', fetch({ maxDirty: 3 }), 'EINVAL'],
    ['enabled', fetch({ maxDirty: 4 }), 'ok'],
    ['enabled', fetch({ maxDirty: 0 }), 'ok'],
    ['enabled', fetch({ list: null }), 'EFAULT'],
    ['enabled', fetch({ list: new BigUint64Array(3) }), 'EFAULT'],
    ['enabled', fetch({ maxDirty: 3, list: null }), 'EINVAL'],
    ['enabled', fetch({ wait: true }), 'EDEADLK'],
    ['enabled', fetch({ flags: 1 }), 'EDEADLK'],
    ['quiesced', fetch({ wait: true }), 'ok'],
    ['new', rearm, 'ENXIO'],
    ['initialised', rearm, 'ENXIO'],
    ['enabled', rearm, 'ok'],
    ['guest mode', rearm, 'EBUSY'],
    ['new', quiesce, 'ENXIO'],
    ['initialised', quiesce, 'ENXIO'],
    ['enabled', quiesce, 'ok'],
    ['quiesced', quiesce, 'ok'],
    ['guest mode', quiesce, 'EBUSY'],
    ['new', trigger(0), 'ENXIO'],
    ['initialised', trigger(32), 'ok'],
    ['initialised', trigger(33), 'EINVAL'],
    ['initialised', trigger(0), 'ok'],
    ['guest mode', trigger(5), 'ok'],
    ['initialised', abort, 'ENXIO'],
    ['guest mode', abort, 'EBUSY'],
    ['enabled', abort, 'ok'],
    ['enabled', entry, 'ok'],
    ['quiesced', entry, 'EBUSY'],
    ['new', entry, 'ok'],
  ])('%s: $1.name gives %3$s', (state, { action }, code) => {
    expect(outcome(state, action)).toBe(code);
  });

  it('is a KvmError with a positive errno', () => {
    const { mt } = new SyntheticMachine();
    expect(() => mt.enableMt(1)).toThrowError(KvmError);
    expect(codeOf(() => mt.enableMt(1))).toBe('ENXIO');
  });

  it('refuses more vCPUs than a page has marks for', () => {
    expect(codeOf(() => new SyntheticMachine({ vcpus: 30 }).mt.initMt({ op: 1, maxDirty: 1 }))).toBe('ok');
    expect(codeOf(() => new SyntheticMachine({ vcpus: 31 }).mt.initMt({ op: 1, maxDirty: 1 }))).toBe('EINVAL');
  });

  it('consumes nothing when a fetch fails', () => {
    const machine = new SyntheticMachine().track();
    machine.stores([{ vcpu: 0, gfn: 3 }]);
    for (const bad of [{ count: 0 }, { count: 4, flags: 8 }, { count: 4, list: null }, { count: 4, wait: true }]) {
      expect(codeOf(() => machine.mt.fetchSublist(bad))).not.toBe('ok');
    }
    expect(machine.fetchAll()).toEqual([3]);
  });

  it('tells a handler inside a slice that a vCPU is in guest mode, before and after a hand-over of the lock', () => {
    const machine = new SyntheticMachine().track();
    const codes: string[] = [];
    machine.duringSlice = () => {
      const { mt } = machine;
      codes.push(
        codeOf(() => mt.prepareMtCp(1n)),
        codeOf(() => mt.rearmDirtyPages()),
        codeOf(() => mt.mtVmQuiesced()),
      );
    };
    machine.stores([{ vcpu: 0, gfn: 0 }]);
    expect(codes).toEqual(['EBUSY', 'EBUSY', 'EBUSY']);
    machine.lock.acquire();
    machine.lock.enterGuest();
    machine.lock.handOver();
    expect(codeOf(() => machine.mt.prepareMtCp(1n))).toBe('EBUSY');
    machine.lock.leaveGuest();
    machine.lock.release();
    expect(codeOf(() => machine.mt.prepareMtCp(1n))).toBe('ok');
  });
});
