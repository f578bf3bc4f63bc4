// One vCPU's translation of linear addresses: TLB, the guest's tables, EPT, in this order.
//
// THE INVARIANT everything rests on: a valid writeTag means that a store through it needs no bookkeeping. The guest's D bit is
// set, the first level permits the write in this context, the EPT leaf has W and, with EPT A/D bits on, A and D, and the page
// holds no code. If only this last is not so the tag is guarded: a store through it needs no bookkeeping unless one of its bytes
// is marked as code (code-map.ts). What takes one of these away takes the writeTag too: arming for any consumer, the page's first
// markCode, deletion of a memslot, and every flush. The entry's translation stays, so that the next store redoes only the EPT step.
// It goes only for a reason that the guest itself can see.

import { InternalError } from '../base/errors.ts';
import { PAGE_MASK, PAGE_SIZE } from '../base/paging-units.ts';
import type { VcpuState } from '../base/state/vcpu.ts';
import type { Trace } from '../base/trace.ts';
import { Access, AccessSource, FAULT, MMIO, RIGHTS_OF, TlbContext } from './access.ts';
import type { CodeMap } from './code-map.ts';
import type { DirtyHub } from './dirty-hub.ts';
import { EptAccess } from './ept-walk.ts';
import { GuestWalk } from './guest-walk/guest-walk.ts';
import { loadPdptes } from './guest-walk/pdptes.ts';
import type { PhysicalMemory } from './physical-memory.ts';
import { SecondLevel } from './second-level.ts';
import type { MmuCounters } from './second-level.ts';
import { TAG_GUARDED, TlbInfo } from './tlb-layout.ts';
import type { SavedTlb } from './tlb-save.ts';
import { TlbUndo } from './tlb-undo.ts';
import type { Tlb } from './tlb.ts';

export { Access, FAULT, MMIO, TlbContext };

const TWO_32 = 0x100000000;
const NO_TRACE: Trace = { on: null };
/** Access to EPT's access bits. */
const EPT_ACCESS = [EptAccess.READ, EptAccess.WRITE, EptAccess.FETCH] as const;

export class VcpuMmu {
  readonly tlb: Tlb;
  readonly counters: MmuCounters;
  /** After FAULT: the page-fault error code, and the linear address to load into CR2 (as given). */
  faultError = 0;
  faultLinear = 0;
  /** After MMIO: the guest-physical address. */
  mmioGpa = 0;
  private readonly second: SecondLevel;
  private readonly walk: GuestWalk;
  private readonly code: CodeMap;
  private readonly undo: TlbUndo;

  constructor(
    private readonly physical: PhysicalMemory,
    hub: DirtyHub,
    private readonly state: VcpuState,
    vcpu: number,
    trace: Trace = NO_TRACE,
  ) {
    const tlb = physical.views.tlbs[vcpu];
    if (!tlb) throw new InternalError(`the machine has no vCPU ${vcpu}`);
    this.tlb = tlb;
    this.second = new SecondLevel(physical, hub, vcpu, trace);
    this.counters = this.second.counters;
    this.walk = new GuestWalk(physical.memory.u32, state, this.second);
    this.code = physical.code;
    this.undo = new TlbUndo(tlb);
  }

  /**
   * Takes over CR0, CR3, CR4 and EFER from the state. Flushing as the SDM prescribes is the caller's (flushAll, flushNonGlobal,
   * invlpg); but when bits change that cached permissions were computed from (PG, WP, PSE, PAE, PGE, PCIDE, SMEP, SMAP, LMA,
   * NXE), everything is flushed here, which the SDM allows at any time.
   */
  setControls(): void {
    if (this.walk.controls.reload()) this.tlb.flushAll();
  }

  /**
   * Loads the four PDPTEs from the table at `cr3` into the state (PAE paging; at MOV to CR3, CR0 or CR4). False, with nothing
   * loaded, if a present one has a reserved bit set: the instruction then raises #GP(0).
   */
  loadPdptes(cr3: number): boolean {
    return loadPdptes(this.physical.memory.u32, this.second, cr3, this.state.pdpte);
  }

