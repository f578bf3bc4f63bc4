// Segment registers and selectors (SDM vol. 2, MOV PUSH POP of a segment register, LDS LES LFS LGS LSS, ARPL LAR LSL VERR
// VERW). Loading one, with all its checks, is a system helper, and faults before anything else has changed.

import { Seg } from '../../base/state/vcpu.ts';
import type { Builder, Semantics, Values } from '../builder/builder.ts';
import { CodeMode } from '../builder/insn.ts';
import type { Insn, Operand } from '../builder/insn.ts';
import { release, releaseBy, stackDistance, top } from './stack-access.ts';

function loadSegment<T extends Values>(b: Builder<T>, i: Insn, register: Operand, selector: T['value']): void {
  b.system('loadSegment', i, selector, b.constant(1, register.reg));
}

export const MOV_FROM_SREG: Semantics = (b, i) => b.write(i.dst, b.system('readSegment', i));

export const MOV_TO_SREG: Semantics = (b, i) => loadSegment(b, i, i.dst, b.truncate(2, b.read(i.src)));

/** A 4-byte slot gets its low half only, as Intel's processors do it (SDM vol. 2, PUSH). */
export const PUSH_SREG: Semantics = (b, i) => {
  const selector = b.system('readSegment', i);
  const slot = b.stackOffset(b.stackPointer(), -i.stackSize);
  b.store(Seg.SS, slot, i.stackSize === 4 ? 2 : i.stackSize, selector);
  b.setStackPointer(slot);
};

/** The pop has the width of the old SS. Only in 64-bit mode does the width not depend on SS. */
export const POP_SREG: Semantics = (b, i) => {
  const selector = top(b, 2);
  if (i.mode === CodeMode.BITS64) {
    loadSegment(b, i, i.dst, selector);
    release(b, i.stackSize);
  } else {
    const distance = stackDistance(b, i.stackSize);
    loadSegment(b, i, i.dst, selector);
    releaseBy(b, distance);
  }
};

export const LOAD_FAR_POINTER: Semantics = (b, i) => {
  const at = b.address(i.src);
  const { segment } = i.src.address;
  const offset = b.load(segment, at, i.size);
  const selector = b.load(segment, b.offset(i, at, i.size), 2);
  b.system('loadPointerSegment', i, selector, b.constant(1, i.third.reg));
  b.write(i.dst, offset);
};

/** Memory is written, and faults as written, only if its RPL must rise. */
export const ARPL: Semantics = (b, i) => {
  b.system('checkProtectedMode', i);
  const x = b.read(i.dst);
  const y = b.read(i.src);
  const rpl = b.constant(2, 3);
  b.when(b.lessUnsigned(2, b.and(x, rpl), b.and(y, rpl)), () => void b.readForWrite(i.dst));
  const raised = b.system('arpl', i, x, y);
  b.when(b.flags.zero(), () => b.write(i.dst, raised));
};

/** The register changes only if the descriptor can be looked at: the helper tells by ZF. */
function writeIfZero<T extends Values>(b: Builder<T>, i: Insn, x: T['value']): void {
  b.when(b.flags.zero(), () => b.write(i.dst, x));
}

/** What helper `name` says of the selector in `operand`, which is not read where the instruction is not recognised. */
function ask<T extends Values>(b: Builder<T>, i: Insn, name: 'lar' | 'lsl' | 'verr' | 'verw', operand: Operand): T['value'] {
  b.system('checkProtectedMode', i);
  return b.system(name, i, b.truncate(2, b.read(operand)));
}

export const LAR: Semantics = (b, i) => writeIfZero(b, i, ask(b, i, 'lar', i.src));
export const LSL: Semantics = (b, i) => writeIfZero(b, i, ask(b, i, 'lsl', i.src));
export const VERR: Semantics = (b, i) => void ask(b, i, 'verr', i.dst);
export const VERW: Semantics = (b, i) => void ask(b, i, 'verw', i.dst);
