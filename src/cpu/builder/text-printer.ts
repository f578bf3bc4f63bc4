// A builder that writes the semantics down as pseudo-code, one line a step, for documentation and for golden tests. Values
// get names in order, x1, x2 …, with their size in bytes after the colon; conditions and addresses stand where they are used.
//
//   x1:4 ← dst, to be written
//   x2:4 ← src
//   x3:4 ← x1 + x2
//   dst ← x3
//   flags of x1 + x2 = x3, size 4

import type { PairHelper, SystemHelper } from './helpers.ts';
import type { Builder, Semantics } from './builder.ts';
import { Rep } from './insn.ts';
import type { Insn, Operand, Size } from './insn.ts';
import { highByteName, registerName, SEGMENT_NAMES } from './register-names.ts';
import { TextFlags } from './text-flags.ts';
import type { Texts } from './text-flags.ts';

/** The pseudo-code of `semantics` for instruction `i`: lines joined by newlines, bodies indented by two spaces. */
export function printSemantics(semantics: Semantics, i: Insn): string {
  const printer = new TextPrinter(i);
  semantics(printer, i);
  return printer.lines.join('\n');
}

const signed = (n: number): string => (n < 0 ? ` - ${-n}` : ` + ${n}`);
const plus = (a: string, n: number): string => (n === 0 ? a : `${a}${signed(n)}`);

class TextPrinter implements Builder<Texts> {
  readonly lines: string[] = [];
  readonly flags = new TextFlags(
    (line) => this.line(line),
    (text) => this.name(text, 1),
  );
  private indent = '';
  private names = 0;

  constructor(private readonly insn: Insn) {}

  private line(text: string): void {
    this.lines.push(this.indent + text);
  }

  private name(text: string, size?: number): string {
    const name = `x${++this.names}`;
    this.line(`${size === undefined ? name : `${name}:${size}`} ← ${text}`);
    return name;
  }

  private block(head: string, body: () => string | void): void {
    this.line(`${head}:`);
    const outer = this.indent;
    this.indent += '  ';
    const zero = body();
    const { rep } = this.insn;
    if (zero !== undefined && rep !== Rep.NONE) this.line(`again while ${rep === Rep.REP ? zero : this.notC(zero)}`);
    this.indent = outer;
  }

  private operand(operand: Operand): string {
    const { dst, src } = this.insn;
    return operand === dst ? 'dst' : operand === src ? 'src' : 'third';
  }

  private at(segment: number, a: string, size: number): string {
    return `${SEGMENT_NAMES[segment]!}:[${a}]:${size}`;
  }

  // values
  constant(_size: Size, n: number): string {
    return String(n);
  }
  add(size: Size, x: string, y: string): string {
    return this.name(`${x} + ${y}`, size);
  }
  sub(size: Size, x: string, y: string): string {
    return this.name(`${x} - ${y}`, size);
  }
  mul(size: Size, x: string, y: string): string {
    return this.name(`low half of ${x} * ${y}`, size);
  }
  mulHighUnsigned(size: Size, x: string, y: string): string {
    return this.name(`high half of ${x} * ${y}`, size);
  }
  mulHighSigned(size: Size, x: string, y: string): string {
    return this.name(`high half of signed ${x} * ${y}`, size);
  }
  divideUnsigned(size: Size, high: string, low: string, divisor: string): readonly [string, string] {
    return this.divide(size, `(${high}:${low})`, divisor);
  }
  divideSigned(size: Size, high: string, low: string, divisor: string): readonly [string, string] {
    return this.divide(size, `signed (${high}:${low})`, divisor);
  }
  private divide(size: Size, dividend: string, divisor: string): readonly [string, string] {
    return [this.name(`${dividend} / ${divisor}, or #DE`, size), this.name(`${dividend} mod ${divisor}`, size)];
  }
  and(x: string, y: string): string {
    return this.name(`${x} and ${y}`);
  }
  or(x: string, y: string): string {
    return this.name(`${x} or ${y}`);
  }
  xor(x: string, y: string): string {
    return this.name(`${x} xor ${y}`);
  }
  not(size: Size, x: string): string {
    return this.name(`not ${x}`, size);
  }
  shl(size: Size, x: string, n: string): string {
    return this.name(`${x} << ${n}`, size);
  }
  shr(size: Size, x: string, n: string): string {
    return this.name(`${x} >> ${n}`, size);
  }
  sar(size: Size, x: string, n: string): string {
    return this.name(`signed ${x} >> ${n}`, size);
  }
  modulo(n: string, m: number): string {
    return this.name(`${n} mod ${m}`, 1);
  }
  signExtend(from: Size, to: Size, x: string): string {
    return this.name(`${x} sign-extended from ${from}`, to);
  }
  truncate(to: Size, x: string): string {
    return this.name(`${x} truncated`, to);
  }
  byteSwap(size: Size, x: string): string {
    return this.name(`bytes of ${x} reversed`, size);
  }
  countLeadingZeros(size: Size, x: string): string {
    return this.name(`leading zeros of ${x}`, size);
  }
  countTrailingZeros(size: Size, x: string): string {
    return this.name(`trailing zeros of ${x}`, size);
  }
  populationCount(size: Size, x: string): string {
    return this.name(`ones in ${x}`, size);
  }

