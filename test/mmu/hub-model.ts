// The hub against a model of what each consumer must hear: four consumers that arm, stop and start at random, one of them on
// another thread as well, two vCPUs, host-side writes.

import { LinearMemory } from '../../src/base/linear-memory.ts';
import { Access, TlbContext } from '../../src/mmu/access.ts';
import { attachArming } from '../../src/mmu/attach.ts';
import { EPT_D, EPT_SLOT_WRITABLE, EPT_W } from '../../src/mmu/ept-entry.ts';
import type { HubConsumer } from '../../src/mmu/hub-consumer.ts';
import { randomOf } from '../mt/laws/machine.ts';
import { RecordingSink, machine } from './support.ts';
import type { TestMachine } from './support.ts';

export type HubMethod = 'write-protect' | 'pml';

const PAGES = 1024;
/** Pages that are written and armed one by one. */
const USED = 48;

export interface Listener {
  readonly arming: HubConsumer;
  readonly sink: RecordingSink;
}

export function addListener(m: TestMachine): Listener {
  const sink = new RecordingSink();
  return { sink, arming: m.hub.register().connect(sink) };
}

export const storeTo = (m: TestMachine, gfn: number, vcpu = 0): number =>
  m.vcpus[vcpu]!.translate(gfn * 4096, Access.WRITE, TlbContext.SUPERVISOR);

/** While tracking is on, no bit is set for a page that the hardware would not notice, and no page without a bit is noticed. */
export function requireInvariant(m: TestMachine, method: HubMethod): void {
  if (!m.hub.enabled) return;
  m.hub.drainAll();
  const { armed, ept, places } = m.physical.views;
  const bit = method === 'pml' ? EPT_D : EPT_W;
  for (let gfn = 0; gfn < PAGES; gfn++) {
    const leaf = ept.leafOf(gfn);
    const noticed = (leaf & (EPT_SLOT_WRITABLE | bit)) === EPT_SLOT_WRITABLE;
    const marks = armed[places.of(gfn)]!;
    if (noticed !== (marks !== 0)) throw new Error(`page ${gfn}: marks ${marks}, leaf 0x${leaf.toString(16)}`);
  }
}

interface Expected {
  on: boolean;
  readonly armed: Set<number>;
  readonly due: string[];
}

const text = (calls: readonly (readonly (string | number)[])[]): string[] => calls.map((call) => call.join(' ')).sort();

/** Throws where a consumer heard something else than it must. `sabotage` builds a mistake into the machine. */
export function runHubModel(method: HubMethod, seed: number, sabotage: (m: TestMachine) => void = () => {}): void {
  const random = randomOf(seed);
  const m = machine({ method, vcpus: 2 });
  const listeners: Listener[] = [{ arming: m.tracking, sink: m.sink }, addListener(m), addListener(m), addListener(m)];
  const elsewhere = new RecordingSink();
  const attached = attachArming(LinearMemory.attach(m.memory.memory), m.plan, m.shape, method, elsewhere, m.tracking.id);
  const model: Expected[] = listeners.map(() => ({ on: false, armed: new Set(), due: [] }));
  sabotage(m);
  const everything = Array.from({ length: PAGES }, (_, gfn) => gfn);
  for (let step = 1; step <= 3000; step++) {
    const n = random(4);
    const gfn = random(USED);
    const { arming } = listeners[n]!;
    const own = model[n]!;
    const action = random(16);
    if (action < 7) {
      const vcpu = random(2);
      storeTo(m, gfn, vcpu);
      for (const each of model) if (each.armed.delete(gfn)) each.due.push(`${vcpu} ${gfn}`);
    } else if (action === 7) {
      m.physical.fillHost(gfn * 4096, 1, step);
      for (const each of model) if (each.on) each.due.push(`host ${gfn}`);
    } else if (action < 11) {
      arming.rearm([gfn, gfn + 1], 2);
      if (own.on) for (const page of [gfn, gfn + 1]) own.armed.add(page);
    } else if (action === 11) {
      attached.drain(random(2));
    } else if (action === 12) {
      attached.rearm([gfn], 1);
      if (model[0]!.on) model[0]!.armed.add(gfn);
    } else if (action === 13) {
      const count = 1 + random(8);
      arming.disarmRange(gfn, count);
      for (let page = gfn; page < gfn + count; page++) own.armed.delete(page);
    } else if (action === 14 && random(6) === 0) {
      const all = !own.on && random(2) === 0;
      if (own.on) arming.disable();
      else if (all) arming.enable();
      else arming.start();
      own.on = !own.on;
      own.armed.clear();
      if (all) for (const page of everything) own.armed.add(page);
    }
    if (step % 25 !== 0) continue;
    requireInvariant(m, method);
    m.hub.drainAll();
    listeners.forEach(({ sink }, at) => {
      const heard = text([...sink.take(), ...(at === 0 ? elsewhere.take() : [])]);
      const due = model[at]!.due.splice(0).sort();
      if (heard.join() !== due.join()) throw new Error(`step ${step}: consumer ${at} heard [${heard.join(', ')}], due [${due.join(', ')}]`);
    });
  }
}
