// Machines taken up from checkpoints, each guest by one method; by the other in resume.long.ts.

import { expect, it } from 'vitest';
import { Checkpointer } from '../../src/checkpoint/checkpointer.ts';
import { resumeCycle } from '../../src/checkpoint/rebuild.ts';
import { MemoryStore } from '../../src/checkpoint/memory-store.ts';
import { MAX, checkpointed, describeResumed, runToEnd } from './resume.ts';
import { DIRTIER, machineFor, smp64 } from './support/guest.ts';

describeResumed(0);

it('a resumed machine can be checkpointed itself, by the other method', () => {
  const { store, end } = checkpointed(DIRTIER, 'pml', 60_000);
  const guest = machineFor(DIRTIER, { tracking: 'write-protect', verify: true });
  resumeCycle(guest.vm, store, 2);
  const second = new MemoryStore();
  const checkpointer = new Checkpointer(guest.vm, second, { dirtyTrigger: 25, maxDirty: MAX, hash: true });
  checkpointer.start();
  while (checkpointer.cycle().exit.kind !== 'hlt') expect(second.lastCycle).toBeGreaterThan(0);
  const third = machineFor(DIRTIER);
  resumeCycle(third.vm, second, Math.floor(second.lastCycle / 2));
  expect(runToEnd(third)).toMatchObject({ hash: end.hash, retired: end.retired });
});

it('a machine of another size or with other vCPUs is refused', () => {
  const { store } = checkpointed(smp64(2), 'pml', 5_000);
  const { vm } = machineFor(smp64(3));
  expect(() => resumeCycle(vm, store, 1)).toThrow(/2 vCPUs, the machine 3/);
});
