// A flag, or a condition of several, from the words that it is computed from.

import { AUX_ADJUST } from '../flags.ts';
import { VCPU_STATE } from '../../base/state/vcpu.ts';
import { DF } from '../arch/rflags.ts';
import { DYNAMIC, FlagOp, opOf, sizeOf } from './flag-kinds.ts';
import { FlagState } from './flag-state.ts';
import { Val, typeOf } from './value.ts';

export class FlagReader extends FlagState {
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

  /** DF as 0 or 1. */
  direction(): Val {
    const { body } = this.values;
    body.get(this.frame.cpu).memory('i32.load', VCPU_STATE.offset.rflags).i32(Math.log2(DF)).op('i32.shr_u').i32(1).op('i32.and');
    return this.values.pop('i32');
  }
}
