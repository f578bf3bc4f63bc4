// Stores at random distances from code, of all sizes and kinds, by the vCPU that runs it, by another and by the host: what runs is
// always what memory holds. The reference decodes every instruction anew, so that it cannot run anything else.

import { describe, expect, it } from 'vitest';
import { INTERNALS } from '../../src/base/internals.ts';
import { MtEnable, MtOp } from '../../src/mt/abi.ts';
import type { VmConfig } from '../../src/vm/config.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { randomOf } from '../mt/laws/machine.ts';
import { compareMachines } from './support/compare.ts';
import { hostStore, nearCodeMachine } from './support/near-code.ts';
import { translatorOf } from './support/share.ts';

const WIDTHS = [32, 64] as const;
const INSTRUCTIONS = 2000;
const LONGEST_SLICE = 150;

const WRITERS: readonly (readonly [string, Partial<VmConfig>, boolean])[] = [
  ['the vCPU itself', {}, false],
  ['two vCPUs that take turns', { vcpus: 2, quantum: 23 }, false],
  ['the host', {}, true],
  ['the vCPU itself, while pages are tracked', { tracking: 'pml' }, false],
];

/** Runs `count` instructions, each decoded anew. */
function runUncached(vm: Vm, count: number): number {
  let retired = 0;
  for (let n = 0; n < count; n++) {
    vm[INTERNALS].parts.physical.forgetCode();
    retired += vm.runSlice(1).retired;
  }
  return retired;
}

function track(vm: Vm): void {
  vm.mt.initMt({ op: MtOp.INIT, maxDirty: 512 });
  vm.mt.enableMt(MtEnable.ON);
}

/** Runs the subject and the reference over the same program; the subject at its end. */
function followed(seed: number, width: 32 | 64, config: Partial<VmConfig>, byHost: boolean): Vm {
  const subject = nearCodeMachine(seed, width, config);
  const reference = nearCodeMachine(seed, width, { ...config, engine: 'interpreter' });
  if (config.tracking) for (const vm of [subject, reference]) track(vm);
  const random = randomOf(seed);
  for (let slice = 0, left = INSTRUCTIONS; left > 0; slice++) {
    const count = Math.min(left, 1 + random(LONGEST_SLICE));
    const { exit, retired } = subject.runSlice(count);
    const where = `seed ${seed}, slice ${slice}`;
    expect([exit.kind, retired], where).toEqual(['limit', runUncached(reference, count)]);
    expect(compareMachines(reference, subject, false), where).toEqual([]);
    if (byHost) for (const vm of [reference, subject]) hostStore(vm, seed, slice);
    left -= count;
  }
  return subject;
}

/** Defines the tests, for programs by each of these seeds. */
export function describeNearCode(seeds: readonly number[]): void {
  describe.each(WIDTHS)('%d-bit code', (width) => {
    it.each(WRITERS)('under the translator, stores near it by %s', (_who, config, byHost) => {
      let lost = 0;
      let translated = 0;
      for (const seed of seeds) {
        const { made, retired } = translatorOf(followed(seed, width, { ...config, engine: 'translator' }, byHost));
        lost += made.lost;
        translated += retired.translated;
      }
      expect(lost, 'translated code that was overwritten').toBeGreaterThan(10);
      expect(translated, 'instructions by translated code').toBeGreaterThan(seeds.length * INSTRUCTIONS * 0.1);
    });

    it.each(WRITERS)('under the interpreter, stores near it by %s', (_who, config, byHost) => {
      for (const seed of seeds) followed(seed, width, { ...config, engine: 'interpreter' }, byHost);
    });
  });
}
