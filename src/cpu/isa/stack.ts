// Stack instructions (SDM vol. 2, PUSH POP PUSHA POPA PUSHF POPF ENTER LEAVE). Segment registers are in segments.ts.

import { Seg } from '../../base/state/vcpu.ts';
import type { Builder, Semantics, Values } from '../builder/builder.ts';
import { CodeMode, OperandKind } from '../builder/insn.ts';
import type { Insn, Size } from '../builder/insn.ts';
import { RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP } from './registers.ts';
import { push, pushAll, release, stackDistance, top } from './stack-access.ts';

/** PUSH (R)SP pushes the value from before. */
export const PUSH: Semantics = (b, i) => {
  push(b, i.stackSize, b.read(i.dst));
};

/** An address based on (R)SP is computed with the stack pointer after the pop (SDM vol. 2, POP). */
function addressAfterPop<T extends Values>(b: Builder<T>, i: Insn): T['address'] {
  const at = b.address(i.dst);
  return i.dst.address.base === RSP ? b.offsetBy(i, at, 4, stackDistance(b, i.stackSize)) : at;
}

/** Memory is written before the stack pointer moves, since it may fault; POP (R)SP leaves what was popped. */
export const POP: Semantics = (b, i) => {
  const x = top(b, i.stackSize);
  if (i.dst.kind === OperandKind.MEM) b.store(i.dst.address.segment, addressAfterPop(b, i), i.stackSize, x);
  release(b, i.stackSize);
  if (i.dst.kind !== OperandKind.MEM) b.write(i.dst, x);
};

const ALL_REGISTERS = [RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI];

export const PUSHA: Semantics = (b, i) => {
  pushAll(
    b,
    i.stackSize,
    ALL_REGISTERS.map((reg) => b.readRegister(i.stackSize, reg)),
  );
};

/** (E)SP's slot is skipped. Loads go upward from the top, so that a fault names the first item that cannot be had. */
export const POPA: Semantics = (b, i) => {
  const registers = ALL_REGISTERS.filter((reg) => reg !== RSP).reverse();
  const sp = b.stackPointer();
  const items = registers.map((reg) => b.load(Seg.SS, b.stackOffset(sp, i.stackSize * (RDI - reg)), i.stackSize));
  release(b, 8 * i.stackSize);
  for (const [n, reg] of registers.entries()) b.writeRegister(i.stackSize, reg, items[n]!);
};

export const PUSHF: Semantics = (b, i) => {
  push(b, i.stackSize, b.system('pushfValue', i));
};

/** PUSHF's check comes before the stack is read: virtual-8086 mode, where code is of 16 bits, may forbid both. */
export const POPF: Semantics = (b, i) => {
  if (i.mode === CodeMode.BITS16) b.system('pushfValue', i);
  b.system('popf', i, top(b, i.stackSize));
  release(b, i.stackSize);
};

/**
 * Pushes RBP and, at a level above 0, the frame pointers of the enclosing procedures and of the new frame. What is pushed may
 * overlap what is copied, so every item is read just before its push: `item` reads that of push `n`.
 */
function enterPushes<T extends Values>(
  b: Builder<T>,
  i: Insn,
  frame: T['value'],
  push: (n: number, item: () => T['value']) => void,
): number {
  const size = i.stackSize;
  const outer = b.framePointer();
  const level = i.src.imm & 31;
  push(0, () => b.readRegister(size, RBP));
  for (let n = 1; n < level; n++) push(n, () => b.load(Seg.SS, b.stackOffset(outer, -size * n), size));
  if (level > 0) push(level, () => frame);
  return level + 1;
}

/** (E)SP after the first push: with a 16-bit stack and a 32-bit operand size the upper half of ESP is in it (SDM vol. 2, ENTER). */
function newFrame<T extends Values>(b: Builder<T>, size: Size, sp: T['address']): T['value'] {
  return size === 4 ? b.add(4, b.readRegister(4, RSP), stackDistance(b, -4)) : b.stackValue(size, b.stackOffset(sp, -size));
}

/**
 * All accesses are tried before the first push, in the order of the pushes, so that a fault names the first that cannot be. A
 * write at the final stack pointer must be possible too (SDM vol. 2, ENTER, #PF and #SS).
 */
export const ENTER: Semantics = (b, i) => {
  const size = i.stackSize;
  const sp = b.stackPointer();
  const frame = newFrame(b, size, sp);
  const slot = (n: number) => b.stackOffset(sp, -size * (n + 1));
  const count = enterPushes(b, i, frame, (n, item) => {
    item();
    b.probeWrite(Seg.SS, slot(n), size);
  });
  const end = b.stackOffset(sp, -size * count - i.dst.imm);
  b.probeWrite(Seg.SS, end, size);
  enterPushes(b, i, frame, (n, item) => b.store(Seg.SS, slot(n), size, item()));
  b.setStackPointer(end);
  b.writeRegister(size, RBP, frame);
};

export const LEAVE: Semantics = (b, i) => {
  const frame = b.framePointer();
  const outer = b.load(Seg.SS, frame, i.stackSize);
  b.setStackPointer(b.stackOffset(frame, i.stackSize));
  b.writeRegister(i.stackSize, RBP, outer);
};
