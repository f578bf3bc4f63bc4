import { describe, expect, it } from 'vitest';
import type { Vm } from '../../src/vm/vm.ts';
import { INTERFACES, startLogging } from '../dirty-log/interfaces.ts';
import type { DirtyInterface, InterfaceName } from '../dirty-log/interfaces.ts';
import { randomOf } from '../mt/laws/machine.ts';
import { ENGINES, METHODS, PAGE, configurations } from './support/configurations.ts';
import type { Configuration } from './support/configurations.ts';
import { Consumer } from './support/consumer.ts';
import { GuestMachine } from './support/guest-machine.ts';
import { UNUSED, loadGuest } from './support/guests.ts';
import { outcomeOf, requireTranslated } from './support/outcome.ts';

// The laws for KVM's own interfaces, and for several consumers at once: each hears of everything, of nothing else, and is not
// moved by what the others arm.

interface Setting extends Configuration {
  readonly name: InterfaceName;
  readonly turn: number;
}

const settingsOf = (all: readonly Configuration[]): Setting[] =>
  all.flatMap((configuration, n) => INTERFACES.map((name, i) => ({ ...configuration, name, turn: (n + (n >> 1) + (n >> 2) + i) % 2 })));
const guestOf = (vcpus: number) =>
  vcpus === 1
    ? { image: 'dirtier/dirtier-64', append: 'pages=67 iterations=8 group=2 rate=30' }
    : { image: 'smp64/smp64', append: 'cpus=4 rounds=6000' };

/** One slice; a full ring is collected, and the slice goes on. */
function slice(vm: Vm, limit: number, full: () => void): string {
  for (let left = limit; left > 0; ) {
    const { exit, retired } = vm.runSlice(left);
    left -= retired;
    if (exit.kind === 'dirty-ring-full') full();
    else if (exit.kind !== 'limit') return exit.kind;
  }
  return 'limit';
}

/** Cycles of `log`, with host-side writes in between, until the guest ends; after each, the copy must be the memory. */
function copyByLog(vm: Vm, log: DirtyInterface, seed: number, eachCycle: () => void = () => {}): void {
  const random = randomOf(seed);
  const consumer = new Consumer(vm);
  const collect = (): void => consumer.take(log.collect());
  for (let end = 'limit'; end === 'limit'; ) {
    end = slice(vm, 1 + random(9_000), collect);
    if (random(3) === 0) vm.writeMemory(UNUSED.base + random(UNUSED.pages) * PAGE + random(PAGE - 8), Uint8Array.of(random(256)));
    eachCycle();
    collect();
    expect(consumer.lost(), 'pages lost').toEqual([]);
  }
}

/** Defines the laws that are tried most, of every second setting, from the first or the second on. */
export function describeCopies(first: 0 | 1): void {
  describe.each(settingsOf(configurations()).filter(({ turn }) => turn === first))(
    '$name, $engine, $tracking, $vcpus vCPUs',
    ({ name, turn: _, ...configuration }) => {
      it('1: no lost write', () => {
        const { vm } = loadGuest(guestOf(configuration.vcpus), { ...configuration, quantum: 3_000 });
        copyByLog(vm, startLogging(vm, name, [0]), 31);
        expect(vm.retired > 50_000n).toBe(true);
      });
    },
  );

  describe.each(settingsOf(configurations([1])).filter(({ turn }) => turn === first))(
    '$engine, $tracking',
    ({ name, turn: _, ...configuration }) => {
      it(`memory tracking loses nothing and reports the same with ${name} beside it`, () => {
        const pages = (beside: boolean): number[][] => {
          const { vm } = loadGuest(guestOf(1), configuration);
          const log = beside ? startLogging(vm, name, [0]) : null;
          const cycles: number[][] = [];
          vm.mt.initMt({ op: 1, flags: 4, maxDirty: 100_000 });
          vm.mt.enableMt(1);
          const consumer = new Consumer(vm);
          for (let end = 'limit'; end === 'limit'; ) {
            vm.mt.prepareMtCp(BigInt(cycles.length));
            end = slice(vm, 12_007, () => log?.collect());
            if (cycles.length % 3 === 0) log?.collect();
            vm.mt.mtVmQuiesced();
            const { gfns } = vm.mt.fetchSublist({ count: 100_000, rearm: cycles.length % 2 === 0 });
            cycles.push([...gfns].sort((a, b) => a - b));
            consumer.take(gfns);
            expect(consumer.lost()).toEqual([]);
          }
          return cycles;
        };
        expect(pages(true)).toEqual(pages(false));
      });
    },
  );
}

