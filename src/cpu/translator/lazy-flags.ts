// The flags of the translator's builder. An arithmetic instruction copies its operands and result to the flag locals; a flag is
// computed where it is read. See flag-kinds.ts.

import type { Flags } from '../builder/builder.ts';
import type { Size } from '../builder/insn.ts';
import { DF } from '../arch/rflags.ts';
import { AUX_ADJUST, AUX_PARITY_SHIFT } from '../flags.ts';
import { VCPU_STATE } from '../../base/state/vcpu.ts';
import { CANONICAL, DYNAMIC, FlagOp, OVERRIDE, flagKind, opOf, sizeOf } from './flag-kinds.ts';
import type { FlagKind } from './flag-kinds.ts';
import { InternalError } from '../../base/errors.ts';
import { Imported } from './region-frame.ts';
import { OlderFlags } from './older-flags.ts';
import type { RegionFrame } from './region-frame.ts';
import { Val, typeOf } from './value.ts';
import type { Emitted } from './value.ts';
import type { ValueBuilder } from './value-builder.ts';

export interface KnownFlags {
  readonly kind: FlagKind;
  readonly plain: boolean;
  readonly owed: boolean;
}

export class LazyFlags implements Flags<Emitted> {
  /** Kind of the flags at the point of emission, or DYNAMIC. */
  kind: FlagKind = CANONICAL;
  /** The result is the sum or difference of just these operands, with no carry or borrow in: comparisons need no carries. */
  private plain = false;
  /**
   * INC or DEC of flags of unknown kind: word y, the CF that stays, is computed only when it is asked for. Mostly it never is, and
   * the copies made for it cost nothing.
   */
  private owed = false;
  private readonly older: OlderFlags;

  constructor(
    private readonly frame: RegionFrame,
    private readonly values: ValueBuilder,
  ) {
    this.older = new OlderFlags(frame, values);
  }

  /** What is known of the flags here, to be taken up again on another path. */
  get known(): KnownFlags {
    return { kind: this.kind, plain: this.plain, owed: this.owed };
  }

  set known({ kind, plain, owed }: KnownFlags) {
    this.kind = kind;
    this.plain = plain;
    this.owed = owed;
  }

  /** The kind to leave the region with. Emits what the flag words still lack; the code behind goes on as if it had not been emitted. */
  exitKind(): FlagKind {
    if (this.owed) this.older.carryToY();
    return this.kind;
  }

  /** Paths with different kinds meet behind this point: the local says which it is. */
  spillKind(): void {
    this.settle();
    if (this.kind !== DYNAMIC) this.values.body.i32(this.kind).set(this.frame.flagKind);
  }

  enterDynamic(): void {
    this.kind = DYNAMIC;
    this.plain = false;
    this.owed = false;
  }

  // ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────
  private record(op: FlagOp, size: Size, x: Val | null, y: Val | null, result: Val): void {
    const { frame, values } = this;
    if (x) values.push(x, 'i64').set(frame.flagX);
    if (y) values.push(y, 'i64').set(frame.flagY);
    values.push(result, 'i64').set(frame.flagR);
    this.kind = flagKind(op, size);
    this.plain = false;
    this.owed = false;
  }

  add(size: Size, x: Val, y: Val, sum: Val): void {
    this.record(FlagOp.ADD, size, x, y, sum);
    this.plain = sum.origin?.op === 'add' && sum.origin.x === x && sum.origin.y === y;
  }

  sub(size: Size, x: Val, y: Val, difference: Val): void {
    this.record(FlagOp.SUB, size, x, y, difference);
    this.plain = difference.origin?.op === 'sub' && difference.origin.x === x && difference.origin.y === y;
  }

  inc(size: Size, x: Val, result: Val): void {
    this.step(FlagOp.INC, size, x, result);
  }

  dec(size: Size, x: Val, result: Val): void {
    this.step(FlagOp.DEC, size, x, result);
  }

  private step(op: FlagOp, size: Size, x: Val, result: Val): void {
    if (this.kind === DYNAMIC) this.keepOlder();
    const { owed } = this;
    const carry = owed ? null : this.carry();
    this.record(op, size, x, carry, result);
    this.owed = owed;
  }

  logic(size: Size, result: Val): void {
    this.record(FlagOp.LOGIC, size, null, null, result);
  }

  result(size: Size, result: Val, cf: Val, of: Val, af: Val): void {
    const { frame, values } = this;
    this.pushTop(cf, of);
    values.push(af).i32(Math.log2(AUX_ADJUST)).op('i32.shl', 'i32.or', 'i64.extend_i32_u').set(frame.flagX);
    values.push(size === 8 ? result : values.signExtend(size, 8, result), 'i64').set(frame.flagR);
    this.kind = CANONICAL;
    this.plain = false;
    this.owed = false;
  }

