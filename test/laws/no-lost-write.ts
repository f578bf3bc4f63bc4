import { describe, expect, it } from 'vitest';
import type { Platform } from '../../src/base/platform.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { loadImage } from '../../src/boot/image.ts';
import { Vm } from '../../src/vm/vm.ts';
import { PAGE, configurations } from './support/configurations.ts';
import { Consumer } from './support/consumer.ts';
import { runCycles } from './support/cycles.ts';
import type { CyclesOptions } from './support/cycles.ts';
import { loadCode } from './support/entry.ts';
import { UNUSED, loadGuest } from './support/guests.ts';
import type { GuestName } from './support/guests.ts';
import { requireTranslated } from './support/outcome.ts';
import { dmaPlatform } from './support/platforms.ts';

// Law 1 over whole guests, with two shadows: the machine's own and the tests'.

const DIRTIER = { append: 'iterations=14 group=2 rate=40 pages=67 seed=3', slice: 9_000, cycles: 8, says: 'checksum=' };
const PLANS = [
  { seed: 1, noDups: false, rearm: false },
  { seed: 2, noDups: true, rearm: true },
  { seed: 3, noDups: true, rearm: false, trigger: 30 },
];
interface Run extends GuestName {
  readonly slice: number;
  readonly cycles: number;
  readonly says: string;
  readonly plan: CyclesOptions;
}
const RUNS: readonly Run[] = [
  ...PLANS.map((plan, n) => ({ image: n === 1 ? 'dirtier/dirtier-64' : 'dirtier/dirtier-32', ...DIRTIER, plan })),
  { image: 'sort/sort-32', append: 'scale=1', slice: 400_000, cycles: 3, says: 'sort: done', plan: PLANS[1] },
  { image: 'sort/sort-64', append: 'scale=1', slice: 400_000, cycles: 3, says: 'sort: done', plan: PLANS[0] },
];

/** Each guest in each configuration. These guests leave further vCPUs idle: there one of them will do. */
const cases = configurations().flatMap((configuration, n) =>
  RUNS.slice(0, configuration.vcpus === 1 ? RUNS.length : 1).map((run, r) => ({
    ...configuration,
    ...run,
    // What the interpreter sorts takes longest.
    turn: configuration.engine === 'interpreter' && run.image.startsWith('sort/') ? 1 : (r + (n >> 1) + (n >> 2)) % 2,
  })),
);

/** Defines the tests of the first turn, which is nearly every second case, or of the second. */
export function describeGuests(first: 0 | 1): void {
  it.each(cases.filter(({ turn }) => turn === first))(
    'law 1, $engine, $tracking, $vcpus vCPUs: $image loses no write: $plan',
    ({ engine, tracking, vcpus, plan, slice, cycles: least, says, ...guest }) => {
      const { vm, text } = loadGuest(guest, { engine, tracking, vcpus, verify: plan.seed === 1 });
      const { cycles, exit } = runCycles(vm, { ...plan, slice });
      expect(exit.kind).toBe('hlt');
      expect(cycles).toBeGreaterThan(least);
      expect(text()).toContain(says);
      requireTranslated(vm);
    },
  );
}

/** Defines the tests of all vCPUs, devices and loaders. */
export function describeWriters(): void {
  describe.each(configurations())('law 1, $engine, $tracking, $vcpus vCPUs', ({ engine, tracking, vcpus }) => {
    const config = { engine, tracking, vcpus, verify: true };

    it('smp64: all vCPUs write in turns', () => {
      const { vm, text } = loadGuest({ image: 'smp64/smp64', append: `cpus=${vcpus} rounds=2000` }, { ...config, quantum: 997 });
      const { cycles, exit } = runCycles(vm, { seed: 5, slice: 2_500, noDups: true, rearm: true });
      expect(exit.kind).toBe('hlt');
      expect(cycles).toBeGreaterThan(4);
      expect(text()).toContain(`smp64: cpus=${vcpus} counter=${(2000 * vcpus * (vcpus + 1)) / 2}`);
    });

    it('a device that writes memory while the guest runs', () => {
      const dma: { vm: Vm | null; writes: number } = { vm: null, writes: 0 };
      const platform = (): Platform =>
        dmaPlatform((value) => {
          // The pages beside those the guest writes at the same time, and now and then the guest's own.
          dma.vm!.writeMemory(0x400000 + (dma.writes % 7) * PAGE + 64 * dma.writes, Uint8Array.of(value, 1));
          dma.writes++;
        });
      const vm = new Vm({ memory: UNUSED.end, ...config, platform });
      dma.vm = vm;
      // next: mov [edi], cl; out 0x42, al; add edi, 4096; loop next; hlt
      loadCode(vm, 32, [0x88, 0x0f, 0xe6, 0x42, 0x81, 0xc7, 0x00, 0x10, 0x00, 0x00, 0xe2, 0xf4, 0xf4]);
      vm.vcpus[0].setRegs({ rdi: 0x400000n, rcx: 60n, rax: 0x5an });
      const { exit } = runCycles(vm, { seed: 7, slice: 20, rearm: true, trigger: 3 });
      expect(exit.kind).toBe('hlt');
      expect(dma.writes).toBe(60);
    });

    it('a loader that writes memory', () => {
      const { vm } = loadGuest(RUNS[0], config);
      const { mt } = vm;
      mt.initMt({ op: 1, maxDirty: 10_000 });
      mt.enableMt(1);
      const consumer = new Consumer(vm);
      mt.prepareMtCp(1n);
      vm.runSlice(20_000);
      loadImage(
        'more',
        Uint8Array.from({ length: 3 * PAGE }, (_, n) => n % 251),
        bootTarget(vm),
        { at: UNUSED.base + 123 },
      );
      mt.mtVmQuiesced();
      const { gfns } = mt.fetchSublist({ count: 10_000 });
      consumer.take(gfns);
      expect(consumer.lost()).toEqual([]);
      expect([...gfns]).toEqual(expect.arrayContaining([0, 1, 2, 3].map((n) => UNUSED.base / PAGE + n)));
    });
  });
}
