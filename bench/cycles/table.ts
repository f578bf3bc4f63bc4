// Checkpoint cycles beside raw KVM's, and what a page of a checkpoint costs beside its copy.

import type { FigureTable } from '../harness/benchmark.ts';
import { inChild } from '../harness/child.ts';
import { METHODS, WAYS } from './in-tidemark.ts';
import type { CyclesAnswer, CyclesTask } from './in-tidemark.ts';
import { KVM_METHODS, buildKvmCycles, kvmRate } from './kvm.ts';

const MIB = 128;
const DIRTY = [16, 256, 4096];
const TITLES = { mt: 'MT calls and copies', memory: 'checkpointer, in memory', directory: 'checkpointer, a directory' };

type Rates = Map<string, number[]>;
const add = (rates: Rates, name: string, rate: number): void => void rates.set(name, [...(rates.get(name) ?? []), rate]);
const bestOf = (rates: Rates, name: string): number => Math.max(...(rates.get(name) ?? [Number.NaN]));

/** One round of all: first KVM by each method, then this machine by each way. */
async function round(kvm: string | null, dirty: number, rates: Rates, answers: Map<string, CyclesAnswer[]>): Promise<void> {
  for (const method of kvm === null ? [] : KVM_METHODS) {
    const rate = kvmRate(kvm!, method, dirty, MIB);
    if (rate !== null) add(rates, 'kvm', rate);
  }
  for (const way of WAYS) {
    for (const tracking of METHODS) {
      const answer = await inChild<CyclesAnswer>({ cycles: { way, tracking, mib: MIB, dirty } satisfies CyclesTask });
      add(rates, way, answer.rate);
      answers.set(way, [...(answers.get(way) ?? []), answer]);
    }
  }
}

/** Both tables; the better of the two methods of tracking, and of KVM's three, the best of all rounds. */
export async function cycleTables(rounds: number): Promise<FigureTable[]> {
  const built = buildKvmCycles();
  const kvm = 'path' in built ? built.path : null;
  if ('reason' in built) process.stderr.write(`  cycles: without raw KVM: ${built.reason}\n`);
  const rows: (string | number)[][] = [];
  const costs: (string | number)[][] = [];
  for (const dirty of DIRTY) {
    const rates: Rates = new Map();
    const answers = new Map<string, CyclesAnswer[]>();
    for (let n = 0; n < rounds; n++) await round(kvm, dirty, rates, answers);
    const peer = kvm === null ? '–' : bestOf(rates, 'kvm');
    const cells = WAYS.flatMap((way) => [bestOf(rates, way), kvm === null ? '–' : bestOf(rates, way) / bestOf(rates, 'kvm')]);
    rows.push([`${dirty}`, peer, ...cells]);
    const copying = Math.min(...[...answers.values()].flat().map((one) => one.copying));
    const perPage = WAYS.map((way) => Math.min(...answers.get(way)!.map((one) => one.perPage)));
    costs.push([`${dirty}`, copying, ...perPage.flatMap((cost) => [cost, cost / copying])]);
  }
  const columns = WAYS.flatMap((way) => [TITLES[way], '÷ KVM']);
  const costColumns = WAYS.flatMap((way) => [TITLES[way], '÷ copying']);
  return [
    { title: `Checkpoint cycles a second of processor time, ${MIB} MiB`, columns: ['dirty pages', 'raw KVM', ...columns], rows },
    {
      title: 'Microseconds a page, without the guest',
      columns: ['dirty pages', 'copying', ...costColumns],
      rows: costs,
    },
  ];
}
