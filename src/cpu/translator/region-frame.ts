// The locals that a region keeps guest state in, and how it is left. Registers and flags are loaded at the entry, and written back
// at one place, the epilogue. Every exit branches there with one word that says where the vCPU is.
//
//   exit word   31:24 flag kind | 23:16 instructions of the block not retired | 15:14 outcome | 13 RIP is in its local
//               12:0 RIP's distance from the start of the page

import { Seg, VCPU_STATE } from '../../base/state/vcpu.ts';
import { CodeMode } from '../builder/insn.ts';
import { codeModeOf, isSegmented, stackWidthOf } from '../code-key.ts';
import { DYNAMIC } from './flag-kinds.ts';
import type { FlagKind } from './flag-kinds.ts';
import type { RegionExtent } from './region-plan.ts';
import { HELPER_SHIFT, Outcome, REGION_TYPE } from './runtime-module.ts';
import { FunctionBody } from './wasm/function-body.ts';
import type { Label } from './wasm/function-body.ts';
import type { MemoryOpName, Type } from './wasm/opcodes.ts';

export const RIP_IN_LOCAL = 1 << 13;
const OUTCOME_SHIFT = 14;
const GIVE_BACK_SHIFT = 16;
const KIND_SHIFT = 24;

const { offset } = VCPU_STATE;

/** Indices of the functions that every region imports; behind them come the quick instructions that it has. */
export const Imported = { TRANSLATE: 0, FLAG_AUX: 1, FLAG_RESULT: 2, COPY_RUN: 3, FILL_RUN: 4, HELPER: 5, HELPER_WITH_FLAGS: 6 } as const;
const FIRST_QUICK = Object.keys(Imported).length;

export class RegionFrame {
  readonly body = new FunctionBody(REGION_TYPE.parameters);
  readonly cpu = 0;
  readonly tlb = 1;
  /** Which of the region's entries it goes on at: a parameter, and set before the root is gone through. */
  readonly entry = 2;
  readonly wordType: Type;
  readonly is64: boolean;
  readonly stackWidth: 2 | 4 | 8;
  /** Bases and limits of segments count. */
  readonly segmented: boolean;
  /** RIP of the page's first byte, i64. Negative if only a later byte is in CS. Without segmentation, the page's linear address. */
  readonly pageBase: number;
  readonly rip: number;
  /** Instructions left after the block at hand. */
  readonly remaining: number;
  readonly flagKind: number;
  readonly flagX: number;
  readonly flagY: number;
  readonly flagR: number;
  readonly flagTop: number;
  readonly exitWord: number;
  private ownHelperSite: number | null = null;
  private readonly registers: (number | undefined)[] = [];
  private readonly dirty = new Set<number>();
  /** Locals for state that does not change while the region runs, by the load that fills them at the entry. */
  private readonly invariants = new Map<string, { readonly local: number; readonly load: MemoryOpName; readonly at: number }>();
  private epilogue: Label = 0;
  /** Names of the quick instructions of the x87 that the region imports. */
  readonly quickInstructions: string[] = [];

  /** `key` as in code-key.ts; `extent` of the region's plan, which matters to segmented code only. */
  constructor(
    key: number,
    readonly extent: RegionExtent,
  ) {
    const { body } = this;
    this.is64 = codeModeOf(key) === CodeMode.BITS64;
    this.stackWidth = stackWidthOf(key);
    this.segmented = isSegmented(key);
    this.wordType = this.is64 ? 'i64' : 'i32';
    this.pageBase = body.local('i64');
    this.rip = body.local('i64');
    this.remaining = body.local('i32');
    this.flagKind = body.local('i32');
    this.flagX = body.local(this.wordType);
    this.flagY = body.local(this.wordType);
    this.flagR = body.local(this.wordType);
    this.flagTop = body.local('i32');
    this.exitWord = body.local('i32');
  }

