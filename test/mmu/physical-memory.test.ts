import { describe, expect, it } from 'vitest';
import { KvmError } from '../../src/base/errors.ts';
import { Access, AccessSource } from '../../src/mmu/access.ts';
import { EPT_LEAF } from '../../src/mmu/ept-entry.ts';
import { GIB, MIB, leavesOf, machine } from './support.ts';

const code = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof KvmError) return error.code;
    throw error;
  }
  return 'ok';
};
const K4 = 4096;

describe('memslots', () => {
  it.each([
    ['unaligned address', { slot: 1, guestPhysAddr: 0x100001, memorySize: K4 }, 'EINVAL'],
    ['unaligned size', { slot: 1, guestPhysAddr: 0x100000, memorySize: 100 }, 'EINVAL'],
    ['no size', { slot: 1, guestPhysAddr: 0x100000, memorySize: 0 }, 'EINVAL'],
    ['negative', { slot: 1, guestPhysAddr: -K4, memorySize: K4 }, 'EINVAL'],
    ['not a number', { slot: 1, guestPhysAddr: NaN, memorySize: K4 }, 'EINVAL'],
    ['slot number', { slot: -1, guestPhysAddr: 0x100000, memorySize: K4 }, 'EINVAL'],
    ['beyond the limit', { slot: 1, guestPhysAddr: 4 * MIB - K4, memorySize: 2 * K4 }, 'EINVAL'],
    ['up to the limit', { slot: 1, guestPhysAddr: 4 * MIB - K4, memorySize: K4 }, 'ok'],
    ['slot in use', { slot: 0, guestPhysAddr: 0x100000, memorySize: K4 }, 'EEXIST'],
    ['overlap at its end', { slot: 1, guestPhysAddr: 0xf000, memorySize: 2 * K4 }, 'EEXIST'],
    ['overlap at its start', { slot: 1, guestPhysAddr: 0x1f000, memorySize: 2 * K4 }, 'EEXIST'],
    ['overlap all over', { slot: 1, guestPhysAddr: 0, memorySize: 0x40000 }, 'EEXIST'],
    ['adjacent', { slot: 1, guestPhysAddr: 0x20000, memorySize: K4 }, 'ok'],
    ['more than there is', { slot: 1, guestPhysAddr: MIB, memorySize: 2 * MIB }, 'ENOMEM'],
  ])('%s: %o is %s', (_what, request, expected) => {
    const m = machine({ ram: 2 * MIB, gfnLimit: 1024, slots: false });
    m.physical.addMemslot({ slot: 0, guestPhysAddr: 0x10000, memorySize: 0x10000 });
    expect(code(() => m.physical.addMemslot(request))).toBe(expected);
    expect(m.physical.memslots.length).toBe(expected === 'ok' ? 2 : 1);
  });

  it('deleting: EINVAL for an unknown slot; the pages are gone, TLB entries too', () => {
    const m = machine();
    expect(code(() => m.physical.deleteMemslot(3))).toBe('EINVAL');
    m.vcpus[0]!.translate(0x5000, Access.WRITE, 0);
    m.physical.deleteMemslot(0);
    expect(m.physical.hostOffset(0x5000)).toBe(-1);
    for (const access of [Access.READ, Access.WRITE, Access.FETCH]) expect(m.vcpus[0]!.translate(0x5000, access, 0)).toBe(-1);
    expect(m.vcpus[0]!.mmioGpa).toBe(0x5000);
  });

  it('RAM is re-used and starts as zeros', () => {
    const m = machine({ ram: 2 * MIB, gfnLimit: 1024 * 1024 });
    for (let round = 0; round < 20; round++) {
      m.physical.fillHost(round * MIB, 2 * MIB, 0xaa);
      m.physical.deleteMemslot(0);
      m.physical.addMemslot({ slot: 0, guestPhysAddr: (round + 1) * MIB, memorySize: 2 * MIB });
      expect(Buffer.compare(m.physical.readHost((round + 1) * MIB, 2 * MIB), new Uint8Array(2 * MIB))).toBe(0);
    }
  });

  it('freed gaps are filled, and other slots keep their contents', () => {
    const m = machine({ ram: 4 * MIB, gfnLimit: 4096, slots: false });
    for (let slot = 0; slot < 4; slot++) {
      m.physical.addMemslot({ slot, guestPhysAddr: slot * 2 * MIB, memorySize: MIB });
      m.physical.fillHost(slot * 2 * MIB, MIB, slot + 1);
    }
    m.physical.deleteMemslot(1);
    m.physical.addMemslot({ slot: 9, guestPhysAddr: 8 * MIB, memorySize: MIB });
    m.physical.fillHost(8 * MIB, MIB, 99);
    for (const [gpa, value] of [
      [0, 1],
      [4 * MIB, 3],
      [6 * MIB, 4],
      [8 * MIB, 99],
    ] as const) {
      expect(new Set(m.physical.readHost(gpa, MIB))).toEqual(new Set([value]));
    }
  });

  it('the listener is told', () => {
    const m = machine();
    const calls: unknown[] = [];
    m.physical.slotListener = {
      onSlotAdded: (slot) => calls.push(['added', slot]),
      onSlotDeleted: (slot) => calls.push(['deleted', slot]),
      onSlotFlagged: (slot) => calls.push(['flagged', slot]),
    };
    m.physical.deleteMemslot(0);
    const request = { slot: 5, guestPhysAddr: MIB, memorySize: 2 * MIB };
    m.physical.setMemslot({ ...request, logDirty: true });
    m.physical.setMemslot({ ...request, logDirty: true });
    m.physical.setMemslot(request);
    expect(() => m.physical.setMemslot({ ...request, memorySize: MIB })).toThrow(/EEXIST/);
    expect(calls).toEqual([
      ['deleted', { slot: 0, gfn: 0, count: 1024, logDirty: false }],
      ['added', { slot: 5, gfn: 256, count: 512, logDirty: true }],
      ['flagged', { slot: 5, gfn: 256, count: 512, logDirty: false }],
    ]);
  });

  it('are mapped by large leaves wherever the range has aligned parts', () => {
    const m = machine({ ram: 16 * MIB, gfnLimit: 8192, slots: false });
    m.physical.addMemslot({ slot: 0, guestPhysAddr: 0, memorySize: 640 * 1024 });
    m.physical.addMemslot({ slot: 1, guestPhysAddr: MIB, memorySize: 8 * MIB });
    m.physical.addMemslot({ slot: 2, guestPhysAddr: 20 * MIB - K4, memorySize: 4 * MIB });
    const leaf = leavesOf(m);
    const large = leaf.map((entry, gfn) => (entry & EPT_LEAF ? gfn : -1)).filter((gfn) => gfn >= 0 && gfn % 512 === 0);
    expect(large).toEqual([512, 1024, 1536, 5120]);
    expect(leaf[MIB / K4]! & EPT_LEAF).toBe(0);
  });
});

