// The raw face of a whole machine: the documented sequence by request numbers and bytes, around a guest that runs.

import { describe, expect, it } from 'vitest';
import { MtRequest } from '../../src/mt/abi.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { u32 } from '../support/code.ts';
import { ENGINE_NAMES, machine32 } from './support.ts';

const EINTR = -4;
const ENXIO = -6;
const EBUSY = -16;
const EINVAL = -22;
const ENOTTY = -25;
const EDEADLK = -35;
const WAIT = 1;
const REARM = 2;
/** Pages 9, 10, … 9 + n - 1, in order, again and again: EDI from 0x9000 in steps of a page. */
const WRITER = (pages: number): number[] => [
  0xbf,
  ...u32(0x9000), // again: MOV EDI, 0x9000
  0xb9,
  ...u32(pages), // MOV ECX, pages
  0xff,
  0x07, // next: INC dword [EDI]
  0x81,
  0xc7,
  ...u32(4096), // ADD EDI, 4096
  0xe2,
  0xf6, // LOOP next
  0xeb,
  0xea, // JMP again
];

/** The list that a fetch fills, and the bytes of its struct. */
interface FetchBuffers {
  readonly list: BigUint64Array;
  readonly info: Uint8Array;
}

class Raw {
  constructor(readonly vm: Vm) {}

  call(request: number, ...words: number[]): number {
    return this.vm.ioctl(request, new Uint8Array(Uint32Array.from(words).buffer));
  }
  init = (maxDirty: number): number => this.call(MtRequest.KVM_INIT_MT, 1, 1, 4, maxDirty);
  cleanup = (): number => this.call(MtRequest.KVM_INIT_MT, 1, 2, 0, 0);
  enable = (flags: number): number => this.call(MtRequest.KVM_ENABLE_MT, flags);
  prepare = (cpid: number): number => this.call(MtRequest.KVM_PREPARE_MT_CP, cpid, 0);
  trigger = (pages: number): number => this.call(MtRequest.KVM_MT_DIRTY_TRIGGER, pages);
  quiesce = (): number => this.vm.ioctl(MtRequest.KVM_MT_VM_QUIESCED);
  rearm = (): number => this.vm.ioctl(MtRequest.KVM_REARM_DIRTY_PAGES);

  private buffers(count: number, flags: number): FetchBuffers {
    const list = new BigUint64Array(64);
    const view = new DataView(new ArrayBuffer(24));
    view.setInt32(0, count, true);
    view.setUint32(4, list.length, true);
    view.setBigUint64(8, this.vm.lists.register(list), true);
    view.setUint32(16, flags, true);
    return { list, info: new Uint8Array(view.buffer) };
  }

  /** The GFNs, or the negative errno. */
  fetch(count: number, flags = 0): number[] | number {
    const buffers = this.buffers(count, flags);
    return this.vm.ioctl(MtRequest.KVM_MT_SUBLIST_FETCH, buffers.info) || taken(buffers);
  }

  async fetchAsync(count: number, flags: number, signal?: AbortSignal): Promise<number[] | number> {
    const buffers = this.buffers(count, flags);
    return (await this.vm.ioctlAsync(MtRequest.KVM_MT_SUBLIST_FETCH, buffers.info, signal)) || taken(buffers);
  }
}

const taken = ({ list, info }: FetchBuffers): number[] => Array.from(list.subarray(0, new DataView(info.buffer).getInt32(0, true)), Number);