  /**
   * Host offset of the byte at `linear` for one access that does not cross its page, or MMIO (`mmioGpa` set: the page is not
   * RAM, or a write to a read-only slot), or FAULT (`faultError`, `faultLinear` set). Fills the TLB. After a WRITE the caller
   * may store to the offset, at once, `bytes` bytes (to the page's end unless told). `linear` is canonical. `again`: the caller
   * executes the instruction again if this faults, so a fault leaves the TLB as it was. A fetch, and nothing else, comes under a
   * context of fetches.
   */
  translate(linear: number, access: number, context: number, bytes = PAGE_SIZE - (linear & PAGE_MASK), again = false): number {
    const { tlb } = this;
    const low = (linear & ~PAGE_MASK) >>> 0;
    const high = ((linear - (linear >>> 0)) / TWO_32) >>> 0;
    const index = tlb.locate(low, high, context);
    const tag = access === Access.WRITE ? tlb.writeTag32 : tlb.readTag32;
    if (tag[2 * index] === low && tag[2 * index + 1] === high) return tlb.hostOf(index) + (linear & PAGE_MASK);
    if (access === Access.WRITE && this.isGuarded(index, low, high)) {
      const at = tlb.hostOf(index) + (linear & PAGE_MASK);
      if (!this.code.meets(at, bytes)) return at;
    }
    this.counters.tlbMisses++;
    const { second } = this;
    second.begin();
    if (access === Access.WRITE) {
      this.counters.writeMisses++;
      if ((tlb.info[index]! & TlbInfo.WRITABLE) !== 0 && tlb.holds(index, low, high))
        return this.write(index, tlb.gfnOf(index), linear, bytes);
    }
    const { walk } = this;
    this.counters.guestWalks++;
    if (!walk.translate(low, high | 0, access, RIGHTS_OF[context]!, true)) {
      // A page fault invalidates what is cached for its address (SDM vol. 3, "Operations that Invalidate TLBs …").
      if (!again) tlb.invlpg(linear);
      this.faultError = walk.errorCode;
      this.faultLinear = linear;
      return FAULT;
    }
    const { info } = walk;
    const gfn = second.reached(walk.gfn);
    const host = second.finalPage(gfn, EPT_ACCESS[access]!);
    if (host < 0) return this.mmio(gfn, linear);
    if (again) this.undo.note(index, context);
    tlb.fill(index, low, high, gfn, host, info);
    if (access === Access.WRITE) this.physical.open(gfn, AccessSource.DATA, linear & PAGE_MASK, bytes, host);
    if (context < TlbContext.FETCH_SUPERVISOR) this.grantIfFree(index, gfn);
    return host + (linear & PAGE_MASK);
  }

  /**
   * The same for an instruction that is executed again from its start unless this goes through. Returns the host offset, or -1 for a
   * fault, for a device, and where a request comes up. After -1 the TLB still holds what it held: a second walk could be seen, by the
   * bits that it sets and by what is logged for them.
   */
  attempt(linear: number, access: number, context: number, bytes: number): number {
    this.undo.clear();
    const at = this.translate(linear, access, context, bytes, true);
    if (this.state.request[0] === 0) return at < 0 ? -1 : at;
    this.undo.takeBack();
    return -1;
  }

  /** Whether entry `index` permits stores to the page with this tag, but for those to code. */
  private isGuarded(index: number, low: number, high: number): boolean {
    const { writeTag32 } = this.tlb;
    return writeTag32[2 * index] === (low | TAG_GUARDED) >>> 0 && writeTag32[2 * index + 1] === high;
  }

  /** A write whose translation entry `index` holds: only the EPT step and the door. */
  private write(index: number, gfn: number, linear: number, bytes: number): number {
    const host = this.second.finalPage(gfn, EptAccess.WRITE);
    if (host < 0) return this.mmio(gfn, linear);
    this.physical.open(gfn, AccessSource.DATA, linear & PAGE_MASK, bytes, host);
    this.grantIfFree(index, gfn);
    return host + (linear & PAGE_MASK);
  }

  /** Establishes the invariant's writeTag where it holds, at reads too: later stores then miss no more than they must. */
  private grantIfFree(index: number, gfn: number): void {
    const { tlb } = this;
    if ((tlb.info[index]! & TlbInfo.WRITABLE) === 0 || !this.second.isWriteFree(gfn)) return;
    tlb.grantWrite(index, this.code.hasCode(tlb.hostOf(index)));
  }

  private mmio(gfn: number, linear: number): number {
    this.mmioGpa = gfn * PAGE_SIZE + (linear & PAGE_MASK);
    return MMIO;
  }

  /** GPA that `access` at `linear` under `context` would reach, or -1 if it would fault. No side effects: for debuggers. */
  gpaOf(linear: number, access: number, context: number): number {
    this.second.beginQuery();
    const high = Math.floor(linear / TWO_32) | 0;
    const reached = this.walk.translate(linear >>> 0, high, access, RIGHTS_OF[context]!, false);
    return reached ? this.second.reached(this.walk.gfn) * PAGE_SIZE + (linear & PAGE_MASK) : -1;
  }

  /** Every translation; e.g. CR0.PG or CR4.PGE changed, INVPCID type 2. */
  flushAll(): void {
    this.tlb.flushAll();
  }

  /** All but global translations: MOV to CR3, INVPCID types 1 and 3. Entries of other PCIDs are never kept. */
  flushNonGlobal(): void {
    this.tlb.flushNonGlobal();
  }

  /** Translations of the page of `linear`. */
  invlpg(linear: number): void {
    this.tlb.invlpg(linear);
  }

  /** The TLB as plain data, part of a vCPU's checkpoint. */
  saveTlb(): SavedTlb {
    return this.tlb.save();
  }

  /** Call after the registers and the memslots are restored: takes the controls over, then the TLB's contents. */
  restoreTlb(saved: SavedTlb): void {
    this.setControls();
    this.tlb.restore(saved, this.physical.views.ept);
  }
}
