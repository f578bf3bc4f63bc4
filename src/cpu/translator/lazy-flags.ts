// The flags of the translator's builder. An arithmetic instruction copies its operands and result to the flag locals, if anybody may
// see them; a flag is computed where it is read. See flag-kinds.ts.

import type { Flags } from '../builder/builder.ts';
import type { Size } from '../builder/insn.ts';
import { CF, DF, OF } from '../arch/rflags.ts';
import { AUX_ADJUST, AUX_PARITY_SHIFT } from '../flags.ts';
import { VCPU_STATE } from '../../base/state/vcpu.ts';
import { DYNAMIC, FlagOp, OVERRIDE, flagKind } from './flag-kinds.ts';
import { FlagReader } from './flag-reader.ts';
import { InternalError } from '../../base/errors.ts';
import type { Val } from './value.ts';
import type { Emitted } from './value.ts';

export class LazyFlags extends FlagReader implements Flags<Emitted> {
  private record(op: FlagOp, size: Size, x: Val | null, y: Val | null, result: Val): void {
    const { frame, values } = this;
    const { wordType } = frame;
    if (x) values.push(x, wordType).set(frame.flagX);
    if (y) values.push(y, wordType).set(frame.flagY);
    values.push(result, wordType).set(frame.flagR);
    this.kind = flagKind(op, size);
    this.plain = false;
    this.owed = false;
  }

  add(size: Size, x: Val, y: Val, sum: Val): void {
    if (this.seen === 0) return;
    this.record(FlagOp.ADD, size, x, y, sum);
    this.plain = sum.origin?.op === 'add' && sum.origin.x === x && sum.origin.y === y;
  }

  sub(size: Size, x: Val, y: Val, difference: Val): void {
    if (this.seen === 0) return;
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
    if ((this.seen & ~CF) === 0) return;
    if ((this.seen & CF) === 0) {
      // Nobody asks for CF: an addition or subtraction of 1 like any other.
      this.record(op === FlagOp.INC ? FlagOp.ADD : FlagOp.SUB, size, x, this.values.constant(size, 1), result);
      return;
    }
    if (this.kind === DYNAMIC) this.keepOlder();
    const { owed } = this;
    const carry = owed ? null : this.carry();
    this.record(op, size, x, carry, result);
    this.owed = owed;
  }

  logic(size: Size, result: Val): void {
    if (this.seen === 0) return;
    this.record(FlagOp.LOGIC, size, null, null, result);
  }

  result(size: Size, result: Val, cf: Val, of: Val, af: Val): void {
    if (this.seen === 0) return;
    const { frame, values } = this;
    this.pushTop(cf, of);
    values.push(af).i32(Math.log2(AUX_ADJUST)).op('i32.shl', 'i32.or');
    if (frame.is64) values.body.op('i64.extend_i32_u');
    values.body.set(frame.flagX);
    values.push(result, frame.wordType).set(frame.flagR);
    this.kind = flagKind(FlagOp.CANONICAL, size);
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
    if ((this.seen & ~(CF | OF)) === 0) this.kind = flagKind(FlagOp.LOGIC, 4);
    else if (this.kind === DYNAMIC) this.canonicalise();
    this.pushTop(carry, overflow);
    this.values.body.set(this.frame.flagTop);
    this.kind |= OVERRIDE;
    this.owed = false;
  }

  setCarry(c: Val): void {
    if ((this.seen & CF) !== 0) this.setTop(c, (this.seen & OF) === 0 ? this.values.never() : this.overflow());
  }

  setOverflow(c: Val): void {
    if ((this.seen & OF) !== 0) this.setTop((this.seen & CF) === 0 ? this.values.never() : this.carry(), c);
  }

  /** Flips bit `bit` of the canonical aux word if c. */
  private flipAux(bit: number, c: Val): void {
    const { frame, values } = this;
    const { body } = values;
    body.get(frame.flagX);
    values.push(c).i32(bit).op('i32.shl');
    if (frame.is64) body.op('i64.extend_i32_u', 'i64.xor');
    else body.op('i32.xor');
    body.set(frame.flagX);
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
}

const interpreterOnly = (what: string): InternalError => new InternalError(`${what} alone is set by interpreted instructions only`);
