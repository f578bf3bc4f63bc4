// The translator's builder: the instruction's meaning as WebAssembly. This part decides where execution goes on: conditions,
// control transfers, repetition, exceptions, division. An exception leaves the region as any other slow path does.

import type { Builder } from '../builder/builder.ts';
import type { PairHelper, SystemHelper } from '../builder/helpers.ts';
import { Rep } from '../builder/insn.ts';
import type { Insn, Size } from '../builder/insn.ts';
import { Seg, VCPU_STATE } from '../../base/state/vcpu.ts';
import { CR0, CR4 } from '../arch/control-bits.ts';
import { EXCEPTIONS } from '../arch/x87-status.ts';
import { BETWEEN_ITERATIONS } from '../interrupted-repeat.ts';
import { Repeated } from '../builder/repeated.ts';
import { quickOf } from '../x87/quick-forms.ts';
import type { Quick } from '../x87/quick-forms.ts';
import { FormBits } from '../x87/quick/form.ts';
import { OperandBuilder } from './operand-builder.ts';
import type { Site } from './register-builder.ts';
import { Outcome } from './runtime-module.ts';
import { Val } from './value.ts';
import type { Emitted } from './value.ts';
import type { OpName } from './wasm/opcodes.ts';

const RCX = 1;
const RSI = 6;
const RDI = 7;
const { offset } = VCPU_STATE;

/** How the instruction at hand leaves its block; emitted after its other effects. */
export type Terminator =
  | { readonly kind: 'next' }
  | { readonly kind: 'jump' }
  | { readonly kind: 'branch'; readonly condition: Val }
  | { readonly kind: 'indirect'; readonly target: Val };

export class WasmBuilder extends OperandBuilder implements Builder<Emitted> {
  terminator: Terminator = { kind: 'next' };

  override beginInstruction(insn: Insn, site: Site): void {
    super.beginInstruction(insn, site);
    this.terminator = { kind: 'next' };
  }

  when(c: Val, body: () => void): void {
    const before = this.flags.known;
    this.push(c).if();
    body();
    const after = this.flags.known;
    if (after.kind === before.kind && after.plain === before.plain && after.owed === before.owed) {
      this.body.end();
      return;
    }
    this.flags.spillKind();
    this.body.else();
    this.flags.known = before;
    this.flags.spillKind();
    this.body.end();
    this.flags.enterDynamic();
  }

  // ── control ─────────────────────────────────────────────────────────────────────────────────────────────────────
  nextIp(size: Size): Val {
    this.body
      .get(this.frame.pageBase)
      .i64(BigInt(this.site.distance + this.insn.length))
      .op('i64.add');
    return this.truncate(size, this.pop('i64'));
  }

  jumpRelative(i: Insn): void {
    this.checkRelative(i);
    this.terminator = { kind: 'jump' };
  }

  branchRelative(i: Insn, condition: Val): void {
    const beyond = this.beyondLimit(i);
    if (beyond) this.interpretWhen(this.andC(condition, beyond));
    this.terminator = { kind: 'branch', condition };
  }

  checkRelative(i: Insn): void {
    const beyond = this.beyondLimit(i);
    if (beyond) this.interpretWhen(beyond);
  }

  /**
   * Whether the relative target is beyond the limit of CS; null if it is known not to be. Targets within the region never are. Without
   * segmentation no target is: regions are made only where every relative target is canonical.
   */
  private beyondLimit({ displacement, length, stackSize }: Insn): Val | null {
    const { frame, body } = this;
    const distance = this.site.distance + length + displacement;
    if (frame.isWithin(distance)) return null;
    body
      .get(frame.pageBase)
      .i64(BigInt(distance))
      .op('i64.add')
      .i64(stackSize === 2 ? 0xffffn : 0xffffffffn)
      .op('i64.and');
    body.get(frame.codeLimit).op('i64.gt_u');
    return this.pop('i32');
  }

  jump(size: Size, target: Val): void {
    this.checkTarget(size, target);
    this.terminator = { kind: 'indirect', target };
  }

  /** Not canonical, or beyond the limit of CS: the interpreter raises the exception. */
  checkTarget(size: Size, target: Val): void {
    const { frame } = this;
    if (size === 8) this.push(target).i64(47n).op('i64.shr_s').i64(1n).op('i64.add').i64(1n).op('i64.gt_u');
    else if (frame.segmented) this.push(target, 'i64').get(frame.codeLimit).op('i64.gt_u');
    else return;
    this.interpretWhen(this.pop('i32'));
  }

