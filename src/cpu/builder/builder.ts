// The abstract builder. Every instruction's meaning is written once against it (cpu/isa), and every engine implements it.
//
// A value stands for an unsigned integer of `size` bytes; how an engine represents it is its own business. Semantics never
// look inside: a host `if` may depend only on fields of the decoded instruction. Order in a semantics function: read,
// compute, write, flags. Only what is marked "may fault" can fault; a fault leaves no effect of the instruction behind.

import type { PairHelper, SystemHelper } from './helpers.ts';
import type { Insn, Operand, Size } from './insn.ts';
import type { Repeated } from './repeated.ts';

/** The types that an engine computes with: numbers, bigints, WebAssembly locals, text. `Builder` is generic over them. */
export interface Values {
  readonly value: unknown;
  /** An effective address, in the instruction's address size. */
  readonly address: unknown;
  readonly condition: unknown;
}

export interface Builder<T extends Values> {
  readonly flags: Flags<T>;

  // ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────
  /** The signed integer `n`, taken modulo 2^(8 size). */
  constant(size: Size, n: number): T['value'];
  add(size: Size, x: T['value'], y: T['value']): T['value'];
  sub(size: Size, x: T['value'], y: T['value']): T['value'];
  /** Low half of the product. */
  mul(size: Size, x: T['value'], y: T['value']): T['value'];
  /** High half of the product. */
  mulHighUnsigned(size: Size, x: T['value'], y: T['value']): T['value'];
  mulHighSigned(size: Size, x: T['value'], y: T['value']): T['value'];
  /** high:low / divisor; #DE if the divisor is 0 or the quotient does not fit. Returns [quotient, remainder]. May fault. */
  divideUnsigned(size: Size, high: T['value'], low: T['value'], divisor: T['value']): readonly [T['value'], T['value']];
  divideSigned(size: Size, high: T['value'], low: T['value'], divisor: T['value']): readonly [T['value'], T['value']];
  and(x: T['value'], y: T['value']): T['value'];
  or(x: T['value'], y: T['value']): T['value'];
  xor(x: T['value'], y: T['value']): T['value'];
  not(size: Size, x: T['value']): T['value'];
  /** Shifts by any count: `n` at or above the width gives 0 (or all sign bits for sar). */
  shl(size: Size, x: T['value'], n: T['value']): T['value'];
  shr(size: Size, x: T['value'], n: T['value']): T['value'];
  sar(size: Size, x: T['value'], n: T['value']): T['value'];
  /** n modulo the constant `m`, for rotates through carry. `n` is below 64. */
  modulo(n: T['value'], m: number): T['value'];
  signExtend(from: Size, to: Size, x: T['value']): T['value'];
  /** Keeps the low `to` bytes. */
  truncate(to: Size, x: T['value']): T['value'];
  byteSwap(size: Size, x: T['value']): T['value'];
  /** Number of leading zeros within `size`; the width when x is 0. */
  countLeadingZeros(size: Size, x: T['value']): T['value'];
  countTrailingZeros(size: Size, x: T['value']): T['value'];
  populationCount(size: Size, x: T['value']): T['value'];

  // ── conditions ──────────────────────────────────────────────────────────────────────────────────────────────────
  isZero(x: T['value']): T['condition'];
  equal(x: T['value'], y: T['value']): T['condition'];
  lessUnsigned(size: Size, x: T['value'], y: T['value']): T['condition'];
  lessSigned(size: Size, x: T['value'], y: T['value']): T['condition'];
  /** Bit `n` of x (n below the width). */
  bit(x: T['value'], n: T['value']): T['condition'];
  /** Bit number `n`, fixed at decode. */
  bitAt(x: T['value'], n: number): T['condition'];
  signBit(size: Size, x: T['value']): T['condition'];
  never(): T['condition'];
  notC(c: T['condition']): T['condition'];
  andC(x: T['condition'], y: T['condition']): T['condition'];
  orC(x: T['condition'], y: T['condition']): T['condition'];
  xorC(x: T['condition'], y: T['condition']): T['condition'];
  /** 1 or 0. */
  fromCondition(c: T['condition']): T['value'];
  select(c: T['condition'], whenTrue: T['value'], whenFalse: T['value']): T['value'];
  /** Runs `body` only if c holds; body may write and may fault. */
  when(c: T['condition'], body: () => void): void;

  // ── operands ────────────────────────────────────────────────────────────────────────────────────────────────────
  /** Zero-extended from the operand's size. May fault. */
  read(operand: Operand): T['value'];
  /** Reads an operand that the same instruction writes back: faults as a write does (SDM vol. 3, page-fault error code). */
  readForWrite(operand: Operand): T['value'];
  /** Writes the low bytes of x that the operand has; a 4-byte register write clears bits 63:32. May fault. */
  write(operand: Operand, x: T['value']): void;
  /** General register `reg` (0 … 15) as `size` bytes; size 1 means the low byte. */
  readRegister(size: Size, reg: number): T['value'];
  writeRegister(size: Size, reg: number, x: T['value']): void;
  /** AH … BH (reg 0 … 3). */
  readHighByte(reg: number): T['value'];
  writeHighByte(reg: number, x: T['value']): void;

