import { describe, expect, it } from 'vitest';
import { DirtyGfnFlag, KvmCap } from '../../src/dirty-log/abi.ts';
import { DirtyRing, DirtyRingReader } from '../../src/dirty-log/ring.ts';
import { METHODS, PAGE } from '../laws/support/configurations.ts';
import { GuestMachine } from '../laws/support/guest-machine.ts';
import type { GuestMachineOptions } from '../laws/support/guest-machine.ts';
import { codeOf } from '../mt/synthetic-machine.ts';

// The dirty ring: its entries' states, the soft limit, KVM_RESET_DIRTY_RINGS.

const FIRST = 0x400000 / PAGE;

describe('a ring', () => {
  it('goes 00, 01 dirty, 1X harvested, 00, and frees only up to the first entry that is not harvested', () => {
    const ring = new DirtyRing(8, 6, false);
    const words = new Uint32Array(ring.memory);
    ring.push(1, 10);
    ring.push(2, 20);
    expect([...words.subarray(0, 8)]).toEqual([1, 1, 10, 0, 1, 2, 20, 0]);
    words[4] = DirtyGfnFlag.RESET; // the second only
    expect(ring.reset(() => {})).toBe(0);
    words[0] = DirtyGfnFlag.DIRTY | DirtyGfnFlag.RESET;
    const seen: unknown[] = [];
    expect(ring.reset((entry) => seen.push(entry))).toBe(2);
    expect(seen).toEqual([
      { slot: 1, offset: 10 },
      { slot: 2, offset: 20 },
    ]);
    expect([words[0], words[4], ring.used]).toEqual([0, 0, 0]);
  });

  it('goes round, in order', () => {
    const ring = new DirtyRing(8, 8, false);
    const reader = new DirtyRingReader(ring.memory);
    for (let n = 0; n < 100; n++) {
      for (let i = 0; i <= n % 7; i++) ring.push(3, 10 * n + i);
      expect(reader.harvest()).toEqual(Array.from({ length: (n % 7) + 1 }, (_, i) => ({ slot: 3, offset: 10 * n + i })));
      expect(reader.next()).toBe(null);
      expect(ring.reset(() => {})).toBe((n % 7) + 1);
    }
  });
});

