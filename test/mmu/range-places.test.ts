// Where pages have their elements in the per-page arrays: each page of RAM has its own, and no array is longer for a hole.

import { describe, expect, it } from 'vitest';
import { planRegions } from '../../src/base/state/regions.ts';
import type { MachineShape } from '../../src/base/state/regions.ts';
import { LinearMemory } from '../../src/base/linear-memory.ts';
import { PagePlaces, isOwnPlace, placesOf, placesRegion, rangesOf } from '../../src/base/page-places.ts';
import { Access } from '../../src/mmu/access.ts';
import { EptAccess, EptOrigin, EptOutcome, EptResult, eptAccess } from '../../src/mmu/ept-walk.ts';
import { RangePlaces } from '../../src/mmu/range-places.ts';
import { randomOf } from '../mt/laws/machine.ts';
import { GIB, KIB, MIB, machine } from './support.ts';

const K4 = 4 * KIB;

function placesFor(shape: MachineShape): { places: PagePlaces; ranges: RangePlaces } {
  const plan = planRegions([placesRegion(shape)]);
  const places = new PagePlaces(LinearMemory.create(plan.total.bytes, false), plan, shape);
  return { places, ranges: new RangePlaces(places, rangesOf(shape)) };
}

describe('places', () => {
  it('are each those of one page, whatever memslots come and go', () => {
    const wrong: string[] = [];
    const shape = { vcpus: 1, gfnLimit: 4096 * 512, ramBytes: 8 * MIB };
    const { places, ranges } = placesFor(shape);
    const random = randomOf(7);
    const slots: { gfn: number; count: number }[] = [];
    let refused = 0;
    for (let step = 0; step < 2000; step++) {
      if (slots.length > 0 && random(5) < 2) {
        const [{ gfn, count }] = slots.splice(random(slots.length), 1) as [{ gfn: number; count: number }];
        ranges.uncover(gfn, count, () => {});
      } else {
        const slot = { gfn: random(4000 * 512), count: 1 + random(1500) };
        if (ranges.cover(slot.gfn, slot.count)) slots.push(slot);
        else refused++;
      }
      if (step % 100 !== 0) continue;
      const holder = new Map<number, number>();
      for (const { gfn, count } of slots) {
        for (let at = gfn; at < gfn + count; at++) {
          const place = places.of(at);
          if (!isOwnPlace(place) || place >= placesOf(shape)) wrong.push(`page ${at} at place ${place}`);
          if ((holder.get(place) ?? at) !== at) wrong.push(`two pages at place ${place}`);
          holder.set(place, at);
        }
      }
      const near = (gfn: number): boolean => slots.some((slot) => (gfn | 511) >= slot.gfn && gfn - (gfn % 512) < slot.gfn + slot.count);
      for (let n = 0; n < 50; n++) {
        const gfn = random(4096 * 512);
        if (isOwnPlace(places.of(gfn)) !== near(gfn)) wrong.push(`page ${gfn}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(refused, 'there were too few places now and then').toBeGreaterThan(0);
  });

  it('beyond the limit are nobody’s', () => {
    const { places, ranges } = placesFor({ vcpus: 1, gfnLimit: 700, ramBytes: 700 * K4 });
    ranges.cover(0, 700);
    for (const gfn of [1024, 1025, 5000, 2 ** 28 - 1, 2 ** 32 - 1]) expect(isOwnPlace(places.of(gfn)), `page ${gfn}`).toBe(false);
  });
});

describe('memslots', () => {
  const scattered = () => machine({ ram: MIB, gfnLimit: (4 * GIB) / K4, slots: false });
  const at = (slot: number) => ({ slot, guestPhysAddr: slot * 4 * MIB + 2 * MIB - K4, memorySize: 2 * K4 });

  it('64 that each touch two ranges fit, wherever they lie; ENOMEM when they touch too many, and nothing has changed', () => {
    const m = scattered();
    for (let slot = 0; slot < 64; slot++) m.physical.addMemslot(at(slot));
    const before = m.physical.memslots;
    expect(() => m.physical.addMemslot(at(64))).toThrow(
      expect.objectContaining({ code: 'ENOMEM', message: expect.stringContaining('129 ranges of 2 MiB') }),
    );
    expect(m.physical.memslots).toEqual(before);
    m.physical.deleteMemslot(11);
    m.physical.addMemslot(at(64));
    for (const { guestPhysAddr, hostOffset } of m.physical.memslots) expect(m.physical.hostOffset(guestPhysAddr)).toBe(hostOffset);
    expect(m.physical.hostOffset(at(11).guestPhysAddr)).toBe(-1);
  });

  it('a page table that serves another range maps nothing of the one it served before', () => {
    const m = scattered();
    const { memory, physical } = m;
    const walk = (gpa: number): EptOutcome =>
      eptAccess(memory.u32, physical.views.eptp, gpa, EptAccess.READ, EptOrigin.FINAL_PAGE, null, new EptResult());
    physical.addMemslot({ slot: 0, guestPhysAddr: 8 * MIB, memorySize: 8 * K4 });
    const place = physical.views.places.of((8 * MIB) / K4);
    physical.deleteMemslot(0);
    physical.addMemslot({ slot: 1, guestPhysAddr: GIB, memorySize: 8 * K4 });
    expect(physical.views.places.of(GIB / K4), 'the same place').toBe(place);
    expect([walk(GIB), walk(8 * MIB)]).toEqual([EptOutcome.OK, EptOutcome.VIOLATION]);
  });

  it.each(['write-protect', 'pml'] as const)('a place taken anew is armed for nobody (%s)', (method) => {
    const m = machine({ ram: MIB, gfnLimit: (4 * GIB) / K4, slots: false, method });
    const { physical, tracking } = m;
    physical.addMemslot({ slot: 0, guestPhysAddr: 8 * MIB, memorySize: 8 * K4 });
    tracking.enable();
    m.vcpus[0]!.translate(8 * MIB, Access.WRITE, 0);
    physical.deleteMemslot(0);
    physical.addMemslot({ slot: 1, guestPhysAddr: GIB, memorySize: 8 * K4 });
    m.sink.take();
    const gfn = GIB / K4;
    for (const page of [0, 1]) m.vcpus[0]!.translate(GIB + page * K4, Access.WRITE, 0);
    tracking.drain(0);
    expect(m.sink.take(), 'no page was armed').toEqual([]);
    tracking.rearm([gfn, gfn + 1], 2);
    for (const page of [1, 0]) m.vcpus[0]!.translate(GIB + page * K4, Access.WRITE, 0);
    tracking.drain(0);
    expect(m.sink.take()).toEqual([
      [0, gfn + 1],
      [0, gfn],
    ]);
  });
});
