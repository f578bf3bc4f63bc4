// The locals that a region keeps guest state in, and how it is left. Registers and flags are loaded at the entry and written
// back at one place, the epilogue, to which every exit branches with one word that says where the vCPU is.
//
//   exit word   31:24 flag kind | 23:16 instructions of the block not retired | 15:14 outcome | 13 RIP is in its local
//               12:0 RIP's distance from the start of the page

import { VCPU_STATE } from '../../base/state/vcpu.ts';
import { CANONICAL, DYNAMIC } from './flag-kinds.ts';
import type { FlagKind } from './flag-kinds.ts';
import { REGION_TYPE } from './runtime-module.ts';
import { FunctionBody } from './wasm/function-body.ts';
import type { Label } from './wasm/function-body.ts';
import type { Type } from './wasm/opcodes.ts';

export const RIP_IN_LOCAL = 1 << 13;
const OUTCOME_SHIFT = 14, GIVE_BACK_SHIFT = 16, KIND_SHIFT = 24;

const { offset } = VCPU_STATE;

/** Indices of the functions that a region imports. */
export const Imported = { TRANSLATE: 0, FLAG_AUX: 1, FLAG_RESULT: 2 } as const;

export class RegionFrame {
  readonly body = new FunctionBody(REGION_TYPE.parameters);
  readonly cpu = 0;
  readonly tlb = 1;
  readonly wordType: Type;
  /** Linear address of the page, i64. */
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
  private readonly registers: (number | undefined)[] = [];
  private readonly dirty = new Set<number>();
  private epilogue: Label = 0;

  constructor(readonly is64: boolean) {
    const { body } = this;
    this.wordType = is64 ? 'i64' : 'i32';
    this.pageBase = body.local('i64');
    this.rip = body.local('i64');
    this.remaining = body.local('i32');
    this.flagKind = body.local('i32');
    this.flagX = body.local('i64');
    this.flagY = body.local('i64');
    this.flagR = body.local('i64');
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

  /** Ends the body: the epilogue, and before everything the loads of what turned out to be used. */
  finish(): FunctionBody {
    const { body } = this;
    body.op('unreachable').end();
    this.writeBack();
    body.get(this.exitWord).i32(OUTCOME_SHIFT).op('i32.shr_u').i32(3).op('i32.and');
    body.prologue(() => this.load());
    return body;
  }

  private load(): void {
    const { body, cpu } = this;
    body.get(cpu).memory('i64.load', offset.rip).i64(-4096n).op('i64.and').set(this.pageBase);
    body.get(cpu).memory('i32.load', offset.budget).set(this.remaining);
    body.get(cpu).memory('i64.load32_u', offset.flagAux).set(this.flagX);
    body.get(cpu).memory('i64.load', offset.flagResult).set(this.flagR);
    body.i32(CANONICAL).set(this.flagKind);
    this.registers.forEach((local, reg) => {
      if (local !== undefined) body.get(cpu).memory(`${this.wordType}.load`, offset.gpr + 8 * reg).set(local);
    });
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
    for (const reg of this.dirty) body.get(cpu).get(this.register(reg)).memory(`${this.wordType}.store`, offset.gpr + 8 * reg);
    this.writeBackFlags();
  }

  private writeBackFlags(): void {
    const { body, cpu, exitWord, flagKind } = this;
    body.get(exitWord).i32(KIND_SHIFT).op('i32.shr_u').i32(DYNAMIC).op('i32.ne').if();
    body.get(exitWord).i32(KIND_SHIFT).op('i32.shr_u').set(flagKind).end();
    body.get(cpu).get(flagKind).get(this.flagX).get(this.flagY).get(this.flagR).get(this.flagTop).call(Imported.FLAG_AUX);
    body.memory('i32.store', offset.flagAux);
    body.get(cpu).get(flagKind).get(this.flagR).call(Imported.FLAG_RESULT).memory('i64.store', offset.flagResult);
  }
}
