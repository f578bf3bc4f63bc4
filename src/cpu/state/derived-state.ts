// What follows from the registers, and is kept because it is asked for all the time. It is never saved: a restore derives it anew.

import { Seg } from '../../base/state/vcpu.ts';
import { TlbContext } from '../../mmu/access.ts';
import { CodeMode } from '../arch/code-mode.ts';
import { CR0, EFER } from '../arch/control-bits.ts';
import { AC, VM } from '../arch/rflags.ts';
import { SegAttr } from '../arch/segment-attributes.ts';
import { codeKeyOf } from '../code-key.ts';
import { SegmentBounds, isUnbounded, segmentBounds } from '../segment-bounds.ts';
import { deriveSegmentEnd } from '../segment-ends.ts';
import { ArchitecturalState } from './architectural-state.ts';

const PE = Number(CR0.PE);
const AM = Number(CR0.AM);
const LMA = Number(EFER.LMA);

/** The low halves of 64-bit fields, at even places. */
const halves = (x: BigUint64Array): Uint32Array => new Uint32Array(x.buffer, x.byteOffset, 2 * x.length);

export abstract class DerivedState extends ArchitecturalState {
  // `refresh` derives all of these, from the segment registers, CR0, EFER, DR7 and RFLAGS.AC and VM. Nothing else writes them.
  mode: CodeMode = CodeMode.BITS32;
  cpl = 0;
  longMode = false;
  stackSize: 2 | 4 | 8 = 4;
  /** TLB context of ordinary data accesses: 0 supervisor, 1 user, 2 supervisor with SMAP lifted by EFLAGS.AC. */
  dataContext: 0 | 1 | 2 = 0;
  /** TLB context of instruction fetches. */
  fetchContext: 3 | 4 = TlbContext.FETCH_SUPERVISOR;
  /** CPL 3 with CR0.AM and EFLAGS.AC set: misaligned data accesses raise #AC. */
  alignmentCheck = false;
  /** DR7 enables a breakpoint: instructions are executed one by one, and every data access takes the checked path. */
  breakpoints = false;
  /** Per segment: reads (bit 0) and writes (bit 1) need no check, of alignment neither, and the base is 0. */
  readonly flat = new Uint8Array(8);
  /** Per segment: the base as a number. In 64-bit mode 0 except FS and GS. */
  readonly base = new Float64Array(8);
  /** Outside 64-bit mode: what each segment permits. */
  readonly bounds = new SegmentBounds();

  /** What segments and rules were when `flat`, `base`, `bounds` and the ends were derived. No rules are -1. */
  private readonly of = { base: new Uint32Array(12), attributes: new Uint32Array(6), limit: new Uint32Array(6), rules: -1 };

  /** The fields that `refresh` looks at, so that it makes no bigint. */
  private readonly low = {
    cr0: halves(this.state.cr0),
    efer: halves(this.state.efer),
    dr: halves(this.state.dr),
    segBase: halves(this.state.segBase),
  } as const;

  /** As `refresh`, where the state block may have been replaced. */
  refreshAll(): void {
    this.of.rules = -1;
    this.refresh();
  }

  /** Re-derives mode, CPL, contexts and what segments permit. To be called after any change of what they come from. */
  refresh(): void {
    const { segAttributes, segLimit, rflags } = this.state;
    const { low, bounds } = this;
    const was64 = this.mode === CodeMode.BITS64;
    this.longMode = (low.efer[0] & LMA) !== 0;
    const cs = segAttributes[Seg.CS];
    this.mode = this.longMode && cs & SegAttr.L ? CodeMode.BITS64 : cs & SegAttr.DB ? CodeMode.BITS32 : CodeMode.BITS16;
    if (was64 && this.mode !== CodeMode.BITS64) this.leave64();
    const isProtected = (low.cr0[0] & PE) !== 0;
    this.cpl = isProtected ? (segAttributes[Seg.SS] >>> SegAttr.DPL_SHIFT) & 3 : 0;
    this.stackSize = this.mode === CodeMode.BITS64 ? 8 : segAttributes[Seg.SS] & SegAttr.DB ? 4 : 2;
    this.dataContext = this.cpl === 3 ? 1 : rflags[0] & AC ? 2 : 0;
    this.fetchContext = this.cpl === 3 ? TlbContext.FETCH_USER : TlbContext.FETCH_SUPERVISOR;
    this.alignmentCheck = this.cpl === 3 && (rflags[0] & AC) !== 0 && (low.cr0[0] & AM) !== 0;
    this.breakpoints = (low.dr[2 * 7] & 0xff) !== 0;
    const is64 = this.mode === CodeMode.BITS64;
    const hasTypes = isProtected && !(rflags[0] & VM);
    const checked = this.alignmentCheck || this.breakpoints;
    const rules = (is64 ? 1 : 0) | (hasTypes ? 2 : 0) | (checked ? 4 : 0);
    const { of } = this;
    for (let s = 0; s < 6; s++) {
      const sameBase = of.base[2 * s] === low.segBase[2 * s] && of.base[2 * s + 1] === low.segBase[2 * s + 1];
      if (sameBase && of.rules === rules && of.attributes[s] === segAttributes[s] && of.limit[s] === segLimit[s]) continue;
      of.base[2 * s] = low.segBase[2 * s];
      of.base[2 * s + 1] = low.segBase[2 * s + 1];
      of.attributes[s] = segAttributes[s];
      of.limit[s] = segLimit[s];
      if (is64) {
        this.base[s] = s < Seg.FS ? 0 : (low.segBase[2 * s + 1] | 0) * 0x100000000 + low.segBase[2 * s];
        this.flat[s] = this.base[s] === 0 && !checked ? 3 : 0;
      } else {
        this.base[s] = low.segBase[2 * s];
        segmentBounds(bounds, s, segAttributes[s], segLimit[s], hasTypes);
        this.flat[s] = this.base[s] === 0 && !checked && isUnbounded(bounds, s) ? bounds.rights[s] : 0;
        deriveSegmentEnd(this.state, bounds, s);
      }
    }
    of.rules = rules;
    this.state.codeKey[0] = codeKeyOf(this);
  }

  /**
   * Outside 64-bit mode the upper halves of the general registers are not observable, and undefined on return (SDM vol. 1,
   * "General-Purpose Registers in 64-Bit Mode"). They are cleared, and the flags' result word is made to fit 32 bits, so that
   * engines may keep both in 32 bits.
   */
  private leave64(): void {
    for (let reg = 0; reg < 8; reg++) this.gprHalves[2 * reg + 1] = 0;
    this.flags.write(this.flags.read());
  }
}