describe.each(METHODS)('rings, %s', (tracking) => {
  const start = (bytes = 16384, options: GuestMachineOptions = {}): GuestMachine => {
    const machine = new GuestMachine({ tracking, pages: 2000, vcpus: 2, ...options });
    const { vm } = machine;
    vm.dirtyLog.enableCap(KvmCap.DIRTY_LOG_RING, bytes);
    vm.setUserMemoryRegion({ ...vm.memslots[0], logDirty: true });
    return machine;
  };
  const readers = ({ vm }: GuestMachine): DirtyRingReader[] => vm.vcpus.map(({ index }) => new DirtyRingReader(vm.dirtyLog.ring(index)));
  const dataOf = (entries: readonly { readonly slot: number; readonly offset: number }[]): number[] =>
    entries.filter(({ offset }) => offset >= FIRST).map(({ offset }) => offset - FIRST);
  const stores = (vcpu: number, ...pages: number[]) => pages.map((page) => ({ vcpu, gfn: FIRST + page }));

  it('each vCPU has its own, in the order of its first stores; RESET arms what was harvested', () => {
    const machine = start();
    const [first, second] = readers(machine);
    machine.stores([...stores(1, 9, 2, 9), ...stores(0, 5, 2)]);
    expect([dataOf(first!.harvest()), dataOf(second!.harvest())]).toEqual([[5], [9, 2]]);
    machine.stores(stores(1, 9));
    expect(dataOf(second!.harvest()), 'not armed yet').toEqual([]);
    expect(machine.vm.dirtyLog.resetDirtyRings()).toBeGreaterThanOrEqual(3);
    machine.stores([...stores(0, 9), ...stores(1, 9)]);
    expect([dataOf(first!.harvest()), dataOf(second!.harvest())]).toEqual([[9], []]);
    expect(machine.vm.dirtyLog.resetDirtyRings()).toBeGreaterThan(0);
    expect(machine.vm.dirtyLog.resetDirtyRings()).toBe(0);
  });

  it('leaves at the soft limit, right after the instruction, again and again until entries are reset; and no page is lost', () => {
    const machine = start(16384);
    const { vm } = machine;
    const limit = 1024 - 64 - (tracking === 'pml' ? 512 : 0);
    const [reader] = readers(machine);
    const [vcpu] = vm.vcpus;
    const seen = new Set<number>();
    vm.writeMemory(0x100000, Uint8Array.of(0x88, 0x07, 0x01, 0xd7, 0xe2, 0xfa, 0xf4)); // next: mov [edi], al; add edi, edx; loop next; hlt
    vcpu!.setRegs({ rip: 0x100000n, rdi: BigInt(FIRST * PAGE), rdx: BigInt(PAGE), rcx: 2000n });
    vcpu!.activity = 'active';
    const before = vm.retired;
    expect(vm.runSlice()).toMatchObject({ vcpu: 0, exit: { kind: 'dirty-ring-full', vcpu: 0 } });
    expect(vm.retired - before, 'a store of each three instructions').toBe(BigInt(3 * limit - 2));
    expect(vm.runSlice()).toMatchObject({ retired: 0, exit: { kind: 'dirty-ring-full', vcpu: 0 } });
    for (let full = 1; ; full++) {
      for (const page of dataOf(reader!.harvest())) seen.add(page);
      vm.dirtyLog.resetDirtyRings();
      const { exit } = vm.runSlice();
      if (exit.kind === 'hlt') {
        expect(full).toBe(Math.floor(2000 / limit));
        break;
      }
      expect(exit.kind).toBe('dirty-ring-full');
    }
    for (const page of dataOf(reader!.harvest())) seen.add(page);
    expect(seen.size).toBe(2000);
  });

  it("host-side writes are in no ring; beside one, in the slot's bitmap", () => {
    const alone = start();
    alone.hostWrite(FIRST + 3, 0, 1);
    expect(readers(alone).flatMap((reader) => reader.harvest())).toEqual([]);
    expect(codeOf(() => alone.vm.dirtyLog.getDirtyLog(0, new BigUint64Array(1000)))).toBe('ENXIO');

    const machine = new GuestMachine({ tracking, pages: 64 });
    const { vm } = machine;
    vm.dirtyLog.enableCap(KvmCap.DIRTY_LOG_RING, 16384);
    vm.dirtyLog.enableCap(KvmCap.DIRTY_LOG_RING_WITH_BITMAP);
    vm.setUserMemoryRegion({ ...vm.memslots[0], logDirty: true });
    machine.hostWrite(FIRST + 3, 0, 1);
    machine.stores(stores(0, 4));
    const bitmap = new BigUint64Array(vm.pageCount / 64);
    vm.dirtyLog.getDirtyLog(0, bitmap);
    // The script is written by the host, and its page stands first in word 4.
    expect([bitmap[FIRST / 64], dataOf(readers(machine)[0]!.harvest())]).toEqual([8n, [4]]);
  });

  it('refuses as KVM does', () => {
    const { vm } = new GuestMachine({ tracking });
    const enable = (cap: number, argument?: number, flags?: number): string => codeOf(() => vm.dirtyLog.enableCap(cap, argument, flags));
    expect(vm.dirtyLog.checkExtension(KvmCap.DIRTY_LOG_RING)).toBe(1 << 20);
    expect(enable(KvmCap.DIRTY_LOG_RING_WITH_BITMAP)).toBe('EINVAL');
    expect(enable(KvmCap.DIRTY_LOG_RING, 0)).toBe('EINVAL');
    expect(enable(KvmCap.DIRTY_LOG_RING, 12288)).toBe('EINVAL');
    expect(enable(KvmCap.DIRTY_LOG_RING, 2048)).toBe('EINVAL');
    expect(enable(KvmCap.DIRTY_LOG_RING, 1 << 21)).toBe('E2BIG');
    expect(enable(KvmCap.DIRTY_LOG_RING, 16384, 1)).toBe('EINVAL');
    expect(enable(9999, 1)).toBe('EINVAL');
    expect(enable(KvmCap.MANUAL_DIRTY_LOG_PROTECT2, 4)).toBe('EINVAL');
    expect(enable(KvmCap.MANUAL_DIRTY_LOG_PROTECT2, 2)).toBe('EINVAL');
    vm.setUserMemoryRegion({ ...vm.memslots[0], logDirty: true });
    expect(enable(KvmCap.DIRTY_LOG_RING, 16384)).toBe('EINVAL');
    vm.setUserMemoryRegion({ ...vm.memslots[0], logDirty: false });
    expect(enable(KvmCap.DIRTY_LOG_RING, 16384)).toBe('ok');
    expect(enable(KvmCap.DIRTY_LOG_RING, 16384)).toBe('EINVAL');
    expect(codeOf(() => vm.dirtyLog.ring(1))).toBe('EINVAL');
  });
});
