// A real machine as the laws want it: `stores` is a guest program that works through a script in its own memory. Store for
// store the test knows what was written, by which vCPU and in which order.

import { enter } from '../../../src/boot/vm-target.ts';
import type { EntryState } from '../../../src/boot/target.ts';
import type { MemoryTracking } from '../../../src/mt/memory-tracking.ts';
import type { MtExit } from '../../../src/mt/types.ts';
import type { VmConfig } from '../../../src/vm/config.ts';
import type { Exit } from '../../../src/vm/exit.ts';
import { Vm } from '../../../src/vm/vm.ts';
import type { LawMachine, Store } from '../../mt/laws/machine.ts';
import { PAGE } from './configurations.ts';
import { CODE, loadCode } from './entry.ts';
import { PageTables } from './page-tables.ts';

/** How the guest's linear addresses reach memory: not at all translated, by 2 MiB pages, or by 4 KiB pages of its own. */
export type Paging = 'none' | 'large' | 'small';
export const PAGINGS: readonly Paging[] = ['none', 'large', 'small'];

/** Each script has pages of its own: two words a store. */
const SCRIPTS = 0x120000;
const SCRIPT_BYTES = 0x10000;
const MAX_STORES = SCRIPT_BYTES / 8;
const TABLES = 0x340000;
const DATA = 0x400000;

/**
 * The same bytes in 32-bit and 64-bit code:
 *   next: lodsd; mov edi, eax; lodsd; stosb; loop next; hlt
 */
const WORK_THROUGH_SCRIPT = [0xad, 0x89, 0xc7, 0xad, 0xaa, 0xe2, 0xf9, 0xf4];

export interface GuestMachineOptions extends Partial<VmConfig> {
  readonly paging?: Paging;
  /** Pages that the laws may write. */
  readonly pages?: number;
}

export class GuestMachine implements LawMachine {
  readonly vm: Vm;
  readonly mt: MemoryTracking;
  readonly vcpus: number;
  readonly gfns: readonly number[];
  /** The guest's page tables, if it has its own. */
  readonly tables: PageTables | null;
  private readonly entry: EntryState;

  constructor({ paging = 'none', pages = 64, vcpus = 1, ...config }: GuestMachineOptions = {}) {
    this.vm = new Vm({ memory: DATA + pages * PAGE, vcpus, ...config });
    this.mt = this.vm.mt;
    this.vcpus = vcpus;
    this.gfns = Array.from({ length: pages }, (_, n) => DATA / PAGE + n);
    const entry = loadCode(this.vm, paging === 'none' ? 32 : 64, WORK_THROUGH_SCRIPT);
    this.tables = paging === 'small' ? new PageTables(this.vm, TABLES) : null;
    this.tables?.mapRange(0, 0, DATA + pages * PAGE);
    this.entry = this.tables ? { ...entry, cr3: this.tables.root } : entry;
    for (let vcpu = 0; vcpu < vcpus; vcpu++) {
      enter(this.vm, this.entry, vcpu);
      this.vm.vcpus[vcpu].activity = 'hlt';
    }
  }

  stores(stores: readonly Store[]): MtExit | null {
    for (let from = 0; from < stores.length; ) {
      const { vcpu } = stores[from];
      let to = from;
      while (to < stores.length && stores[to].vcpu === vcpu && to - from < MAX_STORES) to++;
      const exit = this.run(vcpu, stores.slice(from, to));
      if (exit.kind === 'mt-dirty-trigger' || exit.kind === 'mt-list-full') return exit;
      if (exit.kind !== 'hlt') throw new Error(`the guest left with ${exit.kind}`);
      from = to;
    }
    return null;
  }

  private run(index: number, stores: readonly Store[]): Exit {
    const vcpu = this.vm.vcpus[index];
    const script = SCRIPTS + index * SCRIPT_BYTES;
    const words = stores.flatMap(({ gfn, offset = 0, value = 1 }) => [gfn * PAGE + offset, value]);
    this.vm.writeMemory(script, new Uint8Array(Uint32Array.from(words).buffer));
    vcpu.setRegs({ rip: BigInt(CODE), rsi: BigInt(script), rcx: BigInt(stores.length) });
    vcpu.activity = 'active';
    const { exit } = this.vm.runSlice();
    vcpu.activity = 'hlt';
    return exit;
  }

  hostWrite(gfn: number, offset: number, value: number): void {
    this.vm.writeMemory(gfn * PAGE + offset, Uint8Array.of(value));
  }

  page(gfn: number): Uint8Array {
    return this.vm.page(gfn)!;
  }

  writeMisses(): number {
    return this.vm.counters().writeMisses;
  }
}