  // conditions
  isZero(x: string): string {
    return `${x} = 0`;
  }
  equal(x: string, y: string): string {
    return `${x} = ${y}`;
  }
  lessUnsigned(_size: Size, x: string, y: string): string {
    return `${x} < ${y}`;
  }
  lessSigned(_size: Size, x: string, y: string): string {
    return `signed ${x} < ${y}`;
  }
  bit(x: string, n: string): string {
    return `bit ${n} of ${x}`;
  }
  bitAt(x: string, n: number): string {
    return `bit ${n} of ${x}`;
  }
  signBit(size: Size, x: string): string {
    return `bit ${8 * size - 1} of ${x}`;
  }
  never(): string {
    return 'false';
  }
  notC(c: string): string {
    return c === 'false' ? 'true' : `not (${c})`;
  }
  andC(x: string, y: string): string {
    return `(${x}) and (${y})`;
  }
  orC(x: string, y: string): string {
    return `(${x}) or (${y})`;
  }
  xorC(x: string, y: string): string {
    return `(${x}) xor (${y})`;
  }
  fromCondition(c: string): string {
    return this.name(`1 if ${c} else 0`, 1);
  }
  select(c: string, whenTrue: string, whenFalse: string): string {
    return this.name(`${whenTrue} if ${c} else ${whenFalse}`);
  }
  when(c: string, body: () => void): void {
    this.block(`if ${c}`, body);
  }

  // operands
  read(operand: Operand): string {
    return this.name(this.operand(operand), operand.size);
  }
  readForWrite(operand: Operand): string {
    return this.name(`${this.operand(operand)}, to be written`, operand.size);
  }
  write(operand: Operand, x: string): void {
    this.line(`${this.operand(operand)} ← ${x}`);
  }
  readRegister(size: Size, reg: number): string {
    return this.name(registerName(size, reg), size);
  }
  writeRegister(size: Size, reg: number, x: string): void {
    this.line(`${registerName(size, reg)} ← ${x}`);
  }
  readHighByte(reg: number): string {
    return this.name(highByteName(reg), 1);
  }
  writeHighByte(reg: number, x: string): void {
    this.line(`${highByteName(reg)} ← ${x}`);
  }

  // memory
  address(operand: Operand): string {
    return `address of ${this.operand(operand)}`;
  }
  registerAddress(i: Insn, reg: number): string {
    return registerName(i.addressSize, reg);
  }
  offset(_i: Insn, a: string, n: number): string {
    return plus(a, n);
  }
  offsetBy(_i: Insn, a: string, _size: Size, x: string): string {
    return `${a} + signed ${x}`;
  }
  effectiveAddress(size: Size, operand: Operand): string {
    return this.name(this.address(operand), size);
  }
  writeRegisterAddress(i: Insn, reg: number, a: string): void {
    this.line(`${registerName(i.addressSize, reg)} ← ${a}`);
  }
  advance(i: Insn, reg: number, size: Size): void {
    const name = registerName(i.addressSize, reg);
    this.line(`${name} ← ${name} + ${size}, or - ${size} if DF`);
  }
  load(segment: number, a: string, size: Size): string {
    return this.name(this.at(segment, a, size), size);
  }
  loadForWrite(segment: number, a: string, size: Size): string {
    return this.name(`${this.at(segment, a, size)}, to be written`, size);
  }
  store(segment: number, a: string, size: Size, x: string): void {
    this.line(`${this.at(segment, a, size)} ← ${x}`);
  }
  probeWrite(segment: number, a: string, bytes: number): void {
    this.line(`probe ${this.at(segment, a, bytes)} for writing`);
  }
  linearAddress(size: Size, segment: number, a: string): string {
    return this.name(`linear address of ${SEGMENT_NAMES[segment]!}:[${a}]`, size);
  }
  requireAligned(segment: number, a: string, bytes: number): void {
    this.line(`#GP(0) unless ${SEGMENT_NAMES[segment]!}:[${a}] is a multiple of ${bytes}`);
  }

  // stack
  stackPointer(): string {
    return 'sp';
  }
  framePointer(): string {
    return 'bp';
  }
  stackOffset(a: string, n: number): string {
    return plus(a, n);
  }
  setStackPointer(a: string): void {
    this.line(`sp ← ${a}`);
  }
  stackValue(size: Size, a: string): string {
    return this.name(a, size);
  }

  // control
  nextIp(size: Size): string {
    return this.name('next instruction', size);
  }
  jumpRelative(_i: Insn): void {
    this.line('jump by displacement');
  }
  branchRelative(_i: Insn, c: string): void {
    this.line(`jump by displacement if ${c}`);
  }
  jump(size: Size, target: string): void {
    this.line(`jump to ${target}:${size}`);
  }
  checkTarget(size: Size, target: string): void {
    this.line(`#GP(0) unless ${target}:${size} can be jumped to`);
  }
  checkRelative(_i: Insn): void {
    this.line('#GP(0) unless the displacement can be jumped by');
  }
  repeat(i: Insn, body: () => string | void): void {
    this.block(i.rep === Rep.NONE ? 'once' : `while ${registerName(i.addressSize, 1)} counts down`, body);
  }
  raise(vector: number, errorCode?: number): void {
    this.line(`raise ${errorCode === undefined ? vector : `${vector}(${errorCode})`}`);
  }
  raiseWhen(c: string, vector: number, errorCode?: number): void {
    this.when(c, () => this.raise(vector, errorCode));
  }
  timeStamp(): [string, string] {
    return [this.name('low half of the TSC'), this.name('high half of the TSC')];
  }
  systemPair(helper: PairHelper): [string, string] {
    return [this.name(`first of ${helper}()`), this.name(`second of ${helper}()`)];
  }
  system(helper: SystemHelper, _i: Insn, x?: string, y?: string): string {
    return this.name(`${helper}(${[x, y].filter((value) => value !== undefined).join(', ')})`);
  }
}
