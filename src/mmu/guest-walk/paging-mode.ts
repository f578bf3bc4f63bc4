// What CR0, CR3, CR4 and EFER mean for the walk (SDM vol. 3, "Paging Modes and Control Bits").

import type { VcpuState } from '../../base/state/vcpu.ts';

export const PagingMode = { NONE: 0, BITS32: 1, PAE: 2, LONG: 3 } as const;
export type PagingMode = (typeof PagingMode)[keyof typeof PagingMode];

const CR0_WP = 0x10000;
const CR0_PG = 0x80000000;
const CR4_PSE = 0x10;
const CR4_PAE = 0x20;
const CR4_PGE = 0x80;
const CR4_PCIDE = 0x20000;
const CR4_SMEP = 0x100000;
const CR4_SMAP = 0x200000;
const EFER_LMA = 0x400;
const EFER_NXE = 0x800;

const CR0_MASK = CR0_WP | CR0_PG;
const CR4_MASK = CR4_PSE | CR4_PAE | CR4_PGE | CR4_PCIDE | CR4_SMEP | CR4_SMAP;
const EFER_MASK = EFER_LMA | EFER_NXE;

export class PagingControls {
  mode: PagingMode = PagingMode.NONE;
  wp = false;
  pse = false;
  smep = false;
  smap = false;
  nxe = false;
  pge = false;
  /** The I flag of error codes is in use. */
  reportsFetch = false;
  /** Frame of the top table: PML4, or page directory with 32-bit paging. Not used with PAE paging: see `pdpte`. */
  rootFrame = 0;
  private readonly cr0: Uint32Array;
  private readonly cr3: Uint32Array;
  private readonly cr4: Uint32Array;
  private readonly efer: Uint32Array;
  private lastCr0 = 0;
  private lastCr4 = 0;
  private lastEfer = 0;

  constructor(state: VcpuState) {
    const halves = (view: BigUint64Array): Uint32Array => new Uint32Array(view.buffer, view.byteOffset, 2);
    this.cr0 = halves(state.cr0);
    this.cr3 = halves(state.cr3);
    this.cr4 = halves(state.cr4);
    this.efer = halves(state.efer);
  }

  /** Takes over the registers. True when bits changed that cached permissions were computed from. */
  reload(): boolean {
    const cr0 = this.cr0[0]! & CR0_MASK;
    const cr4 = this.cr4[0]! & CR4_MASK;
    const efer = this.efer[0]! & EFER_MASK;
    this.rootFrame = ((this.cr3[1]! & 0xff) << 20) | (this.cr3[0]! >>> 12);
    if (cr0 === this.lastCr0 && cr4 === this.lastCr4 && efer === this.lastEfer) return false;
    this.lastCr0 = cr0;
    this.lastCr4 = cr4;
    this.lastEfer = efer;
    this.wp = (cr0 & CR0_WP) !== 0;
    this.pse = (cr4 & CR4_PSE) !== 0;
    this.smep = (cr4 & CR4_SMEP) !== 0;
    this.smap = (cr4 & CR4_SMAP) !== 0;
    this.pge = (cr4 & CR4_PGE) !== 0;
    this.nxe = (efer & EFER_NXE) !== 0;
    const paging = (cr0 & CR0_PG) !== 0;
    const pae = (cr4 & CR4_PAE) !== 0;
    this.mode = !paging ? PagingMode.NONE : !pae ? PagingMode.BITS32 : efer & EFER_LMA ? PagingMode.LONG : PagingMode.PAE;
    this.reportsFetch = this.smep || (pae && this.nxe);
    return true;
  }
}
