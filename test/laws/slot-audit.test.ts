// The audit of memslots: what happens to everything that knows of a slot's pages when the slot comes or goes. `says` is the
// section that decides, by its title: KVM's Documentation/virt/kvm/api.rst, or docs/memory-tracking.md.

import { describe, expect, it } from 'vitest';
import { ENGINES, METHODS, VCPUS } from './support/configurations.ts';
import { SlotRig } from './support/slot-rig.ts';

interface Case {
  readonly name: string;
  readonly says: string;
  readonly run: (rig: SlotRig) => void;
}

const REGION = 'KVM_SET_USER_MEMORY_REGION';
const LAWS = 'The laws';
const BEYOND = 'Beyond the posting';
const DECIDED = 'What was decided here';
const SEQUENCE = 'The sequence';

const ALL = Array.from({ length: 16 }, (_, n) => n);
const code = (errno: string): unknown => expect.objectContaining({ code: errno });

/** Whether tracking is on or off must not matter. */
const MEMORY: readonly Case[] = [
  {
    name: 'added: zeroed RAM for every vCPU',
    says: REGION,
    run: (rig) => {
      expect(ALL.map((n) => rig.byte(n))).toEqual(ALL.map(() => 0));
      rig.storeEverywhere(9);
      expect(rig.vcpus.map((n) => rig.byte(n))).toEqual(rig.vcpus.map(() => 9));
    },
  },
  {
    name: 'deleted, with translations cached in every vCPU: stores of each are MMIO',
    says: REGION,
    run: (rig) => {
      rig.storeEverywhere();
      rig.remove();
      expect(rig.vcpus.map((vcpu) => rig.tryStore(vcpu, vcpu))).toEqual(rig.vcpus.map(() => 'mmio'));
    },
  },
  {
    name: 'deleted, with one page cached in every vCPU: stores of each are MMIO',
    says: REGION,
    run: (rig) => {
      for (const vcpu of rig.vcpus) rig.store(vcpu, 3);
      rig.remove();
      expect(rig.vcpus.map((vcpu) => rig.tryStore(vcpu, 3))).toEqual(rig.vcpus.map(() => 'mmio'));
    },
  },
  {
    name: 'deleted, with code cached in every vCPU: fetches of each are MMIO',
    says: REGION,
    run: (rig) => {
      rig.placeCode(5);
      expect(rig.vcpus.map((vcpu) => rig.execute(vcpu))).toEqual(rig.vcpus.map(() => 6));
      rig.remove();
      expect(rig.vcpus.map((vcpu) => rig.execute(vcpu))).toEqual(rig.vcpus.map(() => 'mmio'));
    },
  },
  {
    name: 'deleted and added again: zeros, though every vCPU had written and has it cached',
    says: REGION,
    run: (rig) => {
      rig.storeEverywhere(7);
      rig.remove();
      rig.add();
      expect(ALL.map((n) => rig.byte(n))).toEqual(ALL.map(() => 0));
      rig.storeEverywhere(8);
      expect(rig.vcpus.map((n) => rig.byte(n))).toEqual(rig.vcpus.map(() => 8));
    },
  },
  {
    name: 'deleted and added again, elsewhere in RAM: no vCPU stores to where it was',
    says: REGION,
    run: (rig) => {
      rig.storeEverywhere(7);
      rig.remove();
      // Takes the RAM that became free.
      rig.add({ slot: 9, guestPhysAddr: rig.slot.guestPhysAddr + 0x100000 });
      rig.add();
      rig.storeEverywhere(8);
      expect(rig.vcpus.map((n) => rig.byte(n))).toEqual(rig.vcpus.map(() => 8));
      expect(rig.vcpus.map((n) => rig.byte(n + 0x100))).toEqual(rig.vcpus.map(() => 0));
    },
  },
  {
    name: 'deleted and added again, with other code: every vCPU executes the new',
    says: REGION,
    run: (rig) => {
      rig.placeCode(5);
      for (const vcpu of rig.vcpus) rig.execute(vcpu);
      rig.remove();
      rig.add();
      rig.placeCode(9);
      expect(rig.vcpus.map((vcpu) => rig.execute(vcpu))).toEqual(rig.vcpus.map(() => 10));
    },
  },
  {
    name: 'moved (deleted and added at another address): nothing is left at the old one',
    says: REGION,
    run: (rig) => {
      rig.storeEverywhere();
      rig.remove();
      rig.add({ guestPhysAddr: rig.slot.guestPhysAddr + 0x100000 });
      expect(rig.vcpus.map((vcpu) => rig.tryStore(vcpu, vcpu))).toEqual(rig.vcpus.map(() => 'mmio'));
      expect(rig.vcpus.map((vcpu) => rig.tryStore(vcpu, vcpu + 0x100))).toEqual(rig.vcpus.map(() => 'stored'));
    },
  },
  {
    name: 'read-only: the guest reads, its stores are MMIO, the host writes',
    says: REGION,
    run: (rig) => {
      rig.remove();
      rig.add({ readonly: true });
      rig.placeCode(2);
      expect(rig.vcpus.map((vcpu) => rig.execute(vcpu))).toEqual(rig.vcpus.map(() => 3));
      expect(rig.vcpus.map((vcpu) => rig.tryStore(vcpu, vcpu + 1))).toEqual(rig.vcpus.map(() => 'mmio'));
      expect(rig.byte(1)).toBe(0);
    },
  },
  {
    name: 'writable, then read-only: no vCPU keeps its permission to write',
    says: REGION,
    run: (rig) => {
      rig.storeEverywhere();
      rig.remove();
      rig.add({ readonly: true });
      expect(rig.vcpus.map((vcpu) => rig.tryStore(vcpu, vcpu))).toEqual(rig.vcpus.map(() => 'mmio'));
      expect(rig.vcpus.map((n) => rig.byte(n))).toEqual(rig.vcpus.map(() => 0));
    },
  },
  {
    name: 'read-only, then writable: every vCPU may write',
    says: REGION,
    run: (rig) => {
      rig.remove();
      rig.add({ readonly: true });
      for (const vcpu of rig.vcpus) rig.tryStore(vcpu, vcpu);
      rig.remove();
      rig.add();
      expect(rig.vcpus.map((vcpu) => rig.tryStore(vcpu, vcpu))).toEqual(rig.vcpus.map(() => 'stored'));
    },
  },
  {
    name: 'an overlap is refused, and the same slot given again changes nothing',
    says: REGION,
    run: (rig) => {
      rig.storeEverywhere(4);
      const before = rig.vm.memslots;
      expect(() => rig.add({ slot: 8, guestPhysAddr: rig.slot.guestPhysAddr + 0x8000 })).toThrow(code('EEXIST'));
      expect(() => rig.add({ guestPhysAddr: rig.slot.guestPhysAddr + 0x100000 })).toThrow(code('EEXIST'));
      rig.add();
      expect(() => rig.remove(8)).toThrow(code('EINVAL'));
      expect(rig.vm.memslots).toEqual(before);
      expect(rig.vcpus.map((n) => rig.byte(n))).toEqual(rig.vcpus.map(() => 4));
      expect(rig.vcpus.map((vcpu) => rig.tryStore(vcpu, vcpu))).toEqual(rig.vcpus.map(() => 'stored'));
    },
  },
];