/** Defines the other laws. */
export function describeInterfaces(): void {
  describe.each(ENGINES.flatMap((engine) => METHODS.map((tracking) => ({ engine, tracking }))))('$engine, $tracking', (configuration) => {
    it.each(INTERFACES)('2: no invention, exactly what was written: %s', (name) => {
      const machine = new GuestMachine({ ...configuration, vcpus: 2, pages: 100 });
      const log = startLogging(machine.vm, name, [0]);
      const random = randomOf(5);
      log.collect();
      for (let cycle = 0; cycle < 20; cycle++) {
        const stores = Array.from({ length: 1 + random(30) }, () => ({ vcpu: random(2), gfn: machine.gfns[random(100)]! }));
        machine.stores(stores);
        const host = machine.gfns[random(100)]!;
        machine.hostWrite(host, 7, cycle);
        const written = [...new Set([host, ...stores.map(({ gfn }) => gfn)])].sort((a, b) => a - b);
        // The scripts lie below.
        expect(log.collect().filter((gfn) => gfn >= 0x400)).toEqual(written);
      }
    });

    it.each(INTERFACES)('beside memory tracking each hears for itself, whatever the other fetches and arms: %s', (name) => {
      const machine = new GuestMachine({ ...configuration, vcpus: 2, pages: 60 });
      const { vm } = machine;
      const log = startLogging(vm, name, [0]);
      log.collect();
      const tracked = { armed: new Set(machine.gfns), due: new Set<number>() };
      const logged = { armed: new Set(machine.gfns), due: new Set<number>() };
      vm.mt.initMt({ op: 1, flags: 4, maxDirty: 100_000 });
      vm.mt.enableMt(1);
      const random = randomOf(8);
      for (let step = 0; step < 120; step++) {
        const stores = Array.from({ length: 1 + random(12) }, () => ({ vcpu: random(2), gfn: machine.gfns[random(60)]! }));
        machine.stores(stores);
        for (const { gfn } of stores) for (const each of [tracked, logged]) if (each.armed.delete(gfn)) each.due.add(gfn);
        const action = random(4);
        const sorted = (pages: Iterable<number>): number[] => [...pages].filter((gfn) => gfn >= 0x400).sort((a, b) => a - b);
        if (action < 2) {
          expect(sorted(vm.mt.fetchSublist({ count: 10_000, rearm: action === 0 }).gfns), `fetched in step ${step}`).toEqual(
            sorted(tracked.due),
          );
          if (action === 0) for (const gfn of tracked.due) tracked.armed.add(gfn);
          tracked.due.clear();
        } else if (action === 2) {
          expect(sorted(log.collect()), `collected in step ${step}`).toEqual(sorted(logged.due));
          for (const gfn of logged.due) logged.armed.add(gfn);
          logged.due.clear();
        } else {
          vm.mt.rearmDirtyPages();
          for (const gfn of machine.gfns) if (!tracked.due.has(gfn)) tracked.armed.add(gfn);
        }
      }
    });
  });
}

/** Defines the tests that the guest cannot tell, of every second setting, from the first or the second on. */
export function describeUnseen(first: 0 | 1): void {
  const settings = settingsOf(configurations([4])).filter(({ turn }) => turn === first);
  describe.each(settings)('$engine, $tracking', ({ name, turn: _, ...configuration }) => {
    it(`7: the guest cannot tell: ${name}`, () => {
      const run = (logged: boolean): unknown => {
        const { vm } = loadGuest(guestOf(4), { ...configuration, quantum: 3_000 });
        const log = logged ? startLogging(vm, name, [0], 16384) : null;
        for (let end = 'limit'; end === 'limit'; ) {
          end = slice(vm, 5_003, () => log?.collect());
          log?.collect();
        }
        if (!logged) requireTranslated(vm);
        return outcomeOf(vm);
      };
      expect(run(true)).toEqual(run(false));
    });
  });
}

/** Defines the tests that hold one method against the other. */
export function describeSamePages(): void {
  describe('both methods report the same pages, but for page tables that walks read', () => {
    it.each(INTERFACES)('%s', (name) => {
      const cycles = METHODS.map((tracking) => {
        const { vm } = loadGuest({ image: 'sort/sort-32', append: 'scale=1' }, { tracking, engine: 'translator' });
        const log = startLogging(vm, name, [0], 1 << 18);
        const pages: number[][] = [];
        for (let end = 'limit'; end === 'limit'; pages.push(log.collect())) end = slice(vm, 400_009, () => expect.unreachable());
        return pages;
      });
      // The guest is not paged.
      expect(cycles[1]).toEqual(cycles[0]);
      expect(cycles[0]!.flat().length).toBeGreaterThan(50);
    });
  });
}
