// The functions of a module that is written by hand (expression.ts), by name. A function may call those defined before it.

import { Code } from './code.ts';
import type { Callee } from './code.ts';
import type { Local } from './expression.ts';
import type { DefinedFunction, ImportedFunction } from './module.ts';
import type { ValueType } from './opcodes.ts';

export class Program {
  readonly functions: DefinedFunction[] = [];

  constructor(readonly imports: readonly ImportedFunction[] = []) {}

  /** A function that the others of the module can call. */
  define(parameters: readonly ValueType[], results: readonly ValueType[], write: (code: Code, ...parameters: Local[]) => void): Callee {
    const type = { parameters, results };
    const code = new Code(type);
    write(code, ...code.parameters);
    code.body.op('unreachable');
    this.functions.push({ type, body: code.body });
    return { index: this.imports.length + this.functions.length - 1, type };
  }

  /** One that is exported too. */
  export(
    name: string,
    parameters: readonly ValueType[],
    results: readonly ValueType[],
    write: (code: Code, ...parameters: Local[]) => void,
  ): Callee {
    const callee = this.define(parameters, results, write);
    this.expose(name, callee);
    return callee;
  }

  /** Exports a function that is defined. */
  expose(name: string, { index }: Callee): void {
    const at = index - this.imports.length;
    this.functions[at] = { ...this.functions[at]!, exportAs: name };
  }
}