describe('the write door', () => {
  it('gives the host offset, and tells of host-side writes only', () => {
    const m = machine({ method: 'write-protect' });
    m.physical.open(5, AccessSource.HOST, 0, 8);
    expect(m.sink.calls, 'nobody has started').toEqual([]);
    m.tracking.start();
    for (const source of [AccessSource.DATA, AccessSource.WALK])
      expect(m.physical.open(5, source, 0, 8)).toBe(m.physical.hostOffset(0x5000));
    expect(m.sink.calls).toEqual([]);
    m.physical.open(5, AccessSource.HOST, 0, 8);
    expect(m.sink.calls).toEqual([['host', 5]]);
  });

  it('EFAULT names the address', () => {
    const m = machine();
    expect(() => m.physical.open((4 * MIB) / K4, AccessSource.HOST, 0, 8)).toThrow(/EFAULT.*0x400000/);
    expect(() => m.physical.readHost(4 * MIB - 2, 4)).toThrow(/EFAULT.*0x400000/);
    expect(() => m.physical.readHost(2 ** 39, 4)).toThrow(/EFAULT.*0x8000000000/);
    expect(m.physical.hostOffset(-1)).toBe(-1);
  });

  it('copies across pages and slots', () => {
    const m = machine({ ram: 4 * MIB, gfnLimit: 4096, slots: false, method: 'write-protect' });
    m.tracking.start();
    m.physical.addMemslot({ slot: 1, guestPhysAddr: MIB, memorySize: MIB });
    m.physical.addMemslot({ slot: 0, guestPhysAddr: 0, memorySize: MIB });
    const bytes = Uint8Array.from({ length: 10_000 }, (_, i) => i * 7);
    m.physical.writeHost(MIB - 5000, bytes);
    expect(m.physical.readHost(MIB - 5000, bytes.length)).toEqual(bytes);
    expect(m.sink.take().map(([, gfn]) => gfn)).toEqual([0xfe, 0xff, 0x100, 0x101]);
    m.physical.fillHost(MIB - 1, 2, 0x5a);
    expect([...m.physical.readHost(MIB - 2, 4)]).toEqual([bytes[4998], 0x5a, 0x5a, bytes[5001]]);
  });

  it('writes nothing, and reports nothing, when a part is not RAM', () => {
    const m = machine({ ram: 4 * MIB });
    expect(code(() => m.physical.writeHost(4 * MIB - 8, new Uint8Array(16).fill(1)))).toBe('EFAULT');
    expect([...m.physical.readHost(4 * MIB - 8, 8)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(m.sink.calls).toEqual([]);
  });

  it('the host may write read-only slots', () => {
    const m = machine({ slots: false });
    m.physical.addMemslot({ slot: 0, guestPhysAddr: 0, memorySize: K4, readonly: true });
    m.physical.writeHost(0, Uint8Array.of(1, 2));
    expect([...m.physical.readHost(0, 3)]).toEqual([1, 2, 0]);
  });
});

describe('high addresses', () => {
  it('RAM above 4 GiB, host offsets above 2 GiB, with page tables there, tracked', () => {
    const m = machine({ ram: 3 * GIB, gfnLimit: (5 * GIB) / K4, slots: false, method: 'pml' });
    m.physical.addMemslot({ slot: 0, guestPhysAddr: 0, memorySize: 2 * GIB });
    m.physical.addMemslot({ slot: 1, guestPhysAddr: 4 * GIB, memorySize: GIB });
    const top = 5 * GIB - 8;
    expect(m.physical.hostOffset(top)).toBeGreaterThan(3 * GIB);
    expect(m.physical.hostOffset(3 * GIB)).toBe(-1);
    m.physical.writeHost(top, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    expect(m.memory.view.getBigUint64(m.physical.hostOffset(top), true)).toBe(0x0807060504030201n);
    m.sink.take();

    const { states, vcpus, tracking } = m;
    const peekAt = (gpa: number): number => m.physical.hostOffset(gpa);
    const root = 4 * GIB + 0x10000;
    const next = [root + 0x1000, root + 0x2000, root + 0x3000, top - (top % K4)];
    for (const [level, value] of next.entries()) {
      m.memory.view.setBigUint64(peekAt(root + level * 0x1000), BigInt(value) | 7n, true);
    }
    states[0]!.cr0[0] = 0x80010001n;
    states[0]!.cr3[0] = BigInt(root);
    states[0]!.cr4[0] = 0x20n;
    states[0]!.efer[0] = 0xd00n;
    vcpus[0]!.setControls();
    tracking.enable();
    expect(vcpus[0]!.translate(0xff8, Access.WRITE, 1)).toBe(peekAt(top));
    expect(vcpus[0]!.translate(0xff8, Access.READ, 1)).toBe(peekAt(top));
    expect(m.memory.view.getBigUint64(peekAt(root + 0x3000), true) & 0x60n).toBe(0x60n);
    tracking.drain(0);
    const last = Math.floor(top / K4);
    const tables = [0, 1, 2, 3].map((level) => root / K4 + level);
    expect(m.sink.take()).toEqual([...tables, last].map((gfn) => [0, gfn]));
    tracking.rearm([last], 1);
    vcpus[0]!.translate(0xff8, Access.WRITE, 1);
    tracking.drain(0);
    expect(m.sink.take()).toEqual([[0, last]]);
    expect(vcpus[0]!.saveTlb().gfn).toEqual([last]);
  });
});