const TRACKED: readonly Case[] = [
  {
    name: 'deleted with entries of the host and of every vCPU pending: they are discarded and counted, others stay in order',
    says: BEYOND,
    run: (rig) => {
      const [a, b] = rig.machine.gfns;
      rig.machine.stores([{ vcpu: 0, gfn: b }]);
      rig.storeEverywhere();
      rig.machine.stores([{ vcpu: 0, gfn: a }]);
      rig.machine.hostWrite(rig.first + 9, 0, 1);
      rig.remove();
      expect(rig.mt.stats().cycle.discarded).toBe(rig.vcpus.length + 1);
      expect(rig.fetch()).toEqual([b, a]);
    },
  },
  {
    name: 'deleted with what the hardware noticed and nobody collected pending: discarded too',
    says: BEYOND,
    run: (rig) => {
      for (const vcpu of rig.vcpus) rig.storeOutsideOfSlices(vcpu, vcpu);
      rig.remove();
      rig.add({ guestPhysAddr: rig.slot.guestPhysAddr + 0x100000 });
      expect(rig.mt.stats().cycle.discarded).toBe(rig.vcpus.length);
      expect(rig.fetch()).toEqual(ALL.map((n) => n + 0x100));
    },
  },
  {
    name: 'added: every page is reported, once, by the host, and stays unarmed until it is re-armed',
    says: BEYOND,
    run: (rig) => {
      rig.remove();
      rig.add();
      rig.storeEverywhere();
      rig.mt.mtVmQuiesced();
      expect(rig.fetch()).toEqual(ALL);
      rig.mt.prepareMtCp(1n);
      rig.storeEverywhere(2);
      rig.mt.mtVmQuiesced();
      expect(rig.fetch()).toEqual([...rig.vcpus]);
    },
  },
  {
    name: 'deleted and added again with entries pending: each page is reported once',
    says: LAWS,
    run: (rig) => {
      rig.storeEverywhere();
      rig.machine.hostWrite(rig.first + 2, 0, 1);
      rig.remove();
      rig.add();
      expect(rig.fetch()).toEqual(ALL);
      expect(rig.fetch()).toEqual([]);
    },
  },
  {
    name: 'deleted with pages in the list of what to re-arm, and added again: each is re-armed once, and noticed after that',
    says: SEQUENCE,
    run: (rig) => {
      for (const n of ALL) rig.store(n % rig.vcpus.length, n);
      expect([...rig.fetch()].sort((x, y) => x - y)).toEqual(ALL);
      const { rearmed } = rig.mt.stats().cycle;
      rig.remove();
      rig.add();
      expect(rig.fetch()).toEqual(ALL);
      rig.mt.rearmDirtyPages();
      // One script for each vCPU beside them.
      expect(rig.mt.stats().cycle.rearmed - rearmed).toBe(ALL.length + rig.vcpus.length);
      for (const n of ALL) rig.store(n % rig.vcpus.length, n, 2);
      expect([...rig.fetch()].sort((x, y) => x - y)).toEqual(ALL);
    },
  },
  {
    name: 'deleted with pages in the list of what to re-arm: PREPARE re-arms the others only',
    says: SEQUENCE,
    run: (rig) => {
      rig.storeEverywhere();
      rig.fetch();
      rig.remove();
      rig.mt.prepareMtCp(1n);
      // One script for each vCPU.
      expect(rig.mt.stats().cycle.lateRearmed).toBe(rig.vcpus.length);
    },
  },
  {
    name: 'deleted after its pages were fetched: abort does not report them again',
    says: BEYOND,
    run: (rig) => {
      rig.storeEverywhere();
      rig.machine.stores([{ vcpu: 0, gfn: rig.machine.gfns[0] }]);
      rig.fetch({ rearm: true });
      rig.remove();
      rig.mt.abort();
      expect(rig.fetch()).toEqual([rig.machine.gfns[0]]);
    },
  },
  {
    name: 'deleted and added again: the marks of before do not hide later writes',
    says: LAWS,
    run: (rig) => {
      rig.storeEverywhere();
      rig.fetch();
      rig.remove();
      rig.add();
      rig.fetch({ rearm: true });
      rig.storeEverywhere(2);
      rig.machine.hostWrite(rig.first + 12, 0, 1);
      expect(rig.fetch()).toEqual([12, ...rig.vcpus]);
    },
  },
  {
    name: 'deleted and added again after it was armed: no vCPU stores unnoticed once it is re-armed',
    says: LAWS,
    run: (rig) => {
      for (const vcpu of rig.vcpus) rig.store(vcpu, 5);
      rig.remove();
      rig.add();
      rig.fetch({ rearm: true });
      for (const vcpu of rig.vcpus) {
        rig.store(vcpu, 5, vcpu);
        expect(rig.fetch({ rearm: true })).toEqual([5]);
      }
    },
  },
  {
    name: 'a read-only slot added: reported as a whole; its stores are MMIO and never reported; the host’s writes are',
    says: BEYOND,
    run: (rig) => {
      rig.remove();
      rig.add({ readonly: true });
      expect(rig.fetch({ rearm: true })).toEqual(ALL);
      expect(rig.vcpus.map((vcpu) => rig.tryStore(vcpu, vcpu))).toEqual(rig.vcpus.map(() => 'mmio'));
      rig.machine.hostWrite(rig.first + 4, 0, 1);
      expect(rig.fetch()).toEqual([4]);
    },
  },
  {
    name: 'an overlap, or a deletion of nothing, is refused and loses no entry',
    says: REGION,
    run: (rig) => {
      rig.storeEverywhere();
      expect(() => rig.add({ slot: 8, guestPhysAddr: rig.slot.guestPhysAddr + 0x8000 })).toThrow(code('EEXIST'));
      expect(() => rig.remove(8)).toThrow(code('EINVAL'));
      expect(rig.mt.stats().cycle.discarded).toBe(0);
      expect(rig.fetch()).toEqual([...rig.vcpus]);
    },
  },
  {
    name: 'deleted and added again while tracking was off: its pages are armed when it is on again',
    says: SEQUENCE,
    run: (rig) => {
      rig.storeEverywhere();
      rig.mt.enableMt(0);
      rig.remove();
      rig.add();
      rig.storeEverywhere(2);
      rig.mt.enableMt(1);
      expect(rig.fetch()).toEqual([]);
      rig.storeEverywhere(3);
      expect(rig.fetch()).toEqual([...rig.vcpus]);
    },
  },
  {
    name: 'the list is full when as many pages are dirty as there are now',
    says: DECIDED,
    run: (rig) => {
      const full = (): number => rig.vm.pageCount;
      const before = full();
      rig.remove();
      expect(full()).toBe(before - ALL.length);
      for (let gfn = 0; gfn < full() - 1; gfn++) rig.vm.writeMemory(gfn * 4096 + 4000, Uint8Array.of(1));
      expect(rig.mt.pendingExit()).toBeNull();
      rig.mt.prepareMtCp(1n);
      rig.mt.progressed();
      rig.add();
      expect(rig.mt.pendingExit()).toBeNull();
      rig.vm.writeMemory((full() - ALL.length - 1) * 4096, Uint8Array.of(1));
      expect(rig.mt.pendingExit()).toMatchObject({ kind: 'mt-list-full', dirty: full() });
    },
  },
  {
    name: 'entries of a slot added count for a fetch that waits',
    says: BEYOND,
    run: (rig) => {
      rig.remove();
      rig.fetch({ rearm: true });
      let served = 0;
      void rig.mt.fetchSublistAsync({
        count: ALL.length,
        wait: true,
        receiver: { requireRoom() {}, write: ({ gfns }) => void (served = gfns.length) },
      });
      rig.add();
      expect(served).toBe(0);
      rig.mt.settleWaiters();
      expect(served).toBe(ALL.length);
    },
  },
];

const machines = ENGINES.flatMap((engine) => VCPUS.map((vcpus) => ({ engine, vcpus })));

describe.each(machines)('memslots, $engine, $vcpus vCPUs', (machine) => {
  it.each(MEMORY)('untracked: $name ($says)', ({ run }) => run(new SlotRig({ ...machine, tracking: 'none' })));

  describe.each(METHODS)('%s', (tracking) => {
    it.each([...MEMORY, ...TRACKED])('$name ($says)', ({ run }) => {
      const rig = new SlotRig({ ...machine, tracking }).track();
      run(rig);
      // With the oracle: nothing that was written is missing.
      rig.mt.mtVmQuiesced();
    });
  });
});
