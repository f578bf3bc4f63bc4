// Control transfers (SDM vol. 2, JMP Jcc CALL RET JCXZ LOOP INT and the system calls). A target is checked before anything is
// pushed or counted. Far transfers, interrupts and system calls are system helpers.

import type { Builder, Semantics, Values } from '../builder/builder.ts';
import type { Insn } from '../builder/insn.ts';
import { RCX } from './registers.ts';
import { push, release, top } from './stack-access.ts';

export const JMP_REL: Semantics = (b, i) => b.jumpRelative(i);

export const JMP: Semantics = (b, i) => b.jump(i.stackSize, b.read(i.dst));

export const JCC: Semantics = (b, i) => b.branchRelative(i, b.flags.condition(i.cc));

export const CALL_REL: Semantics = (b, i) => {
  b.checkRelative(i);
  push(b, i.stackSize, b.nextIp(i.stackSize));
  b.jumpRelative(i);
};

export const CALL: Semantics = (b, i) => {
  const target = b.read(i.dst);
  b.checkTarget(i.stackSize, target);
  push(b, i.stackSize, b.nextIp(i.stackSize));
  b.jump(i.stackSize, target);
};

function returnNear<T extends Values>(b: Builder<T>, i: Insn, parameters: number): void {
  b.jump(i.stackSize, top(b, i.stackSize));
  release(b, i.stackSize + parameters);
}

export const RET: Semantics = (b, i) => returnNear(b, i, 0);
export const RET_IMM: Semantics = (b, i) => returnNear(b, i, i.dst.imm);

export const JCXZ: Semantics = (b, i) => b.branchRelative(i, b.isZero(b.readRegister(i.addressSize, RCX)));

/** Counts down and branches while the count is not 0 and `also` holds. */
function loop<T extends Values>(b: Builder<T>, i: Insn, also: T['condition']): void {
  const count = b.sub(i.addressSize, b.readRegister(i.addressSize, RCX), b.constant(i.addressSize, 1));
  b.branchRelative(i, b.andC(b.notC(b.isZero(count)), also));
  b.writeRegister(i.addressSize, RCX, count);
}

export const LOOP: Semantics = (b, i) => loop(b, i, b.notC(b.never()));
export const LOOPE: Semantics = (b, i) => loop(b, i, b.flags.zero());
export const LOOPNE: Semantics = (b, i) => loop(b, i, b.notC(b.flags.zero()));

export const JMP_FAR: Semantics = (b, i) => void b.system('farJump', i, b.read(i.dst), b.read(i.src));
export const CALL_FAR: Semantics = (b, i) => void b.system('farCall', i, b.read(i.dst), b.read(i.src));

/** Offset and selector of the far pointer in memory. */
function farPointer<T extends Values>(b: Builder<T>, i: Insn): readonly [T['value'], T['value']] {
  const at = b.address(i.dst);
  const { segment } = i.dst.address;
  return [b.load(segment, at, i.size), b.load(segment, b.offset(i, at, i.size), 2)];
}

export const JMP_FAR_MEM: Semantics = (b, i) => void b.system('farJump', i, ...farPointer(b, i));
export const CALL_FAR_MEM: Semantics = (b, i) => void b.system('farCall', i, ...farPointer(b, i));
export const RET_FAR: Semantics = (b, i) => void b.system('farReturn', i, b.constant(4, 0));
export const RET_FAR_IMM: Semantics = (b, i) => void b.system('farReturn', i, b.constant(4, i.dst.imm));
export const IRET: Semantics = (b, i) => void b.system('iret', i);

export const INT: Semantics = (b, i) => void b.system('interrupt', i);
export const INT3: Semantics = (b, i) => void b.system('breakpoint', i);
export const INT1: Semantics = (b, i) => void b.system('icebp', i);
export const INTO: Semantics = (b, i) => b.when(b.flags.overflow(), () => void b.system('overflow', i));
export const SYSCALL: Semantics = (b, i) => void b.system('syscall', i);
export const SYSRET: Semantics = (b, i) => void b.system('sysret', i);
export const SYSENTER: Semantics = (b, i) => void b.system('sysenter', i);
export const SYSEXIT: Semantics = (b, i) => void b.system('sysexit', i);
