// What the translator's builder computes with: a value is a WebAssembly local that holds it, or a constant.

import type { Size } from '../builder/insn.ts';
import type { FunctionBody } from './wasm/function-body.ts';
import type { Type } from './wasm/opcodes.ts';

export class Val {
  /** An upper bound of the unsigned value, for shift counts. */
  bound = Infinity;
  /** The sum or difference that this value is, so that a comparison after it can be one instruction. */
  origin: { readonly op: 'add' | 'sub'; readonly size: Size; readonly x: Val; readonly y: Val } | null = null;

  private constructor(
    readonly type: Type,
    readonly local: number,
    readonly constant: bigint | null,
  ) {}

  static local(type: Type, local: number): Val {
    return new Val(type, local, null);
  }

  /** `value` is unsigned and fits the type. */
  static constant(type: Type, value: bigint): Val {
    const val = new Val(type, -1, value);
    val.bound = Number(value);
    return val;
  }
}

/** All that a region computes is in locals of WebAssembly. */
export interface Emitted {
  readonly value: Val;
  readonly address: Val;
  readonly condition: Val;
}

export const typeOf = (size: Size): Type => (size === 8 ? 'i64' : 'i32');

/** Locals for intermediate values: free again after each instruction. */
export class Temporaries {
  private readonly free: Record<Type, number[]> = { i32: [], i64: [] };
  private readonly used: Record<Type, number[]> = { i32: [], i64: [] };

  constructor(private readonly body: FunctionBody) {}

  take(type: Type): number {
    const local = this.free[type].pop() ?? this.body.local(type);
    this.used[type].push(local);
    return local;
  }

  /** All that was taken may be taken again. */
  releaseAll(): void {
    for (const type of ['i32', 'i64'] as const) {
      this.free[type].push(...this.used[type]);
      this.used[type].length = 0;
    }
  }
}
