// One processor: its architectural state in the linear memory, and what engines, system helpers and event delivery derive
// from it. Knows no instruction.

import type { LinearMemory } from '../base/linear-memory.ts';
import { Request } from '../base/request.ts';
import { VCPU_STATE, Seg } from '../base/state/vcpu.ts';
import type { VcpuState } from '../base/state/vcpu.ts';
import { viewsOf } from '../base/state/table.ts';
import type { Trace } from '../base/trace.ts';
import { TlbContext } from '../mmu/access.ts';
import type { VcpuMmu } from '../mmu/vcpu-mmu.ts';
import { CodeMode } from './arch/code-mode.ts';
import { DEFAULT_MODEL } from './arch/model.ts';
import type { CpuModel } from './arch/model.ts';
import { codeKeyOf } from './code-key.ts';
import { AC, FlagsRegister, IOPL_SHIFT, VM } from './flags.ts';
import { GuestMemory } from './guest-memory.ts';
import type { CpuHost } from './host.ts';
import { AccessReplay } from './replay.ts';
import { SegmentBounds, isUnbounded, segmentBounds } from './segment-bounds.ts';
import { deriveSegmentEnds } from './segment-ends.ts';
import { ExitSignal, FaultSignal, StallSignal, Vector } from './signals.ts';
import type { Fault } from './signals.ts';
import { X87 } from './x87/x87.ts';

/** CR0, CR4 and EFER bits that decide modes (SDM vol. 3, "Control Registers"). */
export const CR0 = {
  PE: 1n,
  MP: 2n,
  EM: 4n,
  TS: 8n,
  ET: 16n,
  NE: 32n,
  WP: 1n << 16n,
  AM: 1n << 18n,
  NW: 1n << 29n,
  CD: 1n << 30n,
  PG: 1n << 31n,
} as const;
// biome-ignore format: a table
export const CR4 = {
  VME: 1n, PVI: 2n, TSD: 4n, DE: 8n, PSE: 16n, PAE: 32n, MCE: 64n, PGE: 128n, PCE: 256n, OSFXSR: 512n, OSXMMEXCPT: 1024n,
  UMIP: 1n << 11n, LA57: 1n << 12n,
  FSGSBASE: 1n << 16n, PCIDE: 1n << 17n, OSXSAVE: 1n << 18n, SMEP: 1n << 20n, SMAP: 1n << 21n,
} as const;
export const EFER = { SCE: 1n, LME: 1n << 8n, LMA: 1n << 10n, NXE: 1n << 11n } as const;

const PE = Number(CR0.PE);
const AM = Number(CR0.AM);
const LMA = Number(EFER.LMA);

/** Bits of `segAttributes` (see the state table). */
export const SegAttr = {
  TYPE: 15,
  ACCESSED: 1,
  WRITABLE: 2,
  READABLE: 2,
  EXPAND_DOWN: 4,
  CONFORMING: 4,
  CODE: 8,
  S: 16,
  DPL_SHIFT: 5,
  P: 128,
  L: 1 << 13,
  DB: 1 << 14,
  G: 1 << 15,
  UNUSABLE: 1 << 16,
} as const;

export class Cpu {
  readonly state: VcpuState;
  readonly flags: FlagsRegister;
  readonly memory: GuestMemory;
  readonly x87: X87;
  /** Halves of the general registers: low at 2r, high at 2r + 1. */
  readonly gprHalves: Int32Array;
  /** Low halves, at even places, of what `refresh` looks at: no bigint is made for them. */
  private readonly low: Readonly<Record<'cr0' | 'efer' | 'dr' | 'segBase', Uint32Array>>;

  /** RIP of the instruction at hand: a signed canonical number. The state's `rip` is written by `leaveGuest`. */
  rip = 0;
  /** Where execution goes on after the instruction at hand. */
  nextRip = 0;
  /** Instructions left to the engine; `repeat` takes iterations beyond the first from it. */
  remaining = 0;
  /** What the engine was given at its last start, and what it retired in earlier starts since `enterGuest`. */
  private engineLimit = 0;
  private ranBefore = 0;

  // Derived by `refresh` from CS, SS, CR0, EFER and RFLAGS.AC; never written elsewhere.
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
  /** Per segment: bit 0 reads, bit 1 writes need no check (alignment neither), and the base is 0. */
  readonly flat = new Uint8Array(8);
  /** Per segment: the base as a number. In 64-bit mode 0 except FS and GS. */
  readonly base = new Float64Array(8);
  /** Outside 64-bit mode: what each segment permits. */
  readonly bounds = new SegmentBounds();

  /** Data and I/O breakpoints that the instruction at hand met, as B3 to B0 of DR6. */
  breakpointHits = 0;

