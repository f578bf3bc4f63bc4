// The statements of random programs. Every one leaves the stack as it was, unless it faults.

import type { Label } from './assembler.ts';
import { RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP } from './emitter.ts';
import { ALIAS, CODE_BYTES, CODE_GPA, TABLES, WINDOW, entryOf } from './layout.ts';
import type { Setting } from './layout.ts';
import { SEGMENT_STATEMENTS } from './segment-statements.ts';
import { arithmetic, w } from './common-statements.ts';
import type { Statement } from './common-statements.ts';
import { KICK_PORT } from './test-board.ts';
import { x87, x87Pushes } from './x87-statements.ts';

const unary: Statement = (e) => {
  const size = e.size();
  if (e.choices.below(2) === 0) e.instruction([0xfe + w(size)], size, e.choices.below(2), e.operand());
  else e.instruction([0xf6 + w(size)], size, e.choices.of([2, 3]), e.operand());
};

const multiply: Statement = (e) => {
  const size = e.size();
  const wide = e.wideSize();
  switch (e.choices.below(4)) {
    case 0:
      e.instruction([0xf6 + w(size)], size, e.choices.of([4, 5]), e.operand());
      break;
    case 1:
      e.i({ opcode: [0x0f, 0xaf], size: wide, reg: e.register(), rm: e.operand() });
      break;
    case 2:
      e.i({ opcode: [0x6b], size: wide, reg: e.register(), rm: e.operand(), immediate: { bytes: 1, value: e.value() } });
      break;
    default:
      e.i({ opcode: [0x69], size: wide, reg: e.register(), rm: e.operand(), immediate: e.immediate(wide) });
  }
};

/** Dividends that mostly fit: the high half is 0, or a sign. */
const divide: Statement = (e) => {
  const size = e.size();
  const signed = e.choices.below(2);
  const divisor = e.choices.of([RBX, RSI, RDI, RBP]);
  if (!e.choices.rarely(4)) {
    e.move(RAX, e.value());
    if (size === 1) e.i({ opcode: [0x98], size: 2 });
    else if (signed) e.i({ opcode: [0x99], size });
    else e.move(RDX, e.choices.rarely(4) ? 1 : 0);
  }
  if (!e.choices.rarely(3)) e.move(divisor, e.value());
  e.i({ opcode: [0xf6 + w(size)], size, reg: 6 + signed, rm: e.choices.rarely(3) ? e.memory() : divisor });
};

const shift: Statement = (e) => {
  const size = e.size();
  const op = e.choices.below(8);
  switch (e.choices.below(4)) {
    case 0:
      e.instruction([0xd2 + w(size)], size, op, e.operand());
      break;
    case 1:
      e.instruction([0xd0 + w(size)], size, op, e.operand());
      break;
    case 2:
      e.instruction([0xc0 + w(size)], size, op, e.operand(), { immediate: { bytes: 1, value: e.choices.below(70) } });
      break;
    default:
      e.move(RCX, e.choices.below(70));
      e.instruction([0xd2 + w(size)], size, op, e.operand());
  }
};

const doubleShift: Statement = (e) => {
  const size = e.wideSize();
  const op = e.choices.of([0xa4, 0xac]);
  if (e.choices.below(2)) e.i({ opcode: [0x0f, op + 1], size, reg: e.register(), rm: e.operand() });
  else e.i({ opcode: [0x0f, op], size, reg: e.register(), rm: e.operand(), immediate: { bytes: 1, value: e.choices.below(70) } });
};

const bits: Statement = (e) => {
  const size = e.wideSize();
  switch (e.choices.below(5)) {
    case 0: {
      const reg = 4 + e.choices.below(4);
      e.i({ opcode: [0x0f, 0xba], size, reg, rm: e.operand(), immediate: { bytes: 1, value: e.value() } });
      break;
    }
    case 1: {
      const reg = e.register();
      if (!e.choices.rarely(4)) e.move(reg, e.choices.below(200) - 100);
      e.i({ opcode: [0x0f, e.choices.of([0xa3, 0xab, 0xb3, 0xbb])], size, reg, rm: e.operand() });
      break;
    }
    case 2:
      e.i({ opcode: [0x0f, e.choices.of([0xbc, 0xbd])], size, reg: e.register(), rm: e.operand() });
      break;
    case 3:
      e.i({ opcode: [0x0f, e.choices.of([0xbc, 0xbd, 0xb8])], size, prefix: [0xf3], reg: e.register(), rm: e.operand() });
      break;
    default: {
      const reg = e.lowRegister();
      e.i({ opcode: [0x0f, 0xc8 + reg], size: e.is64 ? e.choices.of([4, 8] as const) : 4 });
    }
  }
};

