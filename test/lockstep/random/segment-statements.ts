// Statements of random programs in segments: segment registers loaded, saved and used, far transfers, the same code by another
// base of CS, and offsets about the ends of segments.

import { moved } from './assembler.ts';
import type { Label, Memory } from './assembler.ts';
import { arithmetic, w } from './common-statements.ts';
import type { Statement } from './common-statements.ts';
import { RAX, RBX, RCX, RDI, RSI } from './emitter.ts';
import type { Emitter } from './emitter.ts';
import { CODE_ALIAS, selectorsOf } from './segments.ts';

const ES = 0;
const DS = 3;
const FS = 4;
const GS = 5;
const PUSH: Readonly<Record<number, readonly number[]>> = { 0: [0x06], 1: [0x0e], 2: [0x16], 3: [0x1e], 4: [0x0f, 0xa0], 5: [0x0f, 0xa8] };
const POP: Readonly<Record<number, readonly number[]>> = { 0: [0x07], 3: [0x1f], 4: [0x0f, 0xa1], 5: [0x0f, 0xa9] };
const PREFIX = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65];

/** mov sreg, selector; EAX is lost. */
function load(e: Emitter, sreg: number, selector: number): void {
  e.move(RAX, selector);
  e.a.raw(0x8e, 0xc0 | (sreg << 3));
}

const loads: Statement = (e) => load(e, e.choices.of([ES, FS, GS]), e.choices.of(selectorsOf(e.setting).free));

/** DS is another for a while. */
const otherData: Statement = (e) => {
  load(e, DS, e.choices.of(selectorsOf(e.setting).free));
  arithmetic(e);
  load(e, DS, selectorsOf(e.setting).data);
};

const pushPop: Statement = (e) => {
  const from = e.choices.below(6);
  const to = e.choices.of([ES, FS, GS]);
  e.a.raw(...PUSH[from]!);
  if (e.choices.below(2)) e.a.raw(...POP[to]!);
  else e.a.raw(0x58 + e.lowRegister());
};

/** LES, LFS, LGS of what a MOV and the selector behind it made. */
const loadFarPointer: Statement = (e) => {
  const opcode = e.choices.of([[0xc4], [0x0f, 0xb4], [0x0f, 0xb5]]);
  const displacement = e.windowAddress();
  const value = e.choices.of(selectorsOf(e.setting).free);
  e.i({ opcode: [0xc7], reg: 0, size: 2, rm: { displacement: displacement + e.word }, immediate: { bytes: 2, value } });
  e.i({ opcode, size: e.word, reg: e.choices.of([RBX, RSI]), rm: { displacement } });
};

/** An offset near 0, near 64 KiB or near the end of a short segment, by any segment, in either address size. */
const edges: Statement = (e) => {
  const size = e.size();
  const reg = e.choices.of([RBX, RSI, RDI]);
  const prefix = [e.choices.of(PREFIX)];
  const offset = e.choices.of([0, 0xffff, 0xfffe, 0xfffd, 0xfffc, 0x10000, 0x10001, -1, -2, e.data(0x2a000), e.data(0x2a004)]);
  e.move(reg, offset + e.choices.below(3));
  const indexed = e.choices.below(3) === 0;
  if (indexed) e.move(RCX, e.choices.below(3));
  const form: Memory = indexed ? { base: reg, index: RCX, scale: 2, prefix } : { base: reg, displacement: e.choices.below(5) - 2, prefix };
  if (e.choices.below(2)) e.instruction([0x88 + w(size)], size, RAX, form);
  else e.instruction([8 * e.choices.below(8) + 2 + w(size)], size, RAX, form);
};

const offsetField = (e: Emitter, target: Label): void => void e.a.field(e.width === 16 ? 2 : 4, target);

/** There and back by far jumps: between them CS has another base, and the same bytes other offsets. */
const farJumps: Statement = (e) => {
  const { a } = e;
  const { code, alias } = selectorsOf(e.setting);
  const there = a.label();
  const back = a.label();
  const loop = a.label();
  a.raw(0xea);
  offsetField(e, moved(there, CODE_ALIAS));
  a.field(2, alias);
  a.bind(there);
  e.move(RCX, 1 + e.choices.below(4));
  a.bind(loop);
  arithmetic(e);
  e.i({ opcode: [0x83], reg: 4, size: e.word, rm: RCX, immediate: { bytes: 1, value: 7 } });
  a.raw(0xe2).field(1, loop, true);
  a.raw(0xea);
  offsetField(e, back);
  a.field(2, code);
  a.bind(back);
};

/** A far call by one base or the other of a routine that is also called near. */
const farCall: Statement = (e) => {
  const { a } = e;
  const { code, alias } = selectorsOf(e.setting);
  const routine = a.label();
  const far = a.label();
  const behind = a.label();
  const other = e.choices.below(2) === 1;
  a.branch([0xe9], behind);
  a.bind(routine);
  arithmetic(e);
  a.raw(0xc3);
  a.bind(far);
  a.branch([0xe8], routine);
  arithmetic(e);
  if (e.choices.below(2)) a.raw(0xcb);
  else a.raw(0xca).field(2, 0);
  a.bind(behind);
  a.raw(0x9a);
  offsetField(e, other ? moved(far, CODE_ALIAS) : far);
  a.field(2, other ? alias : code);
  a.branch([0xe8], routine);
};

/** Near branches with the other operand size. */
const otherBranches: Statement = (e) => {
  const { a } = e;
  const over = a.label();
  const reg = e.choices.of([RAX, RBX]);
  const bytes = e.width === 16 ? 4 : 2;
  switch (e.choices.below(3)) {
    case 0:
      a.raw(0x66, 0xe9).field(bytes, over, true);
      break;
    case 1:
      a.raw(0x66, 0x0f, 0x80 + e.choices.below(16)).field(bytes, over, true);
      break;
    default:
      e.move(reg, over);
      if (e.choices.rarely(5)) e.i({ opcode: [0x81], size: 4, reg: 0, rm: reg, immediate: { bytes: 4, value: 0x10000 } });
      e.i({ opcode: [0xff], size: bytes as 2 | 4, reg: 4, rm: reg });
  }
  a.raw(0x40);
  a.bind(over);
};

/** What virtual-8086 mode asks IOPL for. */
const sensitive: Statement = (e) => e.a.raw(...e.choices.of([[0xfa, 0xfb], [0x9c, 0x9d], [0xcc], [0x66, 0x9c, 0x66, 0x9d]]));

export const SEGMENT_STATEMENTS: readonly Statement[] = [
  loads,
  loads,
  otherData,
  pushPop,
  loadFarPointer,
  edges,
  edges,
  edges,
  farJumps,
  farCall,
  otherBranches,
  sensitive,
];