  readonly fault: Fault = { vector: 0, errorCode: null, linear: 0 };
  readonly faultSignal = new FaultSignal();
  readonly exitSignal = new ExitSignal();
  readonly stallSignal = new StallSignal();
  readonly replay = new AccessReplay();
  /** A software interrupt clears TF before the trap: no single-step #DB after it. */
  suppressTrap = false;
  /** Vectors of the exceptions whose delivery led to shutdown, the last four at most (for the triple-fault report). */
  readonly exceptionChain: Fault[] = [];
  /** Exceptions delivered, by vector. */
  readonly exceptionCounts = new Float64Array(32);

  constructor(
    readonly index: number,
    readonly linear: LinearMemory,
    readonly blockOffset: number,
    readonly mmu: VcpuMmu,
    readonly host: CpuHost,
    readonly trace: Trace,
    readonly model: CpuModel = DEFAULT_MODEL,
  ) {
    this.state = viewsOf(VCPU_STATE, linear, blockOffset);
    this.gprHalves = new Int32Array(linear.memory.buffer, blockOffset + VCPU_STATE.offset.gpr, 32);
    const { cr0, efer, dr, segBase } = this.state;
    const halves = (x: BigUint64Array): Uint32Array => new Uint32Array(x.buffer, x.byteOffset, 2 * x.length);
    this.low = { cr0: halves(cr0), efer: halves(efer), dr: halves(dr), segBase: halves(segBase) };
    this.flags = new FlagsRegister(this.state);
    this.memory = new GuestMemory(this);
    this.x87 = new X87(this.state);
  }

  /** Re-derives mode, CPL, contexts and segment shortcuts; after any change of what they come from. */
  refresh(): void {
    const { segAttributes, segBase, segLimit, rflags } = this.state;
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
    for (let s = 0; s < 6; s++) {
      if (is64) {
        this.base[s] = s < Seg.FS ? 0 : Number(BigInt.asIntN(64, segBase[s]));
        this.flat[s] = this.base[s] === 0 && !checked ? 3 : 0;
      } else {
        this.base[s] = low.segBase[2 * s];
        segmentBounds(bounds, s, segAttributes[s], segLimit[s], hasTypes);
        this.flat[s] = this.base[s] === 0 && !checked && isUnbounded(bounds, s) ? bounds.rights[s] : 0;
      }
    }
    if (!is64) deriveSegmentEnds(this.state, bounds);
    this.state.codeKey[0] = codeKeyOf(this);
  }

  /**
   * Outside 64-bit mode the upper halves of the general registers are not observable, and undefined on return (SDM vol. 1,
   * "General-Purpose Registers in 64-Bit Mode"): they are cleared, and the flags' result word made to fit 32 bits, so that
   * engines may keep both in 32 bits.
   */
  private leave64(): void {
    for (let reg = 0; reg < 8; reg++) this.gprHalves[2 * reg + 1] = 0;
    this.flags.write(this.flags.read());
  }

  get iopl(): number {
    return (this.state.rflags[0] >>> IOPL_SHIFT) & 3;
  }

  /** Raises exception `vector`; never returns. */
  raise(vector: number, errorCode: number | null = null): never {
    this.fault.vector = vector;
    this.fault.errorCode = errorCode;
    throw this.faultSignal;
  }

  /** Raises #PF at `linear` with the error code the walk gave; CR2 is loaded at delivery. */
  raisePageFault(linear: number, errorCode: number): never {
    this.fault.linear = linear;
    return this.raise(Vector.PF, errorCode);
  }

  /** Sets bits of the pending-request word. */
  request(bits: number): void {
    Atomics.or(this.state.request, 0, bits);
  }

  /** After IF, TPR or the activity state changed: have the run loop look for interrupts at the next boundary. */
  noteInterruptWindow(): void {
    this.request(Request.EVENT);
  }

  /** Instructions retired since `enterGuest`, exact at each access that an instruction makes. */
  get progress(): number {
    return this.ranBefore + this.engineLimit - this.remaining;
  }

  /** An engine starts on at most `limit` instructions. */
  startEngine(limit: number): void {
    this.engineLimit = limit;
    this.remaining = limit;
  }

  /** The engine stops; returns what it retired. */
  stopEngine(): number {
    const retired = this.engineLimit - this.remaining;
    this.ranBefore += retired;
    this.engineLimit = 0;
    this.remaining = 0;
    return retired;
  }

  /** Loads the live registers from the state block (entry to guest mode). */
  enterGuest(): void {
    this.rip = Number(BigInt.asIntN(64, this.state.rip[0]));
    this.ranBefore = 0;
    this.replay.forget();
    this.mmu.setControls();
    this.refresh();
  }

  /** Writes the live registers back to the state block. `retired` instructions ran since `enterGuest`. */
  leaveGuest(retired: number): void {
    // Outside 64-bit mode what runs past 4 GiB goes on at 0.
    this.state.rip[0] = BigInt.asUintN(64, BigInt(this.mode === CodeMode.BITS64 ? this.rip : this.rip >>> 0));
    this.state.retired[0] = this.state.retired[0] + BigInt(retired);
    this.ranBefore = 0;
  }
}
