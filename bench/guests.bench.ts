// Guest instructions per second of each engine on the checksum guests. The work of a round is a slice of a run that starts
// anew when it has ended.

import type { Benchmark, Comparison } from './harness/benchmark.ts';
import { checkoutRoot, loadGuest } from './support/guest.ts';
import type { Vm } from '../src/vm/vm.ts';

const SLICE = 2_000_000;

function subject(image: string): Comparison['subjects'][number] {
  const start = (): Vm => loadGuest(checkoutRoot(), image, 'scale=4');
  let vm = start();
  return {
    name: `interpreter ${image}`,
    prepare() {
      if (vm.vcpus[0]!.halted) vm = start();
    },
    run: () => vm.runSlice(SLICE).retired,
  };
}

export default {
  description: 'checksum guests: guest instructions per second (guests/sieve, sort, sha256 in 32 and 64 bits)',
  comparisons: () => ['sieve', 'sort', 'sha256'].map((name) => ({
    title: name,
    unit: 'instructions',
    subjects: [subject(`${name}/${name}-32.elf`), subject(`${name}/${name}-64.elf`)],
  })),
} satisfies Benchmark;
