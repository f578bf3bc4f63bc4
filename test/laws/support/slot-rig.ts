// A machine with a memslot that comes and goes, and what is done to it.

import { INTERNALS } from '../../../src/base/internals.ts';
import type { Exit } from '../../../src/vm/exit.ts';
import type { Configuration } from './configurations.ts';
import { MIB, PAGE } from './configurations.ts';
import { GuestMachine } from './guest-machine.ts';

const PAGES = 16;
const HLT = 0xf4;
const NOP = 0x90;

export class SlotRig {
  readonly machine: GuestMachine;
  readonly slot = { slot: 7, guestPhysAddr: 8 * MIB, memorySize: PAGES * PAGE };
  readonly first = (8 * MIB) / PAGE;
  readonly vcpus: readonly number[];
  /** The slot's page numbers. */
  readonly gfns = Array.from({ length: PAGES }, (_, n) => this.first + n);

  constructor({ engine, tracking, vcpus }: Omit<Configuration, 'tracking'> & { tracking: Configuration['tracking'] | 'none' }) {
    this.machine = new GuestMachine({
      engine,
      tracking,
      vcpus,
      pages: 4,
      spareMemory: 4 * PAGES * PAGE,
      gpaLimit: 16 * MIB,
      verify: tracking !== 'none',
    });
    this.vcpus = Array.from({ length: vcpus }, (_, n) => n);
    this.add();
  }

  get vm() {
    return this.machine.vm;
  }

  get mt() {
    return this.machine.mt;
  }

  add(change: { guestPhysAddr?: number; readonly?: boolean; slot?: number } = {}): void {
    this.vm.setUserMemoryRegion({ ...this.slot, ...change });
  }

  remove(slot = this.slot.slot): void {
    this.vm.setUserMemoryRegion({ ...this.slot, slot, memorySize: 0 });
  }

  /** Tracking on, in a first cycle with nothing left over. */
  track(): this {
    this.mt.initMt({ op: 1, maxDirty: 0xffffffff });
    this.mt.enableMt(1);
    this.mt.prepareMtCp(0n);
    return this;
  }

  /** Page `n` of the slot is written by `vcpu`. */
  store(vcpu: number, n: number, value = 1): void {
    this.machine.stores([{ vcpu, gfn: this.first + n, value }]);
  }

  /** Every vCPU stores to pages of its own, and caches their translations: page v of vCPU v. */
  storeEverywhere(value = 1): void {
    for (const vcpu of this.vcpus) this.store(vcpu, vcpu, value);
  }

  /** How a store of `vcpu` to page `n` ends: `stored`, or the exit's kind. */
  tryStore(vcpu: number, n: number): string {
    try {
      this.store(vcpu, n, 0x55);
      return 'stored';
    } catch (error) {
      return (error as Error).message.replace('the guest left with ', '');
    }
  }

  /** Puts code at the slot's start: `nops` that do nothing, and HLT. */
  placeCode(nops: number): void {
    this.vm.writeMemory(this.slot.guestPhysAddr, Uint8Array.of(...Array<number>(nops).fill(NOP), HLT));
  }

  /** Runs the code at the slot's start on `vcpu`: instructions that it took, or the exit's kind. */
  execute(vcpu: number): number | Exit['kind'] {
    this.vm.vcpus[vcpu].setRegs({ rip: BigInt(this.slot.guestPhysAddr) });
    this.vm.vcpus[vcpu].activity = 'active';
    const { exit, retired } = this.vm.runSlice(1000);
    this.vm.vcpus[vcpu].activity = 'hlt';
    return exit.kind === 'hlt' ? retired : exit.kind;
  }

  byte(n: number, offset = 0): number {
    return this.vm.readMemory((this.first + n) * PAGE + offset, 1)[0];
  }

  /** Everything that waits, as page numbers within the slot; of other pages, those that the laws may write, as they are. */
  fetch({ rearm = false } = {}): number[] {
    const known = new Set(this.machine.gfns);
    const gfns = [...this.mt.fetchSublist({ count: 0x7fffffff, rearm }).gfns];
    return gfns.filter((gfn) => gfn >= this.first || known.has(gfn)).map((gfn) => (gfn >= this.first ? gfn - this.first : gfn));
  }

  /** What the hardware notices while no slice runs: a store that a debugger makes in the name of `vcpu`. */
  storeOutsideOfSlices(vcpu: number, n: number): void {
    const at = this.vm[INTERNALS].cpus[vcpu].mmu.translate((this.first + n) * PAGE, 1, 0);
    this.vm[INTERNALS].memory.u8[at] = 0x5a;
  }
}
