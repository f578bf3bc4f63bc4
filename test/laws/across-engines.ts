// The laws across engines: what tracking reports does not depend on what executes the guest. Same cycles, same lists in the
// same order, same bytes and the same state of the machine at each cycle's end.

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { loadImage } from '../../src/boot/image.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { Checkpointer } from '../../src/checkpoint/checkpointer.ts';
import { MemoryStore } from '../../src/checkpoint/memory-store.ts';
import { createPc } from '../../src/machine/pc.ts';
import { ENGINES } from '../../src/vm/config.ts';

const MIB = 1024 ** 2;
const GUESTS = new URL('../../guests/', import.meta.url);

interface Run {
  readonly cycles: readonly unknown[];
  readonly serial: string;
}

/** Every cycle of a run: its number, end, retired instructions, pages in order, hash of memory, and the machine's state. */
function run(image: string, append: string, tracking: 'pml' | 'write-protect', engine: (typeof ENGINES)[number]): Run {
  let serial = '';
  const { vm } = createPc({
    memory: 16 * MIB,
    tracking,
    engine,
    serial: (byte) => {
      serial += String.fromCharCode(byte);
    },
  });
  loadImage(image, new Uint8Array(readFileSync(new URL(image, GUESTS))), bootTarget(vm), { append });
  const store = new MemoryStore();
  const checkpointer = new Checkpointer(vm, store, { dirtyTrigger: 24, maxDirty: 1000, instructions: 300_000, hash: true });
  checkpointer.start();
  const cycles: unknown[] = [];
  for (;;) {
    const { cpid, exit, retired, gfns } = checkpointer.cycle();
    const { state, hash } = store.delta(cpid);
    cycles.push({ cpid, exit, retired, gfns, hash, state });
    if (exit.kind === 'hlt') return { cycles, serial };
  }
}

const IMAGES = [
  ['dirtier/dirtier-64.elf', 'pages=120 iterations=10 rate=64'],
  ['dirtier/dirtier-32.elf', 'pages=120 iterations=10 rate=64'],
  ['kernel64/kernel64.elf', 'hz=10000'],
] as const;
const cases = (['pml', 'write-protect'] as const).flatMap((tracking, t) =>
  IMAGES.map(([image, append], n) => ({ tracking, image, append, turn: image.startsWith('kernel64') ? 1 : (t + n) % 2 })),
);

/** Defines the tests of every second case, from the first or the second on; the kernel's are the second's. */
export function describeEngines(first: 0 | 1): void {
  it.each(cases.filter(({ turn }) => turn === first))(
    'by $tracking, $image: every engine gives the same cycles, lists, bytes and states',
    ({ tracking, image, append }) => {
      const [one, ...others] = ENGINES.map((engine) => run(image, append, tracking, engine));
      expect(one!.cycles.length).toBeGreaterThan(3);
      for (const other of others) expect(other).toEqual(one);
    },
  );
}