  repeat(i: Insn, body: () => Val | void, kind: Repeated = Repeated.ANY): void {
    if (i.rep === Rep.NONE) {
      body();
      return;
    }
    const code = this.body;
    // Flags at the head of the loop are those before it or those of an iteration.
    this.flags.spillKind();
    this.flags.enterDynamic();
    const done = code.block();
    this.push(this.isZero(this.readRegister(i.addressSize, RCX))).brIf(done);
    const again = code.loop();
    const many = this.canRun(i, kind) ? this.manyIterations(i, kind) : false;
    const zero = body();
    this.writeRegister(i.addressSize, RCX, this.sub(i.addressSize, this.readRegister(i.addressSize, RCX), this.constant(i.addressSize, 1)));
    if (many) code.end();
    this.flags.spillKind();
    this.flags.enterDynamic();
    if (zero) this.push(i.rep === Rep.REP ? this.notC(zero) : zero).brIf(done);
    this.push(this.isZero(this.readRegister(i.addressSize, RCX))).brIf(done);
    this.iterationBoundary();
    code.br(again).end().end();
  }

  /** Whether iterations may be done at once: addresses do not wrap but at a page's end, and meet no segment's end. */
  private canRun(i: Insn, kind: Repeated): boolean {
    const plain = this.isPlain(Seg.ES) && (kind !== Repeated.COPY || this.isPlain(i.src.address.segment));
    return kind !== Repeated.ANY && plain && i.addressSize === (this.frame.is64 ? 8 : 4);
  }

  /** Does iterations at once. Opens the alternative, which is one iteration by itself. */
  private manyIterations(i: Insn, kind: Repeated): true {
    const { body, frame, site, temporaries } = this;
    const size = i.addressSize;
    const count = temporaries.take('i32');
    const advance = (reg: number, by: Val): void => this.writeRegister(size, reg, this.add(size, this.readRegister(size, reg), by));
    // Of the budget's, the first is paid for.
    body.get(frame.remaining).i32(site.left).op('i32.add').set(count);
    const left = Val.local('i32', count);
    const fewer = this.lessUnsigned(size, this.readRegister(size, RCX), size === 8 ? this.zeroExtend(left) : left);
    this.push(this.truncate(4, this.readRegister(size, RCX)));
    body.get(count);
    this.push(fewer).op('select').i32(0);
    this.push(this.isZero(this.flags.direction())).op('select').set(count);
    this.stringRun(i, kind, count);
    body.tee(count).if();
    body.get(frame.remaining).get(count).op('i32.sub').i32(1).op('i32.add').set(frame.remaining);
    const bytes = this.shl(4, left, this.constant(1, Math.log2(i.size)));
    advance(RDI, size === 8 ? this.zeroExtend(bytes) : bytes);
    if (kind === Repeated.COPY) advance(RSI, size === 8 ? this.zeroExtend(bytes) : bytes);
    const done = this.sub(size, this.readRegister(size, RCX), size === 8 ? this.zeroExtend(left) : left);
    this.writeRegister(size, RCX, done);
    body.else();
    return true;
  }

  /** An i32 as an i64. */
  private zeroExtend(x: Val): Val {
    this.push(x, 'i64');
    return this.pop('i64');
  }

  /** The next iteration is an instruction of its own: it needs budget, and comes after what a request asks for. */
  private iterationBoundary(): void {
    const { body, frame, site } = this;
    const rest = site.left - 1;
    body.get(frame.remaining).i32(-rest).op('i32.le_s').get(frame.cpu).memory('i32.load', offset.request).op('i32.or').if();
    body
      .get(frame.cpu)
      .get(frame.cpu)
      .memory('i32.load', offset.interruptibility)
      .i32(BETWEEN_ITERATIONS)
      .op('i32.or')
      .memory('i32.store', offset.interruptibility);
    frame.exit(Outcome.STOP, site.distance, rest, this.flags.exitKind());
    body.end();
    body.get(frame.remaining).i32(1).op('i32.sub').set(frame.remaining);
  }

  // ── exceptions ──────────────────────────────────────────────────────────────────────────────────────────────────
  raise(): void {
    this.interpret();
  }

  raiseWhen(c: Val): void {
    this.interpretWhen(c);
  }

  divideUnsigned(size: Size, high: Val, low: Val, divisor: Val): readonly [Val, Val] {
    // The quotient fits exactly when high < divisor; that also refuses divisor 0. 128-bit dividends are the interpreter's.
    this.interpretWhen(this.notC(this.lessUnsigned(size, high, divisor)));
    if (size === 8) {
      this.interpretWhen(this.notC(this.isZero(high)));
      return this.divide(size, 'u', low, divisor);
    }
    return this.divide(size, 'u', this.dividend(size, high, low), divisor);
  }

