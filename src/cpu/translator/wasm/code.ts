// The statements of a function that is written by hand.

import { Expression, Local, termOf } from './expression.ts';
import type { Term } from './expression.ts';
import { FunctionBody } from './function-body.ts';
import type { FunctionType } from './module.ts';
import type { MemoryOpName } from './opcodes.ts';

/** A function of the module, to be called. */
export interface Callee {
  readonly index: number;
  readonly type: FunctionType;
}

/** The statements of one function. It ends in a return on every way. */
export class Code {
  readonly body: FunctionBody;
  readonly parameters: readonly Local[];

  constructor(readonly type: FunctionType) {
    this.body = new FunctionBody(type.parameters);
    this.parameters = type.parameters.map((parameter, n) => new Local(parameter, n));
  }

  /** A new local of that value. */
  let(value: Expression): Local {
    const local = new Local(value.type, this.body.local(value.type));
    this.set(local, value);
    return local;
  }

  set(local: Local, value: Term): void {
    termOf(value, local.type).emit(this.body);
    this.body.set(local.index);
  }

  if(condition: Expression, then: () => void, otherwise?: () => void): void {
    condition.emit(this.body);
    this.body.if();
    then();
    if (otherwise) {
      this.body.else();
      otherwise();
    }
    this.body.end();
  }

  return(...values: readonly Term[]): void {
    values.forEach((value, n) => termOf(value, this.type.results[n]!).emit(this.body));
    this.body.op('return');
  }

  returnWhen(condition: Expression, ...values: readonly Term[]): void {
    this.if(condition, () => this.return(...values));
  }

  private push(callee: Callee, values: readonly Term[]): void {
    values.forEach((value, n) => termOf(value, callee.type.parameters[n]!).emit(this.body));
    this.body.call(callee.index);
  }

  /** The results, each in a new local. */
  call(callee: Callee, ...values: readonly Term[]): readonly Local[] {
    this.push(callee, values);
    const results = callee.type.results.map((type) => new Local(type, this.body.local(type)));
    for (const { index } of [...results].reverse()) this.body.set(index);
    return results;
  }

  /** Returns what the callee returns. */
  returnCall(callee: Callee, ...values: readonly Term[]): void {
    this.push(callee, values);
    this.body.op('return');
  }

  load(op: MemoryOpName, address: Expression, offset: number): Expression {
    return new Expression(op.startsWith('i32') ? 'i32' : 'i64', (body) => {
      address.emit(body);
      body.memory(op, offset);
    });
  }

  store(op: MemoryOpName, address: Expression, offset: number, value: Term): void {
    address.emit(this.body);
    termOf(value, op.startsWith('i32') ? 'i32' : 'i64').emit(this.body);
    this.body.memory(op, offset);
  }
}