  /** The local of general register `reg`. */
  register(reg: number): number {
    return (this.registers[reg] ??= this.body.local(this.wordType));
  }

  /** The local of a register that the region changes. */
  changedRegister(reg: number): number {
    this.dirty.add(reg);
    return this.register(reg);
  }

  /** The index of a quick instruction among the imported functions. */
  quickInstruction(name: string): number {
    const known = this.quickInstructions.indexOf(name);
    return FIRST_QUICK + (known >= 0 ? known : this.quickInstructions.push(name) - 1);
  }

  /** The local, 0 unless the region is left for an instruction that a helper executes: then its number plus 1. */
  get helperSite(): number {
    return (this.ownHelperSite ??= this.body.local('i32'));
  }

  private get flagWords(): readonly { readonly local: number; readonly at: number }[] {
    return [
      { local: this.flagX, at: offset.lazyX },
      { local: this.flagY, at: offset.lazyY },
      { local: this.flagR, at: offset.lazyR },
    ];
  }

  /** Puts a flag word on the stack as an i64. */
  pushWide(local: number): void {
    this.body.get(local);
    if (!this.is64) this.body.op('i64.extend_i32_s');
  }

  private invariant(load: MemoryOpName, at: number): number {
    const name = `${load} ${at}`;
    let known = this.invariants.get(name);
    if (known === undefined) {
      known = { local: this.body.local(load === 'i32.load' ? 'i32' : 'i64'), load, at };
      this.invariants.set(name, known);
    }
    return known.local;
  }

  /** The local of a segment's base, i32. */
  segmentBase(segment: number): number {
    return this.invariant('i32.load', offset.segBase + 8 * segment);
  }

  /** The local, i64, of the first offset in a segment that an access may not reach: see segment-ends.ts. */
  segmentEnd(segment: number, write: boolean): number {
    return this.invariant('i64.load32_u', offset[write ? 'segWriteEnd' : 'segReadEnd'] + 4 * segment);
  }

  /** The local of the limit of CS, i64. */
  get codeLimit(): number {
    return this.invariant('i64.load32_u', offset.segLimit + 4 * Seg.CS);
  }

  /** Whether `distance` from the page's start is known to be RIP of a byte within CS, and, where it counts, below 64 KiB. */
  isWithin(distance: number): boolean {
    return !this.segmented || (distance >= this.extent.low && distance < this.extent.high);
  }

  begin(): void {
    this.epilogue = this.body.block();
  }

  /**
   * Leaves the region: RIP at `distance` from the page's start (or in its local), `giveBack` instructions of the block not
   * retired, flags of `kind`.
   */
  exit(outcome: number, distance: number, giveBack: number, kind: FlagKind): void {
    this.body.i32((kind << KIND_SHIFT) | (giveBack << GIVE_BACK_SHIFT) | (outcome << OUTCOME_SHIFT) | distance).set(this.exitWord);
    this.body.br(this.epilogue);
  }

  /** Ends the body with the epilogue, and begins it with the loads of what turned out to be used. */
  finish(): FunctionBody {
    const { body } = this;
    body.op('unreachable').end();
    this.writeBack();
    body.get(this.exitWord).i32(OUTCOME_SHIFT).op('i32.shr_u').i32(3).op('i32.and');
    if (this.ownHelperSite !== null) body.get(this.ownHelperSite).i32(HELPER_SHIFT).op('i32.shl', 'i32.or');
    body.prologue(() => this.load());
    return body;
  }

  private load(): void {
    const { body, cpu } = this;
    if (this.segmented) this.enterSegmented();
    else body.get(cpu).memory('i64.load', offset.rip).i64(-4096n).op('i64.and').set(this.pageBase);
    body.get(cpu).memory('i32.load', offset.budget).set(this.remaining);
    this.loadFlags();
    this.loadRegisters();
  }

