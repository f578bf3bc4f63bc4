// The body of one WebAssembly function while it is written. Labels are depths counted from the outside, so that code can name a
// target without knowing its own depth.

import { ByteWriter } from './byte-writer.ts';
import { BulkOp, Control, MemoryOp, Op, ValType } from './opcodes.ts';
import type { MemoryOpName, OpName, Type, ValueType } from './opcodes.ts';

/** A construct that can be branched to: its depth, the function's own body being 0. */
export type Label = number;

export class FunctionBody {
  private code = new ByteWriter();
  private head = new ByteWriter();
  /** What stands before `code`: written already, or to be written at the end. */
  private readonly before: (ByteWriter | (() => void))[] = [];
  private readonly locals: ValueType[] = [];
  private depth = 0;

  /** `parameters` are the first locals. */
  constructor(private readonly parameters: readonly ValueType[]) {}

  /** A new local, zero at the start. */
  local(type: ValueType): number {
    this.locals.push(type);
    return this.parameters.length + this.locals.length - 1;
  }

  op(...names: readonly OpName[]): this {
    for (const name of names) this.code.u8(Op[name]);
    return this;
  }

  i32(value: number): this {
    this.code.u8(Control.i32Const).s32(value);
    return this;
  }

  i64(value: bigint): this {
    this.code.u8(Control.i64Const).s64(value);
    return this;
  }

  get(local: number): this {
    this.code.u8(Control.localGet).u32(local);
    return this;
  }

  set(local: number): this {
    this.code.u8(Control.localSet).u32(local);
    return this;
  }

  tee(local: number): this {
    this.code.u8(Control.localTee).u32(local);
    return this;
  }

  memory(name: MemoryOpName, offset = 0): this {
    this.code.u8(MemoryOp[name]).u32(0).u32(offset);
    return this;
  }

  /** Copies as if by way of a buffer. On the stack: where to, where from, bytes. */
  copyMemory(): this {
    this.code.u8(BulkOp.prefix);
    for (const byte of BulkOp.copyMemory) this.code.u8(byte);
    return this;
  }

  call(index: number): this {
    this.code.u8(Control.call).u32(index);
    return this;
  }

  /** Calls through table 0 a function of type `typeIndex`; the index is on the stack. */
  callIndirect(typeIndex: number): this {
    this.code.u8(Control.callIndirect).u32(typeIndex).u32(0);
    return this;
  }

  block(result?: Type): Label {
    return this.open(Control.block, result);
  }

  loop(): Label {
    return this.open(Control.loop);
  }

  /** The condition is on the stack. */
  if(result?: Type): Label {
    return this.open(Control.if, result);
  }

  else(): this {
    return this.op('else');
  }

  end(): this {
    this.depth--;
    return this.op('end');
  }

  private open(opcode: number, result?: Type): Label {
    this.code.u8(opcode).u8(result ? ValType[result] : Control.empty);
    return ++this.depth;
  }

  br(label: Label): this {
    this.code.u8(Control.br).u32(this.depth - label);
    return this;
  }

  brIf(label: Label): this {
    this.code.u8(Control.brIf).u32(this.depth - label);
    return this;
  }

  /** Branches to labels[n], n being on the stack; `otherwise` beyond. */
  brTable(labels: readonly Label[], otherwise: Label): this {
    this.code.u8(Control.brTable).u32(labels.length);
    for (const label of labels) this.code.u32(this.depth - label);
    this.code.u32(this.depth - otherwise);
    return this;
  }

  /** Emits what stands before everything emitted so far, outside of all labels. */
  prologue(emit: () => void): void {
    const main = this.code;
    this.code = this.head;
    emit();
    this.code = main;
  }

  /** What `emit` emits stands here, but is emitted at the end. It is to use no label. */
  later(emit: () => void): void {
    this.before.push(this.code, emit);
    this.code = new ByteWriter();
  }

  /** Bytes of code so far. */
  get size(): number {
    return this.before.reduce((sum, part) => sum + (part instanceof ByteWriter ? part.length : 0), this.head.length + this.code.length);
  }

  /** The code, with what was put off. */
  private assemble(): ByteWriter {
    const whole = new ByteWriter();
    const { code } = this;
    for (const part of this.before) {
      if (part instanceof ByteWriter) {
        whole.raw(part.finish());
      } else {
        this.code = whole;
        part();
      }
    }
    this.code = code;
    return whole.raw(code.finish());
  }

  /** The entry of the code section: size, locals, code. */
  finish(): ByteWriter {
    const code = this.assemble();
    const entry = new ByteWriter();
    entry.u32(this.locals.length);
    for (const type of this.locals) entry.u32(1).u8(ValType[type]);
    entry.raw(this.head.finish()).raw(code.finish()).u8(Op.end);
    return entry;
  }
}