describe.each(ENGINE_NAMES.flatMap((engine) => (['write-protect', 'pml'] as const).map((tracking) => ({ engine, tracking }))))(
  'engine $engine, $tracking',
  ({ engine, tracking }) => {
    const raw = (pages: number): Raw => new Raw(machine32(WRITER(pages), { engine, tracking }));

    it('INIT, ENABLE, TRIGGER, cycles, ENABLE off, cleanup', () => {
      const mt = raw(20);
      const { vm } = mt;
      expect([mt.init(100), mt.enable(1), mt.trigger(4)]).toEqual([0, 0, 0]);
      for (let cycle = 1; cycle <= 3; cycle++) {
        expect(mt.prepare(cycle)).toBe(0);
        const { exit } = vm.runSlice();
        expect(exit).toEqual({ kind: 'mt-dirty-trigger', cpid: BigInt(cycle), dirty: 4 });
        // It is raised again at each entry until PREPARE.
        expect(vm.runSlice()).toMatchObject({ exit, retired: 0 });
        expect(mt.quiesce()).toBe(0);
        const first = 9 + 4 * (cycle - 1);
        expect([mt.fetch(3), mt.fetch(3), mt.fetch(3)]).toEqual([[first, first + 1, first + 2], [first + 3], []]);
        expect(mt.rearm()).toBe(0);
      }
      expect(mt.trigger(0)).toBe(0);
      expect(mt.prepare(4)).toBe(0);
      vm.runSlice(1000);
      expect([mt.quiesce(), mt.enable(0), mt.cleanup()]).toEqual([0, 0, 0]);
      expect(vm.runSlice(100).exit.kind).toBe('limit');
    });

    it('entry is refused between QUIESCED and PREPARE', async () => {
      const mt = raw(4);
      const { vm } = mt;
      const refused = expect.objectContaining({ code: 'EBUSY' });
      mt.init(100);
      mt.enable(1);
      mt.prepare(1);
      vm.runSlice(100);
      mt.quiesce();
      const before = vm.vcpus[0].getRegs();
      expect(() => vm.runSlice(1)).toThrow(refused);
      await expect(vm.run({ limit: 1 })).rejects.toThrow(refused);
      expect(vm.vcpus[0].getRegs()).toEqual(before);
      expect(mt.fetch(10)).toEqual([9, 10, 11, 12]);
      expect(mt.prepare(2)).toBe(0);
      expect(vm.runSlice(1)).toEqual({ vcpu: 0, exit: { kind: 'limit' }, retired: 1 });
    });

    it('a full list ends the slice as a trigger does', () => {
      const mt = raw(20);
      mt.init(6);
      mt.enable(1);
      mt.prepare(1);
      expect(mt.vm.runSlice().exit).toEqual({ kind: 'mt-list-full', cpid: 1n, dirty: 6 });
    });

    it('a waiting fetch is served while the machine runs, several in their order', async () => {
      const mt = raw(20);
      mt.init(100);
      mt.enable(1);
      mt.prepare(1);
      const first = mt.fetchAsync(5, WAIT | REARM);
      const second = mt.fetchAsync(3, WAIT | REARM);
      const controller = new AbortController();
      const run = mt.vm.run({ signal: controller.signal });
      expect(await first).toEqual([9, 10, 11, 12, 13]);
      expect(await second).toEqual([14, 15, 16]);
      controller.abort();
      expect((await run).exit.kind).toBe('interrupted');
    });

    it('a waiting fetch ends by QUIESCED with what there is, by an abort, by switching off', async () => {
      const mt = raw(2);
      mt.init(100);
      mt.enable(1);
      mt.prepare(1);
      mt.vm.runSlice(100);
      const controller = new AbortController();
      const aborted = mt.fetchAsync(60, WAIT, controller.signal);
      controller.abort();
      expect(await aborted).toBe(EINTR);
      const quiesced = mt.fetchAsync(60, WAIT);
      mt.quiesce();
      expect(await quiesced).toEqual([9, 10]);
      mt.prepare(2);
      const off = mt.fetchAsync(60, WAIT);
      mt.enable(0);
      expect(await off).toBe(ENXIO);
    });

    it('errors come as negative numbers', () => {
      const mt = raw(2);
      expect([mt.enable(1), mt.prepare(1), mt.fetch(1), mt.rearm(), mt.quiesce(), mt.trigger(1), mt.cleanup()]).toEqual(
        Array(7).fill(ENXIO),
      );
      expect([mt.init(0), mt.init(10), mt.init(10)]).toEqual([EINVAL, 0, EBUSY]);
      expect([mt.enable(2), mt.enable(1), mt.trigger(11), mt.fetch(0), mt.fetch(2, WAIT)]).toEqual([EINVAL, 0, EINVAL, EINVAL, EDEADLK]);
      expect(mt.vm.ioctl(0xae80)).toBe(ENOTTY);
    });

    it('an asynchronous foreign request: ENOTTY', async () => {
      expect(await raw(1).vm.ioctlAsync(0xae80)).toBe(ENOTTY);
    });
  },
);

it('without a tracking method ENABLE is ENXIO', () => {
  const mt = new Raw(machine32(WRITER(1)));
  expect([mt.init(10), mt.enable(1)]).toEqual([0, ENXIO]);
});
