// The first level: a linear address through the guest's own page tables, in whichever paging mode is on. Reads entries and
// judges rights; sets A and D only when asked to, after success.

import type { VcpuState } from '../../base/state/vcpu.ts';
import { Access, TlbContext } from '../access.ts';
import type { SecondLevel } from '../second-level.ts';
import { TlbInfo } from '../tlb-layout.ts';
import { PTE_D, PTE_G, PTE_U, PTE_W, PTE_XD, PageFault } from './entry.ts';
import { FOUND, RESERVED } from './outcome.ts';
import { PagingControls, PagingMode } from './paging-mode.ts';
import { rightsOf } from './rights.ts';
import { WalkState } from './walk-state.ts';
import { walkTables } from './walk-tables.ts';

const NO_PAGING_INFO = TlbInfo.READABLE | TlbInfo.WRITABLE | TlbInfo.EXECUTABLE | (12 << TlbInfo.SHIFT);
/** By access: the right it needs. */
const NEEDED = [TlbInfo.READABLE, TlbInfo.WRITABLE, TlbInfo.EXECUTABLE] as const;

export class GuestWalk {
  readonly controls: PagingControls;
  /** After success: the frame of the page. */
  gfn = 0;
  /** After success: the TlbInfo of an entry for this page and context. */
  info = 0;
  /** After failure: the page-fault error code. */
  errorCode = 0;
  private readonly walk: WalkState;
  private readonly pdpte: Uint32Array;

  constructor(u32: Uint32Array, state: VcpuState, second: SecondLevel) {
    this.controls = new PagingControls(state);
    this.walk = new WalkState(u32, second);
    this.pdpte = new Uint32Array(state.pdpte.buffer, state.pdpte.byteOffset, 8);
  }

  /**
   * Translates `linear` (low half; `high` is its sign-extended upper half) for `access` under `context`; `setFlags`: also set
   * A and D. False on a page fault.
   */
  translate(linear: number, high: number, access: number, context: number, setFlags: boolean): boolean {
    const { walk, controls } = this;
    const { mode } = controls;
    if (mode === PagingMode.NONE) {
      this.gfn = linear >>> 12;
      this.info = NO_PAGING_INFO;
      return true;
    }
    walk.begin();
    const outcome = walkTables(walk, controls, this.pdpte, linear, high);
    if (outcome !== FOUND) return this.fault(outcome === RESERVED ? PageFault.P | PageFault.RSVD : 0, access, context);

    const all = walk.allLow;
    const rights = rightsOf(controls, (all & PTE_U) !== 0, (all & PTE_W) !== 0, (walk.anyHigh & PTE_XD) !== 0, context);
    if ((rights & NEEDED[access]!) === 0) return this.fault(PageFault.P, access, context);

    if (setFlags) walk.commit(access === Access.WRITE);
    const leaf = walk.low;
    // D unset and this no write: the next store has to walk again to set it.
    const clean = access !== Access.WRITE && (leaf & PTE_D) === 0;
    this.gfn = walk.gfn;
    const global = controls.pge && (leaf & PTE_G) !== 0 ? TlbInfo.GLOBAL : 0;
    this.info = (clean ? rights & ~TlbInfo.WRITABLE : rights) | global | (walk.shift << TlbInfo.SHIFT);
    return true;
  }

  private fault(flags: number, access: number, context: number): false {
    this.errorCode =
      flags |
      (access === Access.WRITE ? PageFault.W : 0) |
      (context === TlbContext.USER ? PageFault.U : 0) |
      (access === Access.FETCH && this.controls.reportsFetch ? PageFault.I : 0);
    return false;
  }
}
