// The abstract builder: every instruction's meaning is written once against it (cpu/isa), and every engine is an instance of
// it. V is an engine's value, A its address (an effective address, in the instruction's address size), C its condition.
//
// A value stands for an unsigned integer of `size` bytes; how an engine represents it is its own business. Semantics never
// look inside: a host `if` may depend only on fields of the decoded instruction. Order in a semantics function: read,
// compute, write, flags. Only what is marked "may fault" can fault; a fault leaves no effect of the instruction behind.

import type { SystemHelper } from './helpers.ts';
import type { Insn, Operand, Size } from './insn.ts';

export interface Builder<V, A, C> {
  readonly flags: Flags<V, C>;

  // ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────
  /** The signed integer `n`, taken modulo 2^(8 size). */
  constant(size: Size, n: number): V;
  add(size: Size, x: V, y: V): V;
  sub(size: Size, x: V, y: V): V;
  /** Low half of the product. */
  mul(size: Size, x: V, y: V): V;
  /** High half of the product. */
  mulHighUnsigned(size: Size, x: V, y: V): V;
  mulHighSigned(size: Size, x: V, y: V): V;
  /** high:low / divisor; #DE if the divisor is 0 or the quotient does not fit. Returns [quotient, remainder]. May fault. */
  divideUnsigned(size: Size, high: V, low: V, divisor: V): readonly [V, V];
  divideSigned(size: Size, high: V, low: V, divisor: V): readonly [V, V];
  and(x: V, y: V): V;
  or(x: V, y: V): V;
  xor(x: V, y: V): V;
  not(size: Size, x: V): V;
  /** Shifts by any count: `n` at or above the width gives 0 (or all sign bits for sar). */
  shl(size: Size, x: V, n: V): V;
  shr(size: Size, x: V, n: V): V;
  sar(size: Size, x: V, n: V): V;
  /** n modulo the constant `m`, for rotates through carry. `n` is below 64. */
  modulo(n: V, m: number): V;
  signExtend(from: Size, to: Size, x: V): V;
  /** Keeps the low `to` bytes. */
  truncate(to: Size, x: V): V;
  byteSwap(size: Size, x: V): V;
  /** Number of leading zeros within `size`; the width when x is 0. */
  countLeadingZeros(size: Size, x: V): V;
  countTrailingZeros(size: Size, x: V): V;
  populationCount(size: Size, x: V): V;

  // ── conditions ──────────────────────────────────────────────────────────────────────────────────────────────────
  isZero(x: V): C;
  equal(x: V, y: V): C;
  lessUnsigned(size: Size, x: V, y: V): C;
  lessSigned(size: Size, x: V, y: V): C;
  /** Bit `n` of x (n below the width). */
  bit(x: V, n: V): C;
  /** Bit number `n`, fixed at decode. */
  bitAt(x: V, n: number): C;
  signBit(size: Size, x: V): C;
  never(): C;
  notC(c: C): C;
  andC(x: C, y: C): C;
  orC(x: C, y: C): C;
  xorC(x: C, y: C): C;
  /** 1 or 0. */
  fromCondition(c: C): V;
  select(c: C, whenTrue: V, whenFalse: V): V;
  /** Runs `body` only if c holds; body may write and may fault. */
  when(c: C, body: () => void): void;

  // ── operands ────────────────────────────────────────────────────────────────────────────────────────────────────
  /** Zero-extended from the operand's size. May fault. */
  read(operand: Operand): V;
  /** Read of an operand that the same instruction writes back: faults as a write does (SDM vol. 3, page-fault error code). */
  modify(operand: Operand): V;
  /** Writes the low bytes of x that the operand has; a 4-byte register write clears bits 63:32. May fault. */
  write(operand: Operand, x: V): void;
  /** General register `reg` (0 … 15) as `size` bytes; size 1 means the low byte. */
  readRegister(size: Size, reg: number): V;
  writeRegister(size: Size, reg: number, x: V): void;
  /** AH … BH (reg 0 … 3). */
  readHighByte(reg: number): V;
  writeHighByte(reg: number, x: V): void;

