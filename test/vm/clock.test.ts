// How long an instruction takes in virtual time is part of the machine's configuration: timers follow it, and so does what is saved.

import { describe, expect, it } from 'vitest';
import { encodeBase } from '../../src/checkpoint/checkpoint-file.ts';
import type { MachineDescription } from '../../src/checkpoint/store.ts';
import { readSnapshot } from '../../src/machine/pc-snapshot.ts';
import { createPc, restorePc } from '../../src/machine/pc.ts';
import type { Pc } from '../../src/machine/pc-handle.ts';
import type { VmConfig } from '../../src/vm/config.ts';

const MEMORY = 2 ** 20;
/** sti; jmp to itself: only the BIOS's timer interrupt counts. */
const LOOP = [0xfb, 0xeb, 0xfe];
const BIOS_TICKS = 0x46c;
/** Nanoseconds between two of the BIOS's timer interrupts. */
const BETWEEN = 65536 / 0.001193182;

function counting(nsPerTick: number | undefined, engine: NonNullable<VmConfig['engine']> = 'translator'): Pc {
  const bytes = new Uint8Array(512);
  bytes.set(LOOP);
  bytes.set([0x55, 0xaa], 510);
  return createPc({ memory: MEMORY, engine, disk: { name: 'loop', bytes }, ...(nsPerTick === undefined ? {} : { nsPerTick }) });
}

const ticksOf = ({ vm }: Pc): number => new DataView(vm.readMemory(BIOS_TICKS, 4).slice().buffer).getUint32(0, true);

/** Runs `instructions` in slices of `slice`. */
function run({ vm }: Pc, instructions: number, slice = instructions): void {
  for (let left = instructions; left > 0; left -= slice) vm.runSlice(Math.min(slice, left));
}

describe('a timer', () => {
  it.each([1000, 200])('comes as often as its time has passed, at %i ns an instruction', (nsPerTick) => {
    const pc = counting(nsPerTick);
    run(pc, 600_000);
    expect(pc.vm.clock.nanoseconds()).toBe(600_000 * nsPerTick);
    // The first comes at once.
    expect(ticksOf(pc)).toBe(1 + Math.floor((600_000 * nsPerTick) / BETWEEN));
  });

  it('comes at the same instruction under each engine, however the run is cut', () => {
    const ends = (['translator', 'interpreter'] as const).map((engine, n) => {
      const pc = counting(500, engine);
      run(pc, 300_000, 299_999 - 290_000 * n);
      return [ticksOf(pc), pc.vm.moment];
    });
    expect(ends[1]).toEqual(ends[0]);
  });
});

describe('a snapshot', () => {
  it('keeps how long an instruction takes', () => {
    const first = counting(200);
    run(first, 100_000);
    const second = restorePc(first.snapshot());
    expect(second.vm.clock.nsPerTick).toBe(200);
    for (const pc of [first, second]) run(pc, 500_000);
    expect(ticksOf(second)).toBe(ticksOf(first));
    expect(second.vm.moment).toEqual(first.vm.moment);
  });

  it('that does not say it is of 10 ns', () => {
    const { machine, ...rest } = readSnapshot(counting(10).snapshot());
    const { nsPerTick: _unsaid, ...former } = machine;
    const bytes = Buffer.concat([...encodeBase({ ...rest, machine: former as MachineDescription })]);
    expect(restorePc(new Uint8Array(bytes)).vm.clock.nsPerTick).toBe(10);
  });

  it('is refused by a machine of another clock', () => {
    const snapshot = counting(200).snapshot();
    expect(() => counting(100).restore(snapshot)).toThrow('nsPerTick 200, and this one has 100');
    expect(() => restorePc(snapshot, { nsPerTick: 100 })).toThrow('nsPerTick 200, and this one has 100');
  });
});

it.each([0, 1.5, 1001, -1])('%d is no number of nanoseconds', (nsPerTick) => {
  expect(() => counting(nsPerTick)).toThrow('1 to 1000');
});
