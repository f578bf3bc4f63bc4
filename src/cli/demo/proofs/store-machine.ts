// A machine whose guest only stores where it is told, and a copy of its memory that is made of what tracking reports. So a proof says
// store for store what happens.

import { long64 } from '../../../boot/entry-state.ts';
import { placeIdentityMap } from '../../../boot/identity-map.ts';
import { Placement } from '../../../boot/placement.ts';
import { bootTarget, enter } from '../../../boot/vm-target.ts';
import { PAGE_SIZE } from '../../../base/paging-units.ts';
import { MtEnable, MtOp } from '../../../mt/abi.ts';
import type { Exit } from '../../../vm/exit.ts';
import type { Board } from '../../../machine/board.ts';
import { createPc } from '../../../machine/pc.ts';
import type { VmConfig } from '../../../vm/config.ts';
import type { Vm } from '../../../vm/vm.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** next: mov [rdi], eax; add rdi, rdx; loop next; hlt, in 64-bit code. */
const STORE_LOOP = [0x89, 0x07, 0x48, 0x01, 0xd7, 0xe2, 0xf9, 0xf4];
const CODE = 0x100000;
const STACK = 0x8000;
/** Where a proof may store. */
export const DATA = 4 * MIB;
/** A memslot that comes and goes, above what any other part of the address space takes. */
export const EXTRA = { slot: 7, guestPhysAddr: 4 * GIB, memorySize: 16 * PAGE_SIZE } as const;
export const EXTRA_PAGES: readonly number[] = Array.from({ length: 16 }, (_, n) => EXTRA.guestPhysAddr / PAGE_SIZE + n);

/** Which machine a proof is to use: method, engine, and what is built into it. */
export type ProofConfig = Pick<VmConfig, 'tracking' | 'engine' | 'wrap'>;

export interface StoreOptions {
  readonly vcpu?: number;
  readonly value?: number;
  /** Stores of four bytes, and the bytes from one to the next. */
  readonly count?: number;
  readonly stride?: number;
}

export class StoreMachine {
  readonly vm: Vm;
  readonly board: Board;
  private readonly copy = new Map<number, Uint8Array>();
  private readonly root: number;

  /** All memory that is there is mapped to itself. Every vCPU sleeps. Accesses to what is not there are exits. */
  constructor(config: ProofConfig, vcpus = 1) {
    const memory = { memory: 8 * MIB, spareMemory: EXTRA.memorySize, gpaLimit: 4 * GIB + EXTRA.memorySize };
    const { vm, board } = createPc({ ...config, ...memory, vcpus, unclaimed: 'exit' });
    this.vm = vm;
    this.board = board;
    this.vm.setUserMemoryRegion(EXTRA);
    const target = bootTarget(this.vm);
    const placement = new Placement('proof', target);
    placement.claim('code', CODE, STORE_LOOP.length);
    placement.fill(CODE, Uint8Array.from(STORE_LOOP), STORE_LOOP.length);
    this.root = placeIdentityMap(placement, target);
    const entry = long64(placement, CODE, this.root, { rsp: STACK });
    for (const vcpu of this.vm.vcpus) {
      enter(this.vm, entry, vcpu.index);
      vcpu.activity = 'hlt';
    }
  }

  get mt() {
    return this.vm.mt;
  }

  /** Tracking on, in a first cycle, with a copy of all memory. */
  track(): this {
    this.mt.initMt({ op: MtOp.INIT, maxDirty: 0xffffffff });
    this.mt.enableMt(MtEnable.ON);
    this.mt.prepareMtCp(1n);
    for (const gfn of this.pages()) this.take([gfn]);
    return this;
  }

  /** Lets the guest store; returns how that ended. */
  store(linear: number, options: StoreOptions = {}): Exit['kind'] {
    this.prepare(linear, options);
    return this.run(options.vcpu).kind;
  }

  /** Sets the guest up to store once it runs. */
  prepare(linear: number, { vcpu = 0, value = 1, count = 1, stride = PAGE_SIZE }: StoreOptions = {}): void {
    const regs = { rip: CODE, rdi: linear, rdx: stride, rcx: count, rax: value };
    this.vm.vcpus[vcpu]!.setRegs(Object.fromEntries(Object.entries(regs).map(([name, word]) => [name, BigInt(word)])));
  }

  /** Runs vCPU `vcpu` from where it is until it halts. */
  run(vcpu = 0): Exit {
    const handle = this.vm.vcpus[vcpu]!;
    handle.activity = 'active';
    const { exit } = this.vm.runSlice(1_000_000);
    handle.activity = 'hlt';
    return exit;
  }

  /** Fetches everything and copies it; returns the page numbers. */
  fetch({ rearm = false } = {}): number[] {
    const gfns = [...this.mt.fetchSublist({ count: 0x7fffffff, rearm }).gfns];
    this.take(gfns);
    return gfns;
  }

  /** Ends the cycle, after which the copy should be complete. Returns what is wrong with it, or null. */
  end(): string | null {
    this.mt.mtVmQuiesced();
    this.fetch();
    const lost = this.pages().find((gfn) => Buffer.compare(this.vm.page(gfn)!, this.copy.get(gfn)!) !== 0);
    return lost === undefined ? null : `page ${lost} (0x${lost.toString(16)}) changed and was not reported`;
  }

  /** From now on the page directory maps the 2 MiB at `linear`, below 1 GiB, to the 2 MiB at `gpa`. */
  mapLarge(linear: number, gpa: number): void {
    const entry = (table: number, index: number): number => Number(this.quad(table + 8 * index) & ~0xfffn);
    const directory = entry(entry(this.root, 0), 0);
    this.vm.writeMemory(directory + 8 * (linear / (2 * MIB)), new Uint8Array(BigUint64Array.of(BigInt(gpa + 0x83)).buffer));
    this.vm.vcpus[0]!.setSregs({ cr3: BigInt(this.root) });
  }

  private quad(gpa: number): bigint {
    return new BigUint64Array(this.vm.readMemory(gpa, 8).buffer)[0]!;
  }

  private take(gfns: Iterable<number>): void {
    for (const gfn of gfns) {
      const page = this.vm.page(gfn);
      if (page) this.copy.set(gfn, new Uint8Array(page));
    }
  }

  private pages(): number[] {
    return this.vm.memslots.flatMap(({ guestPhysAddr, memorySize }) =>
      Array.from({ length: memorySize / PAGE_SIZE }, (_, n) => guestPhysAddr / PAGE_SIZE + n),
    );
  }
}
