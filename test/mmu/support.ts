// Machines of the MMU alone, and guest page tables for them.

import { LinearMemory } from '../../src/base/linear-memory.ts';
import type { DirtySink } from '../../src/base/dirty-sink.ts';
import { planRegions } from '../../src/base/state/regions.ts';
import type { MachineShape, MemoryPlan } from '../../src/base/state/regions.ts';
import { viewsOf } from '../../src/base/state/table.ts';
import { VCPU_STATE } from '../../src/base/state/vcpu.ts';
import type { VcpuState } from '../../src/base/state/vcpu.ts';
import { createMmu } from '../../src/mmu/create.ts';
import type { Mmu } from '../../src/mmu/create.ts';
import type { HubConsumer } from '../../src/mmu/hub-consumer.ts';
import { mmuRegions } from '../../src/mmu/regions.ts';
import type { TrackingMethod } from '../../src/mmu/tracking.ts';

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

export const CR0_PG = 0x80000001n;
export const CR0_WP = 0x10000n;
export const CR4_PSE = 0x10n;
export const CR4_PAE = 0x20n;
export const CR4_PGE = 0x80n;
export const CR4_SMEP = 0x100000n;
export const CR4_SMAP = 0x200000n;
export const EFER_LONG = 0x500n;
export const EFER_NXE = 0x800n;

export interface TestMachine extends Mmu {
  readonly memory: LinearMemory;
  readonly plan: MemoryPlan;
  readonly shape: MachineShape;
  readonly states: readonly VcpuState[];
  readonly sink: RecordingSink;
  /** The arming of the consumer that `sink` is. */
  readonly tracking: HubConsumer;
}

/** Every call, in order: [vcpu, gfn], or ['host', gfn], or ['pml', vcpu, unflushed]. */
export class RecordingSink implements DirtySink {
  readonly calls: (readonly (string | number)[])[] = [];
  guestDirty(vcpu: number, gfn: number): void {
    this.calls.push([vcpu, gfn]);
  }
  hostDirty(gfn: number): void {
    this.calls.push(['host', gfn]);
  }
  pmlAppended(vcpu: number, unflushed: number): void {
    this.calls.push(['pml', vcpu, unflushed]);
  }
  /** What was reported since the last call, without the PML notices. */
  take(): (readonly (string | number)[])[] {
    return this.calls.splice(0).filter((call) => call[0] !== 'pml');
  }
}

interface MachineOptions {
  vcpus?: number;
  ram?: number;
  gfnLimit?: number;
  method?: TrackingMethod;
  slots?: boolean;
}

/** A machine with `ram` bytes of memory as memslot 0 at GPA 0 (unless `slots` is false), paging off. */
export function machine(options: MachineOptions = {}): TestMachine {
  const { vcpus = 1, ram = 4 * MIB, gfnLimit = ram / 4096, method = 'none', slots = true } = options;
  const shape: MachineShape = { vcpus, gfnLimit, ramBytes: ram };
  const plan = planRegions([{ name: 'vcpu', bytes: VCPU_STATE.size * vcpus }, ...mmuRegions(shape)]);
  const memory = LinearMemory.create(plan.total.bytes, false);
  const states = Array.from({ length: vcpus }, (_, i) => viewsOf(VCPU_STATE, memory, plan.vcpu!.offset + i * VCPU_STATE.size));
  const mmu = createMmu(memory, plan, shape, method, states);
  const sink = new RecordingSink();
  const tracking = mmu.hub.register().connect(sink);
  if (slots) mmu.physical.addMemslot({ slot: 0, guestPhysAddr: 0, memorySize: ram });
  return { ...mmu, memory, plan, shape, states, sink, tracking };
}

/** Reads and writes guest-physical memory without any bookkeeping, as an observer would. */
export class Peek {
  constructor(private readonly m: TestMachine) {}
  private at(gpa: number): number {
    const host = this.m.physical.hostOffset(gpa);
    if (host < 0) throw new Error(`no RAM at 0x${gpa.toString(16)}`);
    return host;
  }
  get64(gpa: number): bigint {
    return this.m.memory.view.getBigUint64(this.at(gpa), true);
  }
  set64(gpa: number, value: bigint): void {
    this.m.memory.view.setBigUint64(this.at(gpa), value, true);
  }
  get32(gpa: number): number {
    return this.m.memory.view.getUint32(this.at(gpa), true);
  }
  set32(gpa: number, value: number): void {
    this.m.memory.view.setUint32(this.at(gpa), value, true);
  }
}

export const P = 1n,
  W = 2n,
  U = 4n,
  A = 0x20n,
  D = 0x40n,
  PS = 0x80n,
  G = 0x100n,
  XD = 1n << 63n;

/** 4-level tables. The PML4 is at `root`; further tables are taken from there upward. */
export class LongTables {
  private next: number;
  readonly peek: Peek;
  constructor(
    m: TestMachine,
    readonly root: number,
  ) {
    this.peek = new Peek(m);
    this.next = root + 4096;
  }

  /** GPA of the entry for `linear` at `level` (1: PTE … 4: PML4E), its tables made on the way with `tableBits`. */
  entry(linear: number, level: number, tableBits: bigint = P | W | U): number {
    const address = BigInt.asUintN(48, BigInt(linear));
    let table = this.root;
    for (let l = 4; ; l--) {
      const at = table + Number((address >> BigInt(12 + 9 * (l - 1))) & 511n) * 8;
      if (l === level) return at;
      let entry = this.peek.get64(at);
      if ((entry & P) === 0n) {
        entry = BigInt(this.next) | tableBits;
        this.next += 4096;
        this.peek.set64(at, entry);
      }
      table = Number(entry & 0xffffff000n);
    }
  }

  /** Maps the page of `linear` to `gpa`: level 1 4 KiB, 2 2 MiB, 3 1 GiB. */
  map(linear: number, gpa: number, bits: bigint = P | W | U, level = 1): void {
    this.peek.set64(this.entry(linear, level), BigInt(gpa) | bits | (level > 1 ? PS : 0n));
  }
}

/** Switches vCPU `vcpu` to 4-level paging with the tables at `cr3`. */
export function enableLong(m: TestMachine, cr3: number, options: { vcpu?: number; cr0?: bigint; cr4?: bigint; efer?: bigint } = {}): void {
  const { vcpu = 0, cr0 = CR0_PG | CR0_WP, cr4 = CR4_PAE, efer = EFER_LONG | EFER_NXE } = options;
  const state = m.states[vcpu]!;
  state.cr0[0] = cr0;
  state.cr3[0] = BigInt(cr3);
  state.cr4[0] = cr4;
  state.efer[0] = efer;
  m.vcpus[vcpu]!.setControls();
}

/** The cached EPT leaf by GFN. */
export const leavesOf = (m: TestMachine): number[] =>
  Array.from({ length: m.shape.gfnLimit }, (_, gfn) => m.physical.views.ept.leafOf(gfn));

/** Host offset of GPA, for comparing with a translation. */
export const hostOf = (m: TestMachine, gpa: number): number => m.physical.hostOffset(gpa);
