import { describe, expect, it } from 'vitest';
import { FetchFlag, MtRequest } from '../../src/mt/abi.ts';
import { requestSize } from '../../src/base/ioctl.ts';
import { ListHandles } from '../../src/mt/handles.ts';
import { isMtRequest, mtIoctl, mtIoctlAsync } from '../../src/mt/ioctl.ts';
import { SyntheticMachine } from './synthetic-machine.ts';

const ENXIO = -6;
const EFAULT = -14;
const EBUSY = -16;
const EINVAL = -22;
const ENOTTY = -25;
const EDEADLK = -35;
const EINTR = -4;

/** A struct as its bytes, little-endian, in hexadecimal with spaces for the eye. */
const bytes = (hex: string): Uint8Array => Uint8Array.from(hex.replaceAll(' ', '').match(/../g) ?? [], (pair) => parseInt(pair, 16));
const u32 = (value: number): string => Buffer.from(Uint32Array.of(value).buffer).toString('hex');
const u64 = (value: bigint): string => Buffer.from(BigInt64Array.of(value).buffer).toString('hex');

function rig() {
  const machine = new SyntheticMachine();
  const handles = new ListHandles();
  const list = new BigUint64Array(8);
  const handle = handles.register(list);
  const call = (request: number, hex = ''): number => mtIoctl(machine.mt, handles, request, bytes(hex));
  const fetchInfo = (count: number, maxDirty: number, flags: number, of = handle) =>
    bytes(u32(count) + u32(maxDirty) + u64(of) + u32(flags) + u32(0));
  const fetch = (info: Uint8Array): number => mtIoctl(machine.mt, handles, MtRequest.KVM_MT_SUBLIST_FETCH, info);
  return { machine, handles, list, call, fetchInfo, fetch };
}

describe('request numbers', () => {
  it.each([
    ['KVM_INIT_MT', 0x4010aef0, 16],
    ['KVM_ENABLE_MT', 0x4004aef1, 4],
    ['KVM_PREPARE_MT_CP', 0x4008aef2, 8],
    ['KVM_MT_SUBLIST_FETCH', 0xc018aef3, 24],
    ['KVM_REARM_DIRTY_PAGES', 0x0000aef4, 0],
    ['KVM_MT_VM_QUIESCED', 0x0000aef5, 0],
    ['KVM_MT_DIRTY_TRIGGER', 0x4004aef6, 4],
  ] as const)('%s', (name, number, size) => {
    expect(MtRequest[name]).toBe(number);
    expect(requestSize(number)).toBe(size);
    expect(isMtRequest(number)).toBe(true);
  });

  it('knows no others', () => {
    const { machine, handles } = rig();
    expect(mtIoctl(machine.mt, handles, 0xae01, null)).toBe(ENOTTY);
    expect(isMtRequest(0xae01)).toBe(false);
  });
});

describe('struct layouts', () => {
  it('mt_setup, mt_enable, mt_prepare_cp, mt_dirty_trigger', () => {
    const { machine, call } = rig();
    expect(call(MtRequest.KVM_INIT_MT, '01000000 01000000 04000000 20000000')).toBe(0);
    expect(call(MtRequest.KVM_ENABLE_MT, '01000000')).toBe(0);
    expect(call(MtRequest.KVM_MT_DIRTY_TRIGGER, '1f000000')).toBe(0);
    expect(call(MtRequest.KVM_PREPARE_MT_CP, 'feffffff ffffffff')).toBe(0);
    expect(machine.mt.stats()).toMatchObject({ enabled: true, maxDirty: 32, dirtyTrigger: 31, cpid: -2n });
    machine.stores([{ vcpu: 0, gfn: 1 }]);
    machine.hostWrite(1, 0, 1);
    expect(machine.mt.stats().waiting, 'NO_DUPS').toBe(1);
    expect(call(MtRequest.KVM_MT_VM_QUIESCED)).toBe(0);
    expect(machine.mt.stats().quiesced).toBe(true);
    expect(call(MtRequest.KVM_REARM_DIRTY_PAGES)).toBe(0);
    expect(call(MtRequest.KVM_INIT_MT, '01000000 02000000 00000000 00000000')).toBe(0);
  });

  it('mt_sublist_fetch_info: entries into the list, count and max_dirty written back', () => {
    const { machine, list, fetchInfo, fetch } = rig();
    machine.track();
    machine.stores([5, 4, 3].map((gfn) => ({ vcpu: 0, gfn })));
    const info = fetchInfo(2, 8, FetchFlag.REARM);
    expect(fetch(info)).toBe(0);
    expect(info).toEqual(bytes(`${u32(2)} ${u32(1)} ${u64(1n)} ${u32(2)} ${u32(0)}`));
    expect([...list.subarray(0, 3)]).toEqual([5n, 4n, 0n]);
    const rest = fetchInfo(8, 0, 0);
    expect(fetch(rest)).toBe(0);
    expect(rest).toEqual(bytes(`${u32(1)} ${u32(0)} ${u64(1n)} ${u32(0)} ${u32(0)}`));
    expect(machine.arming.armed.subarray(3, 6)).toEqual(Uint8Array.of(0, 1, 1));
  });

  it('takes an ArrayBuffer and a view with an offset', () => {
    const { machine, handles } = rig();
    const room = new Uint8Array(20);
    room.set(bytes('01000000 01000000 00000000 20000000'), 3);
    expect(mtIoctl(machine.mt, handles, MtRequest.KVM_INIT_MT, room.subarray(3))).toBe(0);
    expect(mtIoctl(machine.mt, handles, MtRequest.KVM_ENABLE_MT, Uint32Array.of(1).buffer)).toBe(0);
  });
});

