import { describe, expect, it } from 'vitest';
import { MtRequest } from '../../src/mt/abi.ts';
import { ListHandles } from '../../src/mt/handles.ts';
import { mtIoctl, mtIoctlAsync } from '../../src/mt/ioctl.ts';
import type { IoctlBuffer } from '../../src/base/ioctl.ts';
import { SyntheticMachine, codeOf } from './synthetic-machine.ts';

// mt.md, "Call by call", SUBLIST_FETCH: a call that fails consumes nothing; a list that cannot be filled, also one that was
// detached while the call slept, is EFAULT before anything is taken.

const EFAULT = -14;

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const store = (...gfns: number[]) => gfns.map((gfn) => ({ vcpu: 0, gfn }));
const detach = (buffer: ArrayBufferLike): void => void structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });

function detachedList(): BigUint64Array {
  const list = new BigUint64Array(4);
  detach(list.buffer);
  return list;
}

/** A struct for a fetch of `count` entries into the list `handle`. */
function fetchInfo(count: number, handle: bigint, flags: number): Uint8Array<ArrayBuffer> {
  const info = new DataView(new ArrayBuffer(24));
  info.setInt32(0, count, true);
  info.setBigUint64(8, handle, true);
  info.setUint32(16, flags, true);
  return new Uint8Array(info.buffer);
}

const NO_LISTS: readonly [string, unknown][] = [
  ['of 32-bit words', new Uint32Array(4)],
  ['of signed words', new BigInt64Array(4)],
  ['of doubles', new Float64Array(4)],
  ['that is a plain array', [0n, 0n, 0n, 0n]],
  ['that is an object with a length', { length: 4 }],
  ['that is a number', 4],
  ['that is shorter than the count', new BigUint64Array(3)],
  ['that was detached', detachedList()],
];

describe.each(['write-protect', 'pml'] as const)('a failing fetch, %s', (method) => {
  const machine = (): SyntheticMachine => new SyntheticMachine({ method }).track();

  it.each(NO_LISTS)('a list %s: EFAULT, and everything is still there', (_name, list) => {
    const m = machine();
    m.stores(store(5, 3, 9, 1));
    for (const rearm of [false, true])
      expect(codeOf(() => m.mt.fetchSublist({ count: 4, list: list as BigUint64Array, rearm }))).toBe('EFAULT');
    expect(m.mt.stats()).toMatchObject({ waiting: 4, cycle: { fetches: 0, fetched: 0, rearmed: 0 } });
    expect([1, 3, 5, 9].map((gfn) => m.arming.armed[gfn])).toEqual([0, 0, 0, 0]);
    expect(m.fetchAll()).toEqual([5, 3, 9, 1]);
  });

  it.each(NO_LISTS)('a list %s that the raw face names: the same', (_name, list) => {
    const m = machine();
    m.stores(store(5, 3, 9, 1));
    const handles = new ListHandles();
    const info = fetchInfo(4, handles.register(list as BigUint64Array), 2);
    const before = [...info];
    expect(mtIoctl(m.mt, handles, MtRequest.KVM_MT_SUBLIST_FETCH, info)).toBe(EFAULT);
    expect([...info]).toEqual(before);
    expect(m.fetchAll()).toEqual([5, 3, 9, 1]);
  });

  it('a list detached while the call sleeps: EFAULT, and the entries go to the one behind it', async () => {
    const m = machine();
    const list = new BigUint64Array(2);
    const first = m.mt.fetchSublistAsync({ count: 2, wait: true, rearm: true, list }).catch((error: { code: string }) => error.code);
    const second = m.mt.fetchSublistAsync({ count: 2, wait: true });
    detach(list.buffer);
    m.stores(store(7, 8));
    expect(await first).toBe('EFAULT');
    expect([...(await second).gfns]).toEqual([7, 8]);
  });

  it('a list that shrinks while the call sleeps: EFAULT', async () => {
    const m = machine();
    const buffer = new ArrayBuffer(16, { maxByteLength: 16 });
    const fetch = m.mt.fetchSublistAsync({ count: 2, wait: true, list: new BigUint64Array(buffer) });
    buffer.resize(8);
    m.stores(store(7, 8));
    await expect(fetch).rejects.toMatchObject({ code: 'EFAULT' });
    expect(m.fetchAll()).toEqual([7, 8]);
  });

  it('a struct detached while the call sleeps: -EFAULT', async () => {
    const m = machine();
    const handles = new ListHandles();
    const list = new BigUint64Array(2);
    const info = fetchInfo(2, handles.register(list), 1);
    const fetch = mtIoctlAsync(m.mt, handles, MtRequest.KVM_MT_SUBLIST_FETCH, info);
    detach(info.buffer);
    m.stores(store(7, 8));
    expect(await fetch).toBe(EFAULT);
    expect([...list]).toEqual([0n, 0n]);
    expect(m.fetchAll()).toEqual([7, 8]);
  });

  it('entries and struct are handed over in one step: nothing can vanish between them', async () => {
    const m = machine();
    const handles = new ListHandles();
    const list = new BigUint64Array(2);
    const info = fetchInfo(2, handles.register(list), 1);
    const fetch = mtIoctlAsync(m.mt, handles, MtRequest.KVM_MT_SUBLIST_FETCH, info);
    await turn();
    m.stores(store(7, 8, 9));
    expect([...list]).toEqual([7n, 8n]);
    expect([...new Uint32Array(info.buffer, 0, 2)]).toEqual([2, 1]);
    expect(await fetch).toBe(0);
  });
});

describe('the buffer of an ioctl', () => {
  const SETUP = [1, 1, 0, 8];

  it.each<[string, unknown]>([
    ['a number', 16],
    ['a string', '0123456789abcdef'],
    ['a plain array', SETUP],
    ['an object', {}],
    ['true', true],
    ['a bigint', 16n],
    ['null', null],
    ['too small', new Uint8Array(15)],
    ['detached', detachedList()],
    ['the buffer of something detached', detachedList().buffer],
  ])('%s is EFAULT', (_name, buffer) => {
    const { mt } = new SyntheticMachine();
    expect(mtIoctl(mt, new ListHandles(), MtRequest.KVM_INIT_MT, buffer as IoctlBuffer)).toBe(EFAULT);
    expect(mt.stats().initialised).toBe(false);
  });

  it('no buffer, where none is needed: a number is EFAULT still', () => {
    const { mt } = new SyntheticMachine().track();
    expect(mtIoctl(mt, new ListHandles(), MtRequest.KVM_MT_VM_QUIESCED, 5 as unknown as IoctlBuffer)).toBe(EFAULT);
    expect(mt.stats().quiesced).toBe(false);
    expect(mtIoctl(mt, new ListHandles(), MtRequest.KVM_MT_VM_QUIESCED, null)).toBe(0);
  });

  it.each<[string, IoctlBuffer]>([
    ['words', Uint32Array.from(SETUP)],
    ['an ArrayBuffer', Uint32Array.from(SETUP).buffer],
    ['a DataView', new DataView(Uint32Array.from(SETUP).buffer)],
    ['a part of a larger buffer', Uint32Array.from([9, 9, ...SETUP, 9]).subarray(2, 6)],
  ])('%s is taken for its bytes', (_name, buffer) => {
    const { mt } = new SyntheticMachine();
    expect(mtIoctl(mt, new ListHandles(), MtRequest.KVM_INIT_MT, buffer)).toBe(0);
    expect(mt.stats().maxDirty).toBe(8);
  });
});