  // ── memory ──────────────────────────────────────────────────────────────────────────────────────────────────────
  /** The effective address of a MEM operand. */
  address(operand: Operand): T['address'];
  /** A general register as an address, in the instruction's address size. */
  registerAddress(i: Insn, reg: number): T['address'];
  /** a + n, wrapped to the address size. */
  offset(i: Insn, a: T['address'], n: number): T['address'];
  /** a + x, x a signed value of `size` bytes, wrapped to the address size. */
  offsetBy(i: Insn, a: T['address'], size: Size, x: T['value']): T['address'];
  /** The effective address of a MEM operand as a value, truncated to `size` (LEA): exact modulo 2^64. */
  effectiveAddress(size: Size, operand: Operand): T['value'];
  /** Writes an address back to a register in the instruction's address size (string instructions). */
  writeRegisterAddress(i: Insn, reg: number, a: T['address']): void;
  /** Moves the address in register `reg` by one string step: by size, or by -size if DF is set. */
  advance(i: Insn, reg: number, size: Size): void;
  /** May fault. */
  load(segment: number, a: T['address'], size: Size): T['value'];
  /** Loads with the intent to write: faults as a write does. */
  loadForWrite(segment: number, a: T['address'], size: Size): T['value'];
  store(segment: number, a: T['address'], size: Size, x: T['value']): void;
  /** Faults as a write of `bytes` bytes would, and has no other effect. For what writes more than once. */
  probeWrite(segment: number, a: T['address'], bytes: number): void;
  /** Segment base + a as `size` bytes, unchecked: for instructions that take an address without accessing it (INVLPG). */
  linearAddress(size: Size, segment: number, a: T['address']): T['value'];
  /** #GP(0) unless the effective linear address is a multiple of `bytes` (CMPXCHG16B). */
  requireAligned(segment: number, a: T['address'], bytes: number): void;

  // ── stack: the stack pointer in the width that SS.B or 64-bit mode gives ────────────────────────────────────────
  // Semantics move it after the last access that may fault, so no engine has to put it back.
  stackPointer(): T['address'];
  /** RBP in the stack's width. */
  framePointer(): T['address'];
  /** sp + n, wrapped to the stack's width. */
  stackOffset(a: T['address'], n: number): T['address'];
  setStackPointer(a: T['address']): void;
  /** An address in the stack's width as a value of `size` bytes. */
  stackValue(size: Size, a: T['address']): T['value'];

  // ── control ─────────────────────────────────────────────────────────────────────────────────────────────────────
  // A jump decides where execution goes on. What follows it in the semantics still takes effect, so a jump that may fault
  // stands before the effects.
  /** The next instruction's pointer as a value of `size` bytes. */
  nextIp(size: Size): T['value'];
  /** Jumps by i.displacement. May fault (limit, canonical form). */
  jumpRelative(i: Insn): void;
  /** Jumps by i.displacement if c holds. */
  branchRelative(i: Insn, c: T['condition']): void;
  /** Jumps to an absolute target of `size` bytes. May fault: a CALL asks checkTarget before its effects. */
  jump(size: Size, target: T['value']): void;
  /** Faults as jump to the target would, without jumping. */
  checkTarget(size: Size, target: T['value']): void;
  /** Same for i.displacement. */
  checkRelative(i: Insn): void;

  /**
   * Runs `body` once without a REP prefix. With one, RCX (in address size) counts iterations, and after each comes an instruction
   * boundary. For CMPS and SCAS `body` returns the condition under which REPE goes on (ZF = 1); REPNE goes on under the opposite.
   * `kind` says what `body` does, if it is something that may be done for many iterations at once.
   */
  repeat(i: Insn, body: () => T['condition'] | void, kind?: Repeated): void;

  /** Raises exception `vector` (no error code, or `errorCode`). */
  raise(vector: number, errorCode?: number): void;
  raiseWhen(c: T['condition'], vector: number, errorCode?: number): void;

  /** The time-stamp counter, as its low and its high 4 bytes. May fault (CR4.TSD above CPL 0). */
  timeStamp(): readonly [T['value'], T['value']];
  /** Calls a system helper (cpu/system), which both engines share. Returns the helper's value, or 0. May fault. */
  system(helper: SystemHelper, i: Insn, x?: T['value'], y?: T['value']): T['value'];
  /** Calls a helper that gives two values. May fault. */
  systemPair(helper: PairHelper, i: Insn): readonly [T['value'], T['value']];
}

export interface Flags<T extends Values> {
  // whole results: CF OF SF ZF AF PF
  /** After sum = x + y, or x + y + CF. */
  add(size: Size, x: T['value'], y: T['value'], sum: T['value']): void;
  /** After difference = x - y, or x - y - CF. */
  sub(size: Size, x: T['value'], y: T['value'], difference: T['value']): void;
  /** As add and sub with y = 1, but CF stays. */
  inc(size: Size, x: T['value'], result: T['value']): void;
  dec(size: Size, x: T['value'], result: T['value']): void;
  /** CF = OF = AF = 0; SF ZF PF from the result. */
  logic(size: Size, result: T['value']): void;
  /** SF ZF PF from the result, the rest as given. */
  result(size: Size, result: T['value'], cf: T['condition'], of: T['condition'], af: T['condition']): void;
  // single flags; the others stay
  setCarry(c: T['condition']): void;
  setOverflow(c: T['condition']): void;
  setZero(c: T['condition']): void;
  setAdjust(c: T['condition']): void;
  setSign(c: T['condition']): void;
  setParity(c: T['condition']): void;
  carry(): T['condition'];
  overflow(): T['condition'];
  zero(): T['condition'];
  sign(): T['condition'];
  parity(): T['condition'];
  adjust(): T['condition'];
  /** Condition code 0 … 15 in the SDM's encoding (O, NO, B, …). */
  condition(cc: number): T['condition'];
  /** The low byte of EFLAGS as LAHF gives it. */
  lowByte(): T['value'];
  /** Sets SF ZF AF PF CF from a byte (SAHF). */
  setLowByte(x: T['value']): void;
  setDirection(set: boolean): void;
}

/** The meaning of one mnemonic. */
export type Semantics = <T extends Values>(b: Builder<T>, i: Insn) => void;
