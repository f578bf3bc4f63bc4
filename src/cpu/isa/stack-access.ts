// The stack as instructions use it. The stack pointer is in the width that SS.B or 64-bit mode gives, an item in the width of
// the instruction; the pointer changes only after the access that may fault.

import { Seg } from '../../base/state/vcpu.ts';
import type { Builder, Values } from '../builder/builder.ts';
import type { Size } from '../builder/insn.ts';
import { RSP } from './registers.ts';

export function push<T extends Values>(b: Builder<T>, size: Size, x: T['value']): void {
  const top = b.stackOffset(b.stackPointer(), -size);
  b.store(Seg.SS, top, size, x);
  b.setStackPointer(top);
}

/** Pushes several items, the first at the highest address; all are probed before one is written. */
export function pushAll<T extends Values>(b: Builder<T>, size: Size, items: readonly T['value'][]): void {
  const sp = b.stackPointer();
  const slots = items.map((_, n) => b.stackOffset(sp, -size * (n + 1)));
  for (const slot of slots) b.probeWrite(Seg.SS, slot, size);
  for (const [n, slot] of slots.entries()) b.store(Seg.SS, slot, size, items[n]!);
  b.setStackPointer(slots[slots.length - 1]!);
}

/** The item on top; the stack pointer stays. */
export function top<T extends Values>(b: Builder<T>, size: Size): T['value'] {
  return b.load(Seg.SS, b.stackPointer(), size);
}

/** Takes `bytes` bytes off the stack. */
export function release<T extends Values>(b: Builder<T>, bytes: number): void {
  b.setStackPointer(b.stackOffset(b.stackPointer(), bytes));
}

/** What adding `bytes` to the stack pointer adds to the 32-bit ESP: a 16-bit stack pointer wraps without a carry. */
export function stackDistance<T extends Values>(b: Builder<T>, bytes: number): T['value'] {
  const sp = b.stackPointer();
  return b.sub(4, b.stackValue(4, b.stackOffset(sp, bytes)), b.stackValue(4, sp));
}

/** `release` outside 64-bit mode when SS may have changed since: the width comes from the distance, not from the new SS. */
export function releaseBy<T extends Values>(b: Builder<T>, distance: T['value']): void {
  b.writeRegister(4, RSP, b.add(4, b.readRegister(4, RSP), distance));
}