const moves: Statement = (e) => {
  const size = e.size();
  const wide = e.wideSize();
  switch (e.choices.below(8)) {
    case 0:
      e.instruction([0x88 + w(size)], size, e.register(), e.operand());
      break;
    case 1:
      e.instruction([0x8a + w(size)], size, e.register(), e.operand());
      break;
    case 2:
      e.instruction([0xc6 + w(size)], size, 0, e.operand(), { immediate: e.immediate(size) });
      break;
    case 3:
      e.i({ opcode: [0x0f, e.choices.of([0xb6, 0xb7, 0xbe, 0xbf])], size: wide, reg: e.register(), rm: e.operand() });
      break;
    case 4:
      e.i({ opcode: [0x8d], size: wide, reg: e.register(), rm: e.memory() });
      break;
    case 5:
      e.move(e.register(), e.value());
      break;
    case 6:
      e.i({ opcode: [e.choices.of([0x98, 0x99])], size: wide });
      break;
    default:
      e.i({ opcode: [0x0f, 0x38, e.choices.of([0xf0, 0xf1])], size: wide, reg: e.register(), rm: e.memory() });
  }
};

const exchange: Statement = (e) => {
  const size = e.size();
  switch (e.choices.below(4)) {
    case 0:
      e.instruction([0x86 + w(size)], size, e.register(), e.operand());
      break;
    case 1:
      e.instruction([0x0f, 0xc0 + w(size)], size, e.register(), e.operand());
      break;
    case 2:
      e.instruction([0x0f, 0xb0 + w(size)], size, e.register(), e.operand());
      break;
    default:
      e.i({ opcode: [0x0f, 0xc7], size: e.is64 ? e.choices.of([4, 8] as const) : 4, reg: 1, rm: e.memory() });
  }
};

/** Whatever the flags are: all sixteen conditions in three uses. */
const conditional: Statement = (e) => {
  const cc = e.choices.below(16);
  switch (e.choices.below(3)) {
    case 0:
      e.instruction([0x0f, 0x90 + cc], 1, 0, e.operand());
      break;
    case 1:
      e.i({ opcode: [0x0f, 0x40 + cc], size: e.wideSize(), reg: e.register(), rm: e.operand() });
      break;
    default: {
      const over = e.a.label();
      e.a.branch([0x0f, 0x80 + cc], over);
      e.i({ opcode: [0xff], size: 4, reg: 0, rm: e.register() });
      e.a.bind(over);
    }
  }
};

const flagOperations: Statement = (e) => {
  if (!e.is64 && e.choices.rarely(3)) e.a.raw(e.choices.of([0x27, 0x2f, 0x37, 0x3f]));
  else if (!e.is64 && e.choices.rarely(4)) e.a.raw(e.choices.of([0xd4, 0xd5]), e.choices.of([10, 16, 1, 0]));
  else e.a.raw(e.choices.of([0xf8, 0xf9, 0xf5, 0xfc, 0xfd, 0xfc, 0x9f, 0x9e]));
};

/** Status flags, DF and sometimes TF turned over by way of the stack. */
const pushFlags: Statement = (e) => {
  const mask = e.choices.rarely(6) ? 0x100 : e.choices.of([0x8d5, 0x1, 0x40, 0x800, 0x400]);
  e.a.raw(0x9c);
  e.i({ opcode: [0x81], size: 4, reg: e.choices.of([6, 1]), rm: { base: RSP }, immediate: { bytes: 4, value: mask } });
  e.a.raw(0x9d);
};

