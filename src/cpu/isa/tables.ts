// Descriptor-table registers (SDM vol. 2, LGDT LIDT SGDT SIDT LLDT LTR SLDT STR). A pseudo-descriptor in memory is a 16-bit
// limit and then a base of 4 bytes, 8 in 64-bit mode.

import type { Builder, Semantics, Values } from '../builder/builder.ts';
import { CodeMode } from '../builder/insn.ts';
import type { Insn } from '../builder/insn.ts';
import type { SystemHelper } from '../builder/helpers.ts';
import { linearSize } from './registers.ts';

/** With a 16-bit operand size outside 64-bit mode the base has 24 bits. */
function loadTable<T extends Values>(b: Builder<T>, i: Insn, helper: SystemHelper): void {
  b.system('checkCpl0', i);
  const at = b.address(i.dst);
  const { segment } = i.dst.address;
  const limit = b.load(segment, at, 2);
  const base = b.load(segment, b.offset(i, at, 2), linearSize(i));
  const short = i.mode !== CodeMode.BITS64 && i.size === 2;
  b.system(helper, i, short ? b.and(base, b.constant(4, 0xffffff)) : base, limit);
}

export const LGDT: Semantics = (b, i) => loadTable(b, i, 'loadGdt');
export const LIDT: Semantics = (b, i) => loadTable(b, i, 'loadIdt');

/** The whole base is stored whatever the operand size. */
function storeTable<T extends Values>(b: Builder<T>, i: Insn, limitHelper: SystemHelper, baseHelper: SystemHelper): void {
  const limit = b.system(limitHelper, i);
  const base = b.system(baseHelper, i);
  const at = b.address(i.dst);
  const { segment } = i.dst.address;
  const size = linearSize(i);
  b.probeWrite(segment, at, 2 + size);
  b.store(segment, at, 2, limit);
  b.store(segment, b.offset(i, at, 2), size, base);
}

export const SGDT: Semantics = (b, i) => storeTable(b, i, 'gdtLimit', 'gdtBase');
export const SIDT: Semantics = (b, i) => storeTable(b, i, 'idtLimit', 'idtBase');

/** The mode, then CPL, are checked before the selector is read from memory. */
function loadSelector<T extends Values>(b: Builder<T>, i: Insn, helper: SystemHelper): void {
  b.system('checkProtectedMode', i);
  b.system('checkCpl0', i);
  b.system(helper, i, b.read(i.dst));
}

export const LLDT: Semantics = (b, i) => loadSelector(b, i, 'loadLdt');
export const LTR: Semantics = (b, i) => loadSelector(b, i, 'loadTaskRegister');
export const SLDT: Semantics = (b, i) => b.write(i.dst, b.system('storeLdt', i));
export const STR: Semantics = (b, i) => b.write(i.dst, b.system('storeTaskRegister', i));