  /** Bits 31 and 30 of an aux word with this carry and overflow. */
  private pushTop(carry: Val, overflow: Val): void {
    const { values } = this;
    values.push(carry).i32(31).op('i32.shl');
    values.push(values.xorC(carry, overflow)).i32(30).op('i32.shl', 'i32.or');
  }

  /** CF and OF are these; the others stay what they were. */
  private setTop(carry: Val, overflow: Val): void {
    this.pushTop(carry, overflow);
    this.values.body.set(this.frame.flagTop);
    this.kind |= OVERRIDE;
    this.owed = false;
  }

  setCarry(c: Val): void {
    this.setTop(c, this.overflow());
  }

  setOverflow(c: Val): void {
    this.setTop(this.carry(), c);
  }

  private get overridden(): boolean {
    return this.kind !== DYNAMIC && (this.kind & OVERRIDE) !== 0;
  }

  /** Bit `bit` of the override. */
  private topBit(bit: number): Val {
    this.values.body.get(this.frame.flagTop);
    return this.values.bitAt(this.values.pop('i32'), bit);
  }

  // ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────
  /** Makes the flag locals the two canonical words. */
  canonicalise(): void {
    if (this.kind === CANONICAL) return;
    this.settle();
    const { frame, values } = this;
    const { body } = values;
    const pushKind = (): void => void (this.kind === DYNAMIC ? body.get(frame.flagKind) : body.i32(this.kind));
    pushKind();
    body.get(frame.flagX).get(frame.flagY).get(frame.flagR).get(frame.flagTop).call(Imported.FLAG_AUX);
    body.op('i64.extend_i32_u').set(frame.flagX);
    pushKind();
    body.get(frame.flagR).call(Imported.FLAG_RESULT).set(frame.flagR);
    this.kind = CANONICAL;
  }

  private local(local: number): Val {
    this.values.body.get(local);
    return this.values.pop('i64');
  }

  /** A flag local as a value of the kind's size. */
  private word(local: number): Val {
    const wide = this.local(local);
    const size = sizeOf(this.kind);
    return size === 8 ? wide : this.narrow(wide);
  }

  private narrow(x: Val): Val {
    this.values.push(x, 'i32');
    return this.values.pop('i32');
  }

  /** Bit `bit` of the canonical aux word. */
  private auxBit(bit: number): Val {
    return this.values.bitAt(this.narrow(this.local(this.frame.flagX)), bit);
  }

  carry(): Val {
    const { frame, values } = this;
    if (this.kind === DYNAMIC) this.canonicalise();
    this.settle();
    if (this.overridden) return this.topBit(31);
    const size = sizeOf(this.kind);
    switch (opOf(this.kind)) {
      case FlagOp.CANONICAL:
        return this.auxBit(31);
      case FlagOp.LOGIC:
        return values.never();
      case FlagOp.INC:
      case FlagOp.DEC:
        return this.narrow(this.local(frame.flagY));
      case FlagOp.ADD:
        if (this.plain) return values.lessUnsigned(size, this.word(frame.flagR), this.word(frame.flagX));
        return values.signBit(size, this.carries());
      default:
        if (this.plain) return values.lessUnsigned(size, this.word(frame.flagX), this.word(frame.flagY));
        return values.signBit(size, this.carries());
    }
  }

  /** Keeps the flag words, of whatever kind, for the CF of an INC or DEC. */
  private keepOlder(): void {
    this.older.keep();
    this.owed = true;
  }

  private settle(): void {
    if (!this.owed) return;
    this.older.carryToY();
    this.owed = false;
  }

  /** The carry vector of an addition or subtraction. */
  private carries(): Val {
    const { frame, values } = this;
    const size = sizeOf(this.kind);
    const x = this.word(frame.flagX);
    const y = this.word(frame.flagY);
    const r = this.word(frame.flagR);
    if (opOf(this.kind) === FlagOp.ADD) return values.or(values.and(x, y), values.and(values.or(x, y), values.not(size, r)));
    const inverse = values.not(size, x);
    return values.or(values.and(inverse, y), values.and(values.or(inverse, y), r));
  }

  overflow(): Val {
    const { frame, values } = this;
    if (this.kind === DYNAMIC) this.canonicalise();
    if (this.overridden) return values.xorC(this.topBit(31), this.topBit(30));
    const size = sizeOf(this.kind);
    const lowest = 1n << BigInt(8 * size - 1);
    const isLowest = (local: number): Val => values.equal(this.word(local), Val.constant(typeOf(size), lowest));
    switch (opOf(this.kind)) {
      case FlagOp.CANONICAL:
        return values.xorC(this.auxBit(31), this.auxBit(30));
      case FlagOp.LOGIC:
        return values.never();
      case FlagOp.INC:
        return isLowest(frame.flagR);
      case FlagOp.DEC:
        return isLowest(frame.flagX);
      default: {
        // The operands' signs (of y inverted, for a subtraction) are equal and the result's differs.
        const x = this.word(frame.flagX);
        const y = this.word(frame.flagY);
        const r = this.word(frame.flagR);
        const differs = values.xor(x, opOf(this.kind) === FlagOp.ADD ? r : y);
        return values.signBit(size, values.and(differs, values.xor(opOf(this.kind) === FlagOp.ADD ? y : x, r)));
      }
    }
  }