  divideSigned(size: Size, high: Val, low: Val, divisor: Val): readonly [Val, Val] {
    // The interpreter divides by 0 and -1, where WebAssembly's division may trap.
    this.interpretWhen(this.lessUnsigned(size, this.add(size, divisor, this.constant(size, 1)), this.constant(size, 2)));
    if (size === 8) {
      this.interpretWhen(this.notC(this.equal(high, this.sar(8, low, this.constant(1, 63)))));
      return this.divide(8, 's', low, divisor);
    }
    return this.divide(size, 's', this.dividend(size, this.signExtend(size, 8, high), low), this.signExtend(size, 8, divisor));
  }

  /** high:low as an i64. */
  private dividend(size: Size, high: Val, low: Val): Val {
    this.push(high, 'i64')
      .i64(BigInt(8 * size))
      .op('i64.shl');
    this.push(low, 'i64').op('i64.or');
    return this.pop('i64');
  }

  private divide(size: Size, sign: 's' | 'u', dividend: Val, divisor: Val): readonly [Val, Val] {
    const compute = (name: 'div' | 'rem'): Val => {
      this.push(dividend, 'i64');
      this.push(divisor, 'i64');
      this.body.op(`i64.${name}_${sign}` as OpName);
      return this.pop('i64');
    };
    const quotient = compute('div');
    if (sign === 's' && size !== 8) this.interpretWhen(this.notC(this.equal(quotient, this.signExtend(size, 8, quotient))));
    return [this.truncate(size, quotient), this.truncate(size, compute('rem'))];
  }

  /** Virtual time when the budget will be used up, less what is left of it at this instruction. */
  timeStamp(): readonly [Val, Val] {
    const { body, frame, site } = this;
    // With CR4.TSD set it depends on CPL: the interpreter's.
    body.get(frame.cpu).memory('i32.load', offset.cr4).i32(Number(CR4.TSD)).op('i32.and').if();
    this.interpret();
    body.end();
    body.get(frame.cpu).memory('i64.load', offset.budgetEnd);
    body.get(frame.remaining).i32(site.left).op('i32.add', 'i64.extend_i32_s', 'i64.sub');
    body.get(frame.cpu).memory('i64.load', offset.tscOffset).op('i64.add');
    const time = this.pop('i64');
    return [this.truncate(4, time), this.truncate(4, this.shr(8, time, this.constant(1, 32)))];
  }

  /** Helpers without a quick instruction do not come here: instructions that ask for one are not translated, as the survey says. */
  system(helper: SystemHelper, i: Insn, x?: Val, y?: Val): Val {
    const quick = quickOf(helper, i)!;
    if (quick.kind === 'implied') {
      if (quick.form & (1 << FormBits.MEMORY)) this.x87Gate();
      return this.constant(4, 0);
    }
    const answer = this.callQuick(quick, x, y);
    if (quick.kind === 'operation') this.interpretWhen(this.isZero(answer));
    return answer;
  }

  /** Before an operand in memory is looked for, which may fill the TLB: what quick instructions ask for themselves. */
  private x87Gate(): void {
    const { body, cpu } = this.frame;
    body.get(cpu).memory('i32.load', offset.fsw).get(cpu).memory('i32.load', offset.fcw).i32(-1).op('i32.xor', 'i32.and');
    body.i32(EXCEPTIONS).op('i32.and');
    body
      .get(cpu)
      .memory('i32.load', offset.cr0)
      .i32(Number(CR0.EM | CR0.TS))
      .op('i32.and', 'i32.or');
    this.interpretWhen(this.pop('i32'));
  }

  systemPair(helper: PairHelper, i: Insn): readonly [Val, Val] {
    const outcome = this.callQuick(quickOf(helper, i)!);
    this.interpretWhen(this.isZero(outcome));
    this.body.get(this.frame.cpu).memory('i64.load', offset.x87Value);
    return [this.pop('i64'), outcome];
  }

  private callQuick({ name, form }: Quick, x?: Val, y?: Val): Val {
    const { body, frame, site } = this;
    body.get(frame.cpu).i32(form).get(frame.pageBase).i64(BigInt(site.distance)).op('i64.add');
    if (!frame.is64) body.i64(0xffffffffn).op('i64.and');
    for (const operand of [x, y]) {
      if (operand === undefined) body.i64(0n);
      else this.push(operand, 'i64');
    }
    body.call(frame.quickInstruction(name));
    return this.pop('i32');
  }
}