const stack: Statement = (e) => {
  const { a } = e;
  switch (e.choices.below(7)) {
    case 0:
      a.raw(0x50 + e.lowRegister(), 0x58 + e.lowRegister());
      break;
    case 1:
      e.i({ opcode: [0xff], size: 4, reg: 6, rm: e.memory(), default64: true });
      e.i({ opcode: [0x8f], size: 4, reg: 0, rm: e.memory(), default64: true });
      break;
    case 2:
      a.raw(0x6a, e.value() & 0xff, 0x58 + e.lowRegister());
      break;
    case 3:
      a.raw(0x68)
        .field(e.width === 16 ? 2 : 4, e.value())
        .raw(0x58 + e.lowRegister());
      break;
    case 4:
      a.raw(0x66, 0x50 + e.lowRegister(), 0x66, 0x58 + e.lowRegister());
      break;
    case 5:
      a.raw(0xc8)
        .field(2, e.choices.below(4) * 8)
        .raw(e.choices.of([0, 0, 1, 2, 5]));
      arithmetic(e);
      // RBP may have been lost: the frame is where the stack pointer says.
      e.i({ opcode: [0x8d], size: e.word, reg: RSP, rm: { base: RSP } });
      a.raw(0xc9);
      e.move(RSP, e.stackTop);
      break;
    default:
      if (e.is64) a.raw(0x54, 0x58 + e.lowRegister());
      else a.raw(0x60, 0x61);
  }
};

const call: Statement = (e) => {
  const { a } = e;
  const routine = a.label();
  const behind = a.label();
  const reg = e.choices.of([RAX, RBX, RSI]);
  a.branch([0xe9], behind);
  a.bind(routine);
  arithmetic(e);
  if (e.choices.below(2)) a.raw(0xc3);
  else a.raw(0xc2).field(2, 0);
  a.bind(behind);
  if (e.choices.below(2)) {
    a.branch([0xe8], routine);
  } else {
    e.move(reg, routine);
    e.i({ opcode: [0xff], size: e.word, reg: 2, rm: reg, default64: true });
  }
};

const indirectJump: Statement = (e) => {
  const { a } = e;
  const target = a.label();
  const reg = e.choices.of([RAX, RBX, RSI]);
  e.move(reg, target);
  e.i({ opcode: [0xff], size: 4, reg: 4, rm: reg, default64: true });
  a.raw(0x0f, 0x0b);
  a.bind(target);
};

/** With REP or without; counts small, directions both, sometimes across pages or into one that faults. */
const strings: Statement = (e) => {
  const size = e.size();
  const op = e.choices.of([0xa4, 0xaa, 0xac, 0xa6, 0xae]);
  e.move(RSI, e.windowAddress());
  e.move(RDI, e.windowAddress());
  e.move(RCX, e.choices.of([0, 1, 2, 5, 17, 40, 300]));
  if (e.choices.rarely(4)) e.a.raw(0xfd);
  const prefix = e.choices.of([[0xf3], [0xf2], [], [0xf3]]);
  const address = e.width !== 32 && e.choices.rarely(5) ? [0x67] : [];
  e.i({ opcode: [op + w(size)], size, prefix: [...address, ...prefix] });
  e.a.raw(0xfc);
};

/** Overwrites the immediate of a MOV that is somewhere before or right behind, through one of its two addresses. */
const selfModify: Statement = (e) => {
  const size = e.choices.of([4, 1, 2] as const);
  const { immediates } = e;
  const target: Label = e.choices.below(3) === 0 || immediates.length === 0 ? e.a.label() : e.choices.of(immediates);
  const isNew = !immediates.includes(target);
  const reg = e.choices.of([RBX, RSI, RDI]);
  e.move(reg, e.dataAt(target));
  // The alias is of the low addresses: ALIAS + CODE_GPA + the offset.
  if (e.choices.rarely(3) && !e.setting.segments) {
    e.i({ opcode: [0x81], size: 4, reg: 4, rm: reg, immediate: { bytes: 4, value: CODE_BYTES - 1 } });
    e.i({ opcode: [0x81], size: 4, reg: 0, rm: reg, immediate: { bytes: 4, value: ALIAS + CODE_GPA } });
  }
  if (e.choices.rarely(3)) arithmetic(e);
  e.i({ opcode: [0xc6 + w(size)], size, reg: 0, rm: { base: reg }, immediate: e.immediate(size) });
  if (!isNew) return;
  e.move32(RAX);
  e.a.bind(target);
  e.a.field(4, e.value());
  immediates.push(target);
};