  /** Whatever the kind, its word r is 0 exactly when ZF is set. */
  zero(): Val {
    if (this.kind === DYNAMIC) return this.values.isZero(this.local(this.frame.flagR));
    return this.values.isZero(this.word(this.frame.flagR));
  }

  sign(): Val {
    if (this.kind === DYNAMIC) this.canonicalise();
    const sign = this.values.signBit(sizeOf(this.kind), this.word(this.frame.flagR));
    return opOf(this.kind) === FlagOp.CANONICAL ? this.values.xorC(sign, this.auxBit(0)) : sign;
  }

  parity(): Val {
    const { values, frame } = this;
    if (this.kind === DYNAMIC) this.canonicalise();
    const low = this.narrow(this.local(frame.flagR));
    const byte =
      opOf(this.kind) === FlagOp.CANONICAL
        ? values.xor(low, values.shr(4, this.narrow(this.local(frame.flagX)), Val.constant('i32', 8n)))
        : low;
    values
      .push(values.and(byte, Val.constant('i32', 0xffn)))
      .op('i32.popcnt')
      .i32(1)
      .op('i32.and', 'i32.eqz');
    return values.pop('i32');
  }

  condition(cc: number): Val {
    const { values } = this;
    const positive = this.positiveCondition(cc >> 1);
    return cc & 1 ? values.notC(positive) : positive;
  }

  private positiveCondition(tt: number): Val {
    const { values } = this;
    if (tt === 2) return this.zero();
    // One canonicalisation for both flags of a condition.
    if (this.kind === DYNAMIC) this.canonicalise();
    switch (tt) {
      case 0:
        return this.overflow();
      case 1:
        return this.carry();
      case 3:
        return this.belowOrEqual();
      case 4:
        return this.sign();
      case 5:
        return this.parity();
      case 6:
        return this.less();
      default:
        return values.orC(this.less(), this.zero());
    }
  }

  private belowOrEqual(): Val {
    const { values, frame } = this;
    if (!this.isCompare()) return values.orC(this.carry(), this.zero());
    return values.notC(values.lessUnsigned(sizeOf(this.kind), this.word(frame.flagY), this.word(frame.flagX)));
  }

  private less(): Val {
    const { values, frame } = this;
    if (this.isCompare()) return values.lessSigned(sizeOf(this.kind), this.word(frame.flagX), this.word(frame.flagY));
    if (opOf(this.kind) === FlagOp.LOGIC && !this.overridden) return this.sign();
    return values.xorC(this.sign(), this.overflow());
  }

  private isCompare(): boolean {
    return opOf(this.kind) === FlagOp.SUB && this.plain && !this.overridden;
  }

  adjust(): Val {
    this.canonicalise();
    return this.auxBit(Math.log2(AUX_ADJUST));
  }

  /** Flips bit `bit` of the canonical aux word if c. */
  private flipAux(bit: number, c: Val): void {
    const { frame, values } = this;
    values.body.get(frame.flagX);
    values.push(c, 'i64').i64(BigInt(bit)).op('i64.shl', 'i64.xor').set(frame.flagX);
  }

  setAdjust(c: Val): void {
    this.flipAux(Math.log2(AUX_ADJUST), this.values.xorC(c, this.adjust()));
  }

  setSign(c: Val): void {
    this.canonicalise();
    this.flipAux(0, this.values.xorC(c, this.sign()));
  }

  setParity(c: Val): void {
    this.canonicalise();
    this.flipAux(AUX_PARITY_SHIFT, this.values.xorC(c, this.parity()));
  }

  setDirection(set: boolean): void {
    const { body } = this.values;
    const { cpu } = this.frame;
    body.get(cpu).get(cpu).memory('i32.load', VCPU_STATE.offset.rflags);
    if (set) body.i32(DF).op('i32.or');
    else body.i32(~DF).op('i32.and');
    body.memory('i32.store', VCPU_STATE.offset.rflags);
  }

  // Few instructions ask for these: the survey leaves them to the interpreter.
  setZero(): void {
    throw interpreterOnly('ZF');
  }
  lowByte(): Val {
    throw interpreterOnly('AH');
  }
  setLowByte(): void {
    throw interpreterOnly('AH');
  }

  /** DF as 0 or 1. */
  direction(): Val {
    const { body } = this.values;
    body.get(this.frame.cpu).memory('i32.load', VCPU_STATE.offset.rflags).i32(Math.log2(DF)).op('i32.shr_u').i32(1).op('i32.and');
    return this.values.pop('i32');
  }
}

const interpreterOnly = (what: string): InternalError => new InternalError(`${what} alone is set by interpreted instructions only`);
