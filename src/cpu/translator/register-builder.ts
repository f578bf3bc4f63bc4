// Registers and the stack pointer in the translator's builder, and how an instruction is left to the interpreter: before any of its
// effects, at its start.

import type { Insn, Size } from '../builder/insn.ts';
import { LazyFlags } from './lazy-flags.ts';
import type { RegionFrame } from './region-frame.ts';
import { Outcome } from './runtime-module.ts';
import { typeOf } from './value.ts';
import type { Val } from './value.ts';
import { ValueBuilder } from './value-builder.ts';

const RSP = 4;
const RBP = 5;

/** Where the instruction at hand stands. */
export interface Site {
  /** Distance of its first byte from the page's start. */
  readonly distance: number;
  /** Instructions of the block from this one on, not retired if it is left here. */
  readonly left: number;
}

export class RegisterBuilder extends ValueBuilder {
  readonly flags: LazyFlags;
  protected insn!: Insn;
  protected site!: Site;

  constructor(protected readonly frame: RegionFrame) {
    super(frame.body);
    this.flags = new LazyFlags(frame, this);
  }

  /** Before the semantics of `insn` at `site`. */
  beginInstruction(insn: Insn, site: Site): void {
    this.temporaries.releaseAll();
    this.insn = insn;
    this.site = site;
  }

  /** Leaves the region: the interpreter executes this instruction. Nothing of it may have taken effect. */
  protected interpret(): void {
    this.frame.exit(Outcome.INTERPRET, this.site.distance, this.site.left, this.flags.exitKind());
  }

  /** The same if the condition that `push` puts on the stack holds. */
  interpretIf(push: () => void): void {
    push();
    this.body.if();
    this.interpret();
    this.body.end();
  }

  protected interpretWhen(c: Val): void {
    this.push(c).if();
    this.interpret();
    this.body.end();
  }

  // ── registers ───────────────────────────────────────────────────────────────────────────────────────────────────
  readRegister(size: Size, reg: number): Val {
    const { frame } = this;
    this.body.get(frame.register(reg));
    if (size !== 8 && frame.is64) this.body.op('i32.wrap_i64');
    if (size <= 2) this.body.i32(size === 1 ? 0xff : 0xffff).op('i32.and');
    const value = this.pop(typeOf(size));
    if (size <= 2) value.bound = size === 1 ? 0xff : 0xffff;
    return value;
  }

  writeRegister(size: Size, reg: number, x: Val): void {
    if (size <= 2) {
      this.insertBits(reg, x, size === 1 ? 0xff : 0xffff, 0);
      return;
    }
    this.push(size === 8 ? x : this.cut32(x), this.frame.wordType).set(this.frame.changedRegister(reg));
  }

  private cut32(x: Val): Val {
    return x.type === 'i32' ? x : this.truncate(4, x);
  }

  /** Replaces the bits of mask << shift in the register. */
  private insertBits(reg: number, x: Val, mask: number, shift: number): void {
    const { frame, body } = this;
    const type = frame.wordType;
    const local = frame.changedRegister(reg);
    const constant = (n: number): void => void (type === 'i64' ? body.i64(BigInt(n)) : body.i32(n));
    body.get(local);
    constant(~(mask << shift));
    body.op(`${type}.and`);
    this.push(x, type);
    constant(mask);
    body.op(`${type}.and`);
    constant(shift);
    body.op(`${type}.shl`, `${type}.or`).set(local);
  }

  readHighByte(reg: number): Val {
    const word = this.readRegister(4, reg);
    return this.and(this.shr(4, word, this.constant(1, 8)), this.constant(4, 0xff));
  }

  writeHighByte(reg: number, x: Val): void {
    this.insertBits(reg, x, 0xff, 8);
  }

  // ── stack ───────────────────────────────────────────────────────────────────────────────────────────────────────
  private stackRegister(reg: number): Val {
    const { frame, body } = this;
    if (frame.stackWidth === 2) return this.readRegister(2, reg);
    body.get(frame.register(reg));
    return this.pop(frame.wordType);
  }

  stackPointer(): Val {
    return this.stackRegister(RSP);
  }

  framePointer(): Val {
    return this.stackRegister(RBP);
  }

  stackOffset(a: Val, n: number): Val {
    const size = this.frame.stackWidth;
    return this.add(size, a, this.constant(size, n));
  }

  setStackPointer(a: Val): void {
    const { frame } = this;
    if (frame.stackWidth === 2) this.writeRegister(2, RSP, a);
    else this.push(a, frame.wordType).set(frame.changedRegister(RSP));
  }

  stackValue(size: Size, a: Val): Val {
    return this.truncate(size, a);
  }
}