  // ── memory ──────────────────────────────────────────────────────────────────────────────────────────────────────
  /** The effective address of a MEM operand. */
  address(operand: Operand): A;
  /** A general register as an address, in the instruction's address size. */
  registerAddress(i: Insn, reg: number): A;
  /** a + n, wrapped to the address size. */
  offset(i: Insn, a: A, n: number): A;
  /** a + x, x a signed value of `size` bytes, wrapped to the address size. */
  offsetBy(i: Insn, a: A, size: Size, x: V): A;
  /** The effective address of a MEM operand as a value, truncated to `size` (LEA): exact modulo 2^64. */
  effectiveAddress(size: Size, operand: Operand): V;
  /** Writes an address back to a register in the instruction's address size (string instructions). */
  writeRegisterAddress(i: Insn, reg: number, a: A): void;
  /** Distance of one string step, +size or -size by DF, added to the address in register `reg`. */
  advance(i: Insn, reg: number, size: Size): void;
  /** May fault. */
  load(segment: number, a: A, size: Size): V;
  /** Load with the intent to write: faults as a write. */
  loadForWrite(segment: number, a: A, size: Size): V;
  store(segment: number, a: A, size: Size, x: V): void;
  /** Faults as a write of `bytes` bytes would, and has no other effect. For what writes more than once. */
  probeWrite(segment: number, a: A, bytes: number): void;
  /** Segment base + a as `size` bytes, unchecked: for what takes an address without accessing it (INVLPG). */
  linearAddress(size: Size, segment: number, a: A): V;
  /** #GP(0) unless the effective linear address is a multiple of `bytes` (CMPXCHG16B). */
  requireAligned(segment: number, a: A, bytes: number): void;

  // ── stack: the stack pointer in the width that SS.B or 64-bit mode gives ────────────────────────────────────────
  // Semantics move it after the last access that may fault, so no engine has to put it back.
  stackPointer(): A;
  /** RBP in the stack's width. */
  framePointer(): A;
  /** sp + n, wrapped to the stack's width. */
  stackOffset(a: A, n: number): A;
  setStackPointer(a: A): void;
  /** An address in the stack's width as a value of `size` bytes. */
  stackValue(size: Size, a: A): V;

  // ── control ─────────────────────────────────────────────────────────────────────────────────────────────────────
  // A jump decides where execution goes on; what follows it in the semantics still takes effect, so a jump that may fault
  // stands before the effects.
  /** The next instruction's pointer as a value of `size` bytes. */
  nextIp(size: Size): V;
  /** Jumps by i.displacement. May fault (limit, canonical form). */
  jumpRelative(i: Insn): void;
  /** Jumps by i.displacement if c holds. */
  branchRelative(i: Insn, c: C): void;
  /** Jumps to an absolute target of `size` bytes. May fault: to be called before the effects of a CALL see checkTarget. */
  jump(size: Size, target: V): void;
  /** Faults as jump to the target would, without jumping. */
  checkTarget(size: Size, target: V): void;
  /** Same for i.displacement. */
  checkRelative(i: Insn): void;

  /**
   * One iteration, or all: without a REP prefix runs `body` once. With it, RCX (in address size) counts iterations; each is
   * an instruction boundary. For CMPS and SCAS `body` returns the condition under which REPE goes on (ZF = 1); REPNE goes on
   * under the opposite.
   */
  repeat(i: Insn, body: () => C | void): void;

  /** Raises exception `vector` (no error code, or `errorCode`). */
  raise(vector: number, errorCode?: number): void;
  raiseWhen(c: C, vector: number, errorCode?: number): void;

  /** The time-stamp counter, as its low and its high 4 bytes. May fault (CR4.TSD above CPL 0). */
  timeStamp(): readonly [V, V];
  /** Calls a system helper (cpu/system), which both engines share. Returns the helper's value, or 0. May fault. */
  system(helper: SystemHelper, i: Insn, x?: V, y?: V): V;
}

export interface Flags<V, C> {
  // whole results: CF OF SF ZF AF PF
  /** After sum = x + y, or x + y + CF. */
  add(size: Size, x: V, y: V, sum: V): void;
  /** After difference = x - y, or x - y - CF. */
  sub(size: Size, x: V, y: V, difference: V): void;
  /** As add and sub with y = 1, but CF stays. */
  inc(size: Size, x: V, result: V): void;
  dec(size: Size, x: V, result: V): void;
  /** CF = OF = AF = 0; SF ZF PF from the result. */
  logic(size: Size, result: V): void;
  /** SF ZF PF from the result, the rest as given. */
  result(size: Size, result: V, cf: C, of: C, af: C): void;
  // single flags; the others stay
  setCarry(c: C): void;
  setOverflow(c: C): void;
  setZero(c: C): void;
  setAdjust(c: C): void;
  setSign(c: C): void;
  setParity(c: C): void;
  carry(): C;
  overflow(): C;
  zero(): C;
  sign(): C;
  parity(): C;
  adjust(): C;
  /** Condition code 0 … 15 in the SDM's encoding (O, NO, B, …). */
  condition(cc: number): C;
  /** The low byte of EFLAGS as LAHF gives it. */
  lowByte(): V;
  /** Sets SF ZF AF PF CF from a byte (SAHF). */
  setLowByte(x: V): void;
  setDirection(set: boolean): void;
}

/** The meaning of one mnemonic. */
export type Semantics = <V, A, C>(b: Builder<V, A, C>, i: Insn) => void;
