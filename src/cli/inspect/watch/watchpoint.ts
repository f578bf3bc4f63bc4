// Sees every store to some bytes of guest memory, whoever makes it. The bytes are marked as code, so that no write tag permits a store
// to them, and each comes through the write door (mmu/physical-memory.ts), which says who writes and where. The marks stay, whatever
// the engine thinks of them. The guest notices nothing of it: what is code shows in no register and takes no time.

import { INTERNALS } from '../../../base/internals.ts';
import { PAGE_MASK, PAGE_SIZE } from '../../../base/paging-units.ts';
import type { TraceEvents } from '../../../base/trace.ts';
import { CodeMode } from '../../../cpu/arch/code-mode.ts';
import type { Cpu } from '../../../cpu/cpu.ts';
import { codeOf, MAX_LENGTH } from '../../../debug/code-at.ts';
import { AccessSource } from '../../../mmu/access.ts';
import { around } from '../../../vm/seams.ts';
import type { MachineSeams } from '../../../vm/seams.ts';
import type { Vm } from '../../../vm/vm.ts';
import { GuestTables } from '../guest-tables.ts';
import { pagesOf } from '../views/memory.ts';
import type { Range } from '../views/memory.ts';
import type { Site, Store, StoredBy } from './store.ts';

/** A store that came through the door. */
interface Hit {
  by: StoredBy;
  readonly site: Site | null;
  readonly ticks: number;
  readonly before: Uint8Array;
  after: Uint8Array | null;
}

export class Watchpoint {
  private vm: Vm | null = null;
  private tables: readonly GuestTables[] = [];
  private isArmed = false;
  /** The vCPU in guest mode. */
  private current: Cpu | null = null;
  /** Only asks whether a store would fault. */
  private isProbing = false;
  /** Stores since the last boundary at which the machine stopped. */
  private hits: Hit[] = [];
  /** Hits before this one are of the instruction, those from it on of the delivery of the fault that it raised. */
  private delivered = 0;

  constructor(private readonly range: Range) {}

  /** To be built into the machine. Its engine is the interpreter, which knows RIP at each access. */
  readonly wrap = ({ parts: { physical, cpus } }: MachineSeams): void => {
    around(physical, 'open', (original) => (...args) => {
      const [gfn, source, from, bytes] = args;
      if (this.isArmed && !this.isProbing && this.overlaps(gfn * PAGE_SIZE + from, bytes)) this.hit(source);
      return original(...args);
    });
    const keepMarks =
      <A extends unknown[]>(original: (...args: A) => void) =>
      (...args: A): void => {
        original(...args);
        if (this.isArmed) this.mark();
      };
    around(physical.code, 'unmark', keepMarks);
    around(physical.code, 'clear', keepMarks);
    for (const cpu of cpus) this.follow(cpu);
  };

  private follow(cpu: Cpu): void {
    around(cpu, 'enterGuest', (original) => () => {
      this.current = cpu;
      original();
    });
    around(cpu, 'leaveGuest', (original) => (retired) => {
      this.current = null;
      original(retired);
    });
    around(cpu, 'raise', (original) => (...args) => {
      this.raised();
      return original(...args);
    });
    around(cpu.memory, 'probe', (original) => (...args) => {
      this.isProbing = true;
      try {
        original(...args);
      } finally {
        this.isProbing = false;
      }
    });
  }

  /** Begins to watch `vm`, with which `wrap` was built, as it is now. Takes the machine's trace. */
  arm(vm: Vm): void {
    this.vm = vm;
    this.tables = vm.vcpus.map((_, n) => new GuestTables(vm, n));
    this.hits = [];
    this.delivered = 0;
    vm.trace.on = <K extends keyof TraceEvents>(name: K, event: TraceEvents[K]): void => {
      if (name === 'interrupt' || name === 'exception') this.deliveredEvent(name, (event as TraceEvents['interrupt']).vector);
    };
    this.isArmed = true;
    const { physical } = vm[INTERNALS].parts;
    for (const { at, length } of pagesOf(this.range.start, this.range.length)) {
      physical.markCode(Math.floor(at / PAGE_SIZE), at & PAGE_MASK, (at & PAGE_MASK) + length);
    }
    // Whatever TLBs have got from a restored state.
    for (const tlb of physical.views.tlbs) tlb.writeSlots.dropEverything();
  }