/** Data in a page of code: stores that change no instruction. */
const dataAmongCode: Statement = (e) => {
  const data = e.a.label();
  const behind = e.a.label();
  const reg = e.choices.of([RBX, RSI]);
  e.a.branch([0xe9], behind);
  e.a.bind(data);
  e.a.field(4, e.value());
  e.a.bind(behind);
  e.move(reg, e.dataAt(data));
  e.i({ opcode: [0x01], size: 4, reg: RAX, rm: { base: reg } });
};

const fault: Statement = (e) => {
  switch (e.choices.below(6)) {
    case 0:
      e.a.raw(0x0f, 0x0b);
      break;
    case 1:
      e.a.raw(0xcc);
      break;
    case 2:
      e.i({ opcode: [0x8b], size: 4, reg: e.register(), rm: { displacement: e.data(WINDOW + 0x3000) + e.choices.below(16) } });
      break;
    case 3:
      e.i({ opcode: [0x01], size: 4, reg: e.register(), rm: { displacement: e.data(WINDOW + 0x2ffc) + e.choices.below(8) } });
      break;
    case 4:
      e.a.raw(0xf4);
      break;
    default:
      if (e.is64) e.i({ opcode: [0x8b], size: 8, reg: e.register(), rm: { base: RSP, index: RAX, scale: 8 } });
      else e.a.raw(0xce);
  }
};

const time: Statement = (e) => e.a.raw(0x0f, e.choices.of([0x31, 0xa2]));

/** Ring 0: ports, paging, interrupt shadows. */
const system: Statement = (e) => {
  const { a, choices } = e;
  switch (choices.below(8)) {
    case 0:
      a.raw(0xe6, choices.of([KICK_PORT, 0x81]));
      break;
    case 1:
      a.raw(choices.of([0xe4, 0xe5]), 0x42);
      break;
    case 2:
      e.i({ opcode: [0x0f, 0x01], size: 4, reg: 7, rm: { displacement: e.windowAddress() } });
      break;
    case 3: {
      // Takes W from a page of the window, or gives it back, or clears A and D; with or without INVLPG.
      const page = choices.of([0, 1, 4, 6]);
      const bit = choices.of([2, 0x60, 2]);
      const op = choices.below(2) ? 6 : 4;
      const value = op === 6 ? bit : ~0x60;
      e.i({ opcode: [0x81], size: 4, reg: op, rm: { displacement: e.data(entryOf(e.setting, page)) }, immediate: { bytes: 4, value } });
      if (!choices.rarely(3)) e.i({ opcode: [0x0f, 0x01], size: 4, reg: 7, rm: { displacement: e.data(WINDOW + page * 0x1000) } });
      break;
    }
    case 4:
      e.move(RAX, TABLES);
      a.raw(0x0f, 0x22, 0xd8);
      break;
    case 5:
      a.raw(0x8c, 0xd0, 0x8e, 0xd0, 0xff, 0xc0);
      break;
    case 6:
      a.raw(0xfa, 0xff, 0xc1, 0xfb);
      break;
    default:
      e.i({ opcode: [0x0f, 0x20], size: 4, reg: choices.of([0, 2, 3]), rm: e.lowRegister() });
  }
};

/** Goes on at a distance from the next page's start such that what follows may lie across the boundary. */
const toPageEnd: Statement = (e) => {
  const behind = e.a.label();
  const room = 0x1000 - ((e.a.length + (e.width === 16 ? 3 : 5)) & 0xfff);
  const before = e.choices.below(12);
  if (room < before || e.a.length > CODE_BYTES - 0x3000) return;
  e.a.branch([0xe9], behind);
  e.a.raw(...new Array<number>(room - before).fill(0xcc));
  e.a.bind(behind);
};

// biome-ignore format: a table
const ORDINARY: readonly Statement[] = [
  arithmetic, arithmetic, arithmetic, moves, moves, shift, shift, conditional, conditional, unary, multiply, divide, doubleShift, bits,
  exchange, flagOperations, pushFlags, stack, call, strings, (e) => e.patchable(), selfModify, dataAmongCode, indirectJump, fault, time,
  toPageEnd,
];

const X87: readonly Statement[] = [x87, x87, x87Pushes];

/** The statements that a program chooses from. */
export const statementsOf = ({ ring, segments }: Setting): readonly Statement[] => [
  ...ORDINARY,
  ...(ring === 0 ? [system, system] : []),
  ...(segments ? SEGMENT_STATEMENTS : []),
  ...X87,
];
