// What the translator knows of the flags where it emits code: their kind, and the locals that have their words. See flag-kinds.ts.

import { STATUS_FLAGS } from '../arch/rflags.ts';
import { DYNAMIC, FlagOp, OVERRIDE, flagKind, opOf, sizeOf } from './flag-kinds.ts';
import type { FlagKind } from './flag-kinds.ts';
import { OlderFlags } from './older-flags.ts';
import { Imported } from './region-frame.ts';
import type { RegionFrame } from './region-frame.ts';
import type { Val } from './value.ts';
import type { ValueBuilder } from './value-builder.ts';

export interface KnownFlags {
  readonly kind: FlagKind;
  readonly plain: boolean;
  readonly owed: boolean;
}

export class FlagState {
  /** Kind of the flags at the point of emission, or DYNAMIC. */
  kind: FlagKind = DYNAMIC;
  /** Flags that somebody may see after the instruction at hand, as bits of RFLAGS. The others need not be kept. */
  seen: number = STATUS_FLAGS;
  /** The result is the sum or difference of just these operands, with no carry or borrow in: comparisons need no carries. */
  protected plain = false;
  /**
   * INC or DEC of flags of unknown kind: word y, the CF that stays, is computed only when it is asked for. Mostly it never is, and
   * the copies made for it cost nothing.
   */
  protected owed = false;
  protected readonly older: OlderFlags;

  constructor(
    protected readonly frame: RegionFrame,
    protected readonly values: ValueBuilder,
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

  /** Keeps the flag words, of whatever kind, for the CF of an INC or DEC. */
  protected keepOlder(): void {
    this.older.keep();
    this.owed = true;
  }

  protected settle(): void {
    if (!this.owed) return;
    this.older.carryToY();
    this.owed = false;
  }

  protected get overridden(): boolean {
    return this.kind !== DYNAMIC && (this.kind & OVERRIDE) !== 0;
  }

  /** Bit `bit` of the override. */
  protected topBit(bit: number): Val {
    this.values.body.get(this.frame.flagTop);
    return this.values.bitAt(this.values.pop('i32'), bit);
  }

  /** Makes the flag locals the two canonical words. */
  canonicalise(): void {
    if (this.kind !== DYNAMIC && !this.overridden && opOf(this.kind) === FlagOp.CANONICAL) return;
    this.settle();
    const { frame, values } = this;
    const { body } = values;
    const pushKind = (): void => void (this.kind === DYNAMIC ? body.get(frame.flagKind) : body.i32(this.kind));
    pushKind();
    for (const word of [frame.flagX, frame.flagY, frame.flagR]) frame.pushWide(word);
    body.get(frame.flagTop).call(Imported.FLAG_AUX);
    if (frame.is64) body.op('i64.extend_i32_u');
    body.set(frame.flagX);
    pushKind();
    frame.pushWide(frame.flagR);
    body.call(Imported.FLAG_RESULT);
    if (!frame.is64) body.op('i32.wrap_i64');
    body.set(frame.flagR);
    this.kind = flagKind(FlagOp.CANONICAL, frame.is64 ? 8 : 4);
  }

  protected local(local: number): Val {
    this.values.body.get(local);
    return this.values.pop(this.frame.wordType);
  }

  /** A flag local as a value of the kind's size. */
  protected word(local: number): Val {
    const wide = this.local(local);
    const size = sizeOf(this.kind);
    return size === 8 || wide.type === 'i32' ? wide : this.narrow(wide);
  }

  protected narrow(x: Val): Val {
    this.values.push(x, 'i32');
    return this.values.pop('i32');
  }

  /** Bit `bit` of the canonical aux word. */
  protected auxBit(bit: number): Val {
    return this.values.bitAt(this.narrow(this.local(this.frame.flagX)), bit);
  }
}
