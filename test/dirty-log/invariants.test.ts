import { describe, expect, it } from 'vitest';
import { INTERNALS } from '../../src/base/internals.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { configurations } from '../laws/support/configurations.ts';
import type { Configuration } from '../laws/support/configurations.ts';
import { requireTranslated } from '../laws/support/outcome.ts';
import { randomOf } from '../mt/laws/machine.ts';
import { INTERFACES, startLogging } from './interfaces.ts';
import type { DirtyInterface, InterfaceName } from './interfaces.ts';
import { LOGGED, PAGES, judge, kvmGuest, setIteration, writesOf } from './kvm-guest.ts';

// KVM's own invariants (tools/testing/selftests/kvm/dirty_log_test.c), for its own interfaces. The same rules hold the kernel's:
// they were run against /dev/kvm too.

const ITERATIONS = 24;

interface Setting extends Partial<Configuration> {
  readonly vcpus: number;
  readonly name: InterfaceName;
}

/** Runs `instructions`, collecting whenever a ring is full. */
function run(vm: Vm, log: DirtyInterface, dirty: Set<number>, instructions: number): number {
  let full = 0;
  for (let left = instructions; left > 0; ) {
    const { exit, retired } = vm.runSlice(left);
    left -= retired;
    if (exit.kind === 'limit') continue;
    expect(exit.kind).toBe('dirty-ring-full');
    full++;
    for (const gfn of log.collect()) dirty.add(gfn);
  }
  return full;
}

/** Throws if a rule is broken. Returns how often a ring was full. */
function check({ name, ...configuration }: Setting, sabotage: (vm: Vm) => void = () => {}, ringBytes?: number): number {
  const vm = kvmGuest({ engine: 'interpreter', tracking: 'write-protect', ...configuration });
  const log = startLogging(vm, name, LOGGED, ringBytes);
  sabotage(vm);
  const random = randomOf(7);
  let full = 0;
  let seen = 0;
  for (let iteration = 1; iteration <= ITERATIONS; iteration++) {
    setIteration(vm, iteration);
    const before = writesOf(vm);
    const dirty = new Set<number>();
    for (let part = 0; part < 2; part++) {
      full += run(vm, log, dirty, 400 + random(6_000));
      for (const gfn of log.collect()) dirty.add(gfn);
    }
    judge(vm, iteration, dirty);
    seen += dirty.size;
    if (dirty.size > writesOf(vm) - before + configuration.vcpus) throw new Error(`iteration ${iteration}: more dirty pages than writes`);
  }
  if (configuration.engine === 'translator') requireTranslated(vm);
  expect(seen, 'pages dirty in all').toBeGreaterThan(ITERATIONS * 20);
  return full;
}

const cases = configurations().flatMap((configuration) => INTERFACES.map((name) => ({ ...configuration, name })));

describe("KVM's dirty-log invariants", () => {
  it.each(cases)('$name, $engine, $tracking, $vcpus vCPUs', (setting) => {
    check(setting);
  });

  it.each([1, 4])('the engine that machines have by default, %i vCPUs', (vcpus) => {
    for (const name of INTERFACES) check({ name, vcpus, engine: 'auto', tracking: 'pml' });
  });

  it('a ring that is filled at once and again', () => {
    // 256 entries, 192 up to the soft limit, and more pages than that in an iteration.
    const vm = kvmGuest({ engine: 'interpreter', tracking: 'write-protect', vcpus: 1 });
    const log = startLogging(vm, 'ring', LOGGED, 4096);
    let full = 0;
    for (let iteration = 1; iteration <= 4; iteration++) {
      setIteration(vm, iteration);
      const dirty = new Set<number>();
      full += run(vm, log, dirty, 60_000);
      for (const gfn of log.collect()) dirty.add(gfn);
      judge(vm, iteration, dirty);
      expect(dirty.size).toBe(PAGES);
    }
    expect(full).toBeGreaterThanOrEqual(4);
  });
});

/** One page in twenty is not told. */
function drop(vm: Vm): void {
  const { dirtyLog } = vm;
  const tell = dirtyLog.guestDirty.bind(dirtyLog);
  let count = 0;
  dirtyLog.guestDirty = (vcpu, gfn) => {
    if (++count % 20 !== 0) tell(vcpu, gfn);
  };
}

/** Pages are taken out of the log without being armed. */
function neverArm(vm: Vm): void {
  const { tracking } = vm[INTERNALS].parts.hub;
  tracking.arm = () => {};
}

/** A page is told as its neighbour. */
function tellNeighbour(vm: Vm): void {
  const { dirtyLog } = vm;
  const tell = dirtyLog.guestDirty.bind(dirtyLog);
  dirtyLog.guestDirty = (vcpu, gfn) => tell(vcpu, gfn ^ 1);
}

describe('the invariants find', () => {
  const settings = configurations([4]).flatMap((configuration) => INTERFACES.map((name) => ({ ...configuration, name })));
  it.each(settings)('dropped pages: $name, $engine, $tracking', (setting) => {
    expect(() => check(setting, drop)).toThrow(/is clear/);
  });

  it.each(INTERFACES)('pages that are never armed again, and pages told for others: %s', (name) => {
    for (const tracking of ['write-protect', 'pml'] as const) {
      expect(() => check({ name, tracking, vcpus: 1 }, neverArm)).toThrow(/is clear/);
      expect(() => check({ name, tracking, vcpus: 1 }, tellNeighbour)).toThrow(/is clear|is dirty|older value/);
    }
  });
});