  /** Until it is armed again. */
  disarm(): void {
    this.isArmed = false;
  }

  /** The watched bytes as they are. */
  bytes(): Uint8Array {
    return this.vm![INTERNALS].parts.physical.readHost(this.range.start, this.range.length);
  }

  /** The stores since the last call, between two slices. The machine stops right after each instruction that makes one. */
  take(): Store[] {
    this.settle();
    const { hits } = this;
    this.hits = [];
    this.delivered = 0;
    // Firmware asks for the guest's rights to a page before it writes there itself.
    const byHost = hits.some(({ by }) => by.kind === 'host');
    const real = byHost ? hits.filter((hit) => hit.by.kind !== 'instruction' || isChange(hit)) : hits;
    return merged(real);
  }

  private overlaps(gpa: number, bytes: number): boolean {
    const { start, length } = this.range;
    return gpa < start + length && start < gpa + bytes;
  }

  private mark(): void {
    const { physical } = this.vm![INTERNALS].parts;
    for (const { at, length } of pagesOf(this.range.start, this.range.length)) physical.code.mark(physical.hostOffset(at), length);
  }

  private hit(source: AccessSource): void {
    this.settle();
    const vm = this.vm!;
    const { current } = this;
    const kind = source === AccessSource.HOST ? 'host' : source === AccessSource.WALK ? 'walk' : 'instruction';
    this.hits.push({
      by: { kind },
      site: current && this.siteOf(current),
      ticks: vm.clock.now(),
      before: this.bytes(),
      after: null,
    });
    if (vm[INTERNALS].parts.lock.guestMode > 0) vm.kick();
  }

  /** What the last hit left behind. */
  private settle(): void {
    const last = this.hits.at(-1);
    if (last) last.after ??= this.bytes();
  }

  /** What the instruction at hand, or a delivery, was about to store is not stored. */
  private raised(): void {
    this.settle();
    this.hits = [...this.hits.slice(0, this.delivered), ...this.hits.slice(this.delivered).filter(isChange)];
    this.delivered = this.hits.length;
  }

  /** An event has reached its handler: the stores since it came up are those of its frame. */
  private deliveredEvent(kind: 'interrupt' | 'exception', vector: number): void {
    for (const hit of this.hits.slice(this.delivered)) if (hit.by.kind === 'instruction') hit.by = { kind, vector };
  }

  private siteOf(cpu: Cpu): Site {
    const rip = BigInt(cpu.mode === CodeMode.BITS64 ? cpu.rip : cpu.rip >>> 0);
    // A walk of its own: the processor may be in the middle of one.
    const tables = this.tables[cpu.index]!;
    const code = codeOf(this.vm!, cpu, rip, MAX_LENGTH, (linear) => tables.look(linear).gpa ?? -1);
    return {
      vcpu: cpu.index,
      cs: code.cs,
      rip: code.rip,
      linear: code.linear,
      retired: cpu.state.retired[0] + BigInt(cpu.progress),
      code: code.bytes,
      bitness: code.bits,
    };
  }
}

const isChange = ({ before, after }: Hit): boolean => Buffer.compare(before, after!) !== 0;

const sameOrigin = (a: Hit, b: Hit): boolean => originOf(a) === originOf(b);
const originOf = ({ by, site }: Hit): string => `${by.kind} ${'vector' in by ? by.vector : ''} ${site?.vcpu ?? ''}`;

/** Of stores that follow one another in one instruction and by one origin, one. */
function merged(hits: readonly Hit[]): Store[] {
  const stores: Store[] = [];
  let last: Hit | null = null;
  for (const hit of hits) {
    const store: Store = { ...hit, after: hit.after! };
    if (last !== null && sameOrigin(last, hit)) stores[stores.length - 1] = { ...stores.at(-1)!, after: store.after };
    else stores.push(store);
    last = hit;
  }
  return stores;
}