describe('errnos', () => {
  it('come back negative and leave the struct as it was', () => {
    const { machine, call, fetchInfo, fetch, handles } = rig();
    expect(call(MtRequest.KVM_ENABLE_MT, '01000000')).toBe(ENXIO);
    expect(call(MtRequest.KVM_INIT_MT, '02000000 01000000 00000000 20000000')).toBe(EINVAL);
    expect(call(MtRequest.KVM_INIT_MT, '01000000 01000000 00000000')).toBe(EFAULT);
    expect(mtIoctl(machine.mt, handles, MtRequest.KVM_INIT_MT, null)).toBe(EFAULT);
    machine.track();
    expect(call(MtRequest.KVM_INIT_MT, '01000000 01000000 00000000 20000000')).toBe(EBUSY);
    machine.stores([{ vcpu: 0, gfn: 5 }]);
    const cases: [Uint8Array, number][] = [
      [fetchInfo(0, 8, 0), EINVAL],
      [fetchInfo(0x80000000, 0, 0), EINVAL],
      [fetchInfo(4, 3, 0), EINVAL],
      [fetchInfo(4, 8, 4), EINVAL],
      [fetchInfo(4, 8, 0, 99n), EFAULT],
      [fetchInfo(4, 8, 0, 0n), EFAULT],
      [fetchInfo(9, 9, 0), EFAULT],
      [fetchInfo(2, 8, FetchFlag.WAIT), EDEADLK],
    ];
    for (const [info, errno] of cases) {
      const before = new Uint8Array(info);
      expect(fetch(info)).toBe(errno);
      expect(info).toEqual(before);
    }
    expect(machine.fetchAll()).toEqual([5]);
  });

  it('waits without blocking in the asynchronous form', async () => {
    const { machine, handles, list, fetchInfo } = rig();
    machine.track();
    const info = fetchInfo(2, 8, FetchFlag.WAIT);
    const done = mtIoctlAsync(machine.mt, handles, MtRequest.KVM_MT_SUBLIST_FETCH, info);
    machine.stores([
      { vcpu: 0, gfn: 5 },
      { vcpu: 0, gfn: 6 },
    ]);
    expect(await done).toBe(0);
    expect([...list.subarray(0, 2)]).toEqual([5n, 6n]);
    const abort = new AbortController();
    const interrupted = mtIoctlAsync(machine.mt, handles, MtRequest.KVM_MT_SUBLIST_FETCH, fetchInfo(2, 8, FetchFlag.WAIT), abort.signal);
    abort.abort();
    expect(await interrupted).toBe(EINTR);
    expect(await mtIoctlAsync(machine.mt, handles, MtRequest.KVM_MT_VM_QUIESCED, null)).toBe(0);
  });

  it('forgets a list that was unregistered', () => {
    const { machine, handles, fetchInfo, fetch } = rig();
    machine.track();
    handles.unregister(1n);
    expect(fetch(fetchInfo(1, 0, 0))).toBe(EFAULT);
  });
});
