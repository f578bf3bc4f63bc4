// Flag words from before an INC or DEC. Such an instruction keeps CF, which is computed from them only where it is needed: in
// most loops nobody reads it.

import { FlagOp } from './flag-kinds.ts';
import type { RegionFrame } from './region-frame.ts';
import { Imported } from './region-frame.ts';
import type { ValueBuilder } from './value-builder.ts';

/** Indices of locals, one for each flag word. */
interface Locals {
  readonly kind: number;
  readonly x: number;
  readonly y: number;
  readonly r: number;
  readonly top: number;
}

export class OlderFlags {
  private locals: Locals | null = null;

  constructor(
    private readonly frame: RegionFrame,
    private readonly values: ValueBuilder,
  ) {}

  /** Copies the flag words, of whatever kind. */
  keep(): void {
    const { body } = this.values;
    const { frame } = this;
    const word = (): number => body.local(frame.wordType);
    this.locals ??= { kind: body.local('i32'), x: word(), y: word(), r: word(), top: body.local('i32') };
    const { kind, x, y, r, top } = this.locals;
    body.get(frame.flagKind).set(kind).get(frame.flagX).set(x).get(frame.flagY).set(y).get(frame.flagR).set(r).get(frame.flagTop).set(top);
  }

  /** Word y becomes the CF of the kept flags. If these come from INC or DEC, as in a counted loop, it is their own word y. */
  carryToY(): void {
    const { body } = this.values;
    const { kind, x, y, r, top } = this.locals!;
    const kinds = FlagOp.DEC - FlagOp.INC;
    body.get(kind).i32(2).op('i32.shr_u').i32(FlagOp.INC).op('i32.sub').i32(kinds).op('i32.le_u').if(this.frame.wordType);
    body.get(y).else().get(kind);
    for (const word of [x, y, r]) this.frame.pushWide(word);
    body.get(top).call(Imported.FLAG_AUX).i32(31).op('i32.shr_u');
    if (this.frame.is64) body.op('i64.extend_i32_u');
    body.end().set(this.frame.flagY);
  }
}
