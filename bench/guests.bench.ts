// Guest instructions per second on the checksum guests: each engine, 32 and 64 bits, and the npm package v86 on the same
// 32-bit images. A round is one run from the guest's `start` line to its end, translation included.

import type { Benchmark, Subject } from './harness/benchmark.ts';
import { checkoutRoot, loadGuest } from './support/guest.ts';
import { startInV86 } from './support/v86.ts';
import type { PeerRun } from './support/v86.ts';
import type { Vm } from '../src/vm/vm.ts';

const APPEND = 'scale=16';
type EngineName = 'interpreter' | 'translator' | 'auto';

function ours(engine: EngineName, image: string): Subject {
  let vm: Vm;
  return {
    name: `${engine}, ${image}`,
    prepare() {
      vm = loadGuest(checkoutRoot(), image, APPEND, { engine });
    },
    run() {
      let retired = 0;
      for (;;) {
        const result = vm.runSlice(10_000_000);
        retired += result.retired;
        if (result.exit.kind !== 'limit') return retired;
      }
    },
  };
}

function peer(image: string): Subject {
  let run: PeerRun | null = null;
  return {
    name: `v86, ${image}`,
    async prepare() {
      await run?.close();
      run = await startInV86(image, APPEND);
    },
    run: () => run!.finish(),
  };
}

export default {
  description: 'checksum guests: guest instructions per second, from the start of the guest to its end',
  comparisons: () =>
    ['sieve', 'sort', 'sha256'].map((name) => ({
      title: name,
      unit: 'instructions',
      subjects: [
        peer(`${name}/${name}-32.elf`),
        ours('auto', `${name}/${name}-32.elf`),
        ours('auto', `${name}/${name}-64.elf`),
        ours('interpreter', `${name}/${name}-32.elf`),
        ours('interpreter', `${name}/${name}-64.elf`),
      ],
    })),
} satisfies Benchmark;