  loadFlags(): void {
    const { body, cpu } = this;
    for (const { local, at } of this.flagWords) body.get(cpu).memory(`${this.wordType}.load`, at).set(local);
    body.get(cpu).memory('i32.load', offset.lazyTop).set(this.flagTop);
    body.get(cpu).memory('i32.load', offset.lazyKind).set(this.flagKind);
  }

  /** Loads what the region uses, as far as it is known when this is called. */
  loadRegisters(): void {
    const { body, cpu } = this;
    for (const { local, load, at } of this.invariants.values()) body.get(cpu).memory(load, at).set(local);
    this.registers.forEach((local, reg) => {
      if (local !== undefined)
        body
          .get(cpu)
          .memory(`${this.wordType}.load`, offset.gpr + 8 * reg)
          .set(local);
    });
  }

  /**
   * The same bytes may be reached by other bases of CS, at other values of RIP. If these lie beyond the limit, or on both sides of
   * where RIP wraps, the interpreter goes on.
   */
  private enterSegmented(): void {
    const { body, cpu, pageBase, extent } = this;
    const last = (): void =>
      void body
        .get(pageBase)
        .i64(BigInt(extent.high - 1))
        .op('i64.add');
    // Where RIP lies in the page, by its linear address.
    body.get(cpu).memory('i64.load', offset.rip).tee(pageBase).get(pageBase).op('i32.wrap_i64').get(cpu);
    body
      .memory('i32.load', offset.segBase + 8 * Seg.CS)
      .op('i32.add')
      .i32(0xfff)
      .op('i32.and', 'i64.extend_i32_u', 'i64.sub')
      .set(pageBase);
    body.get(pageBase).i64(BigInt(-extent.low)).op('i64.lt_s');
    last();
    body
      .get(cpu)
      .memory('i64.load32_u', offset.segLimit + 4 * Seg.CS)
      .op('i64.gt_s', 'i32.or');
    if (extent.cutsTo16) {
      last();
      body.i64(0xffffn).op('i64.gt_s', 'i32.or');
    }
    body.if();
    body.i32(Outcome.INTERPRET).op('return').end();
  }

  private writeBack(): void {
    const { body, cpu, exitWord, is64 } = this;
    body.get(exitWord).i32(RIP_IN_LOCAL).op('i32.and', 'i32.eqz').if();
    body.get(this.pageBase).get(exitWord).i32(0x1fff).op('i32.and', 'i64.extend_i32_u', 'i64.add').set(this.rip).end();
    body.get(cpu).get(this.rip);
    if (!is64) body.i64(0xffffffffn).op('i64.and');
    body.memory('i64.store', offset.rip);
    body.get(cpu).get(this.remaining).get(exitWord).i32(GIVE_BACK_SHIFT).op('i32.shr_u').i32(0xff).op('i32.and', 'i32.add');
    body.memory('i32.store', offset.budget);
    this.storeRegisters();
    body.get(exitWord).i32(KIND_SHIFT).op('i32.shr_u').i32(DYNAMIC).op('i32.ne').if();
    body.get(exitWord).i32(KIND_SHIFT).op('i32.shr_u').set(this.flagKind).end();
    this.storeFlags();
  }

  /** Stores what the region changes, as far as it is known when this is called. */
  storeRegisters(): void {
    const { body, cpu } = this;
    for (const reg of this.dirty)
      body
        .get(cpu)
        .get(this.register(reg))
        .memory(`${this.wordType}.store`, offset.gpr + 8 * reg);
  }

  storeFlags(): void {
    const { body, cpu, flagKind } = this;
    for (const { local, at } of this.flagWords) {
      body.get(cpu).get(local);
      // A canonical result word has 64 bits.
      if (!this.is64) body.op('i64.extend_i32_s');
      body.memory('i64.store', at);
    }
    body.get(cpu).get(this.flagTop).memory('i32.store', offset.lazyTop);
    body.get(cpu).get(flagKind).memory('i32.store', offset.lazyKind);
  }
}
