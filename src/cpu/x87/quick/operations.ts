// Quick instructions that compute: their registers and operands in memory, the exact functions, and what becomes of the stack.

import { VCPU_STATE } from '../../../base/state/vcpu.ts';
import { Status } from '../../arch/x87-status.ts';
import { DE } from '../../float/environment.ts';
import type { defineExactCore } from '../../float/core/index.ts';
import { raised } from '../../float/core/outcome.ts';
import type { Callee, Code } from '../../translator/wasm/code.ts';
import { i32, i64 } from '../../translator/wasm/expression.ts';
import type { Expression, Local } from '../../translator/wasm/expression.ts';
import type { Program } from '../../translator/wasm/program.ts';
import { DONE, FormBits, QUICK_TYPE } from './form.ts';
import { Stack } from './registers.ts';

export type ExactCore = ReturnType<typeof defineExactCore>;
type Number80 = readonly [Local, Local];

const CONDITIONS = Status.C0 | Status.C2 | Status.C3;

/** A quick instruction by that name. */
export const quick = (program: Program, name: string, write: (code: Code, stack: Stack, x: Local, y: Local) => void): Callee =>
  program.export(name, QUICK_TYPE.parameters, QUICK_TYPE.results, (code, cpu, form, rip, x, y) =>
    write(code, new Stack(code, cpu!, form!, rip!), x!, y!),
  );

export const bytesOf = ({ form }: Stack): Expression => form.shr(FormBits.BYTES).and(15);

/** No result: the exception is not masked. */
const refuseWithout = (stack: Stack, outcome: Local): void => stack.refuseWhen(outcome.isNegative().isZero());

/** x, of the operand's bytes, with its sign. */
export const signedOperand = (stack: Stack, x: Local): Expression => {
  const unused = i32(64).sub(bytesOf(stack).shl(3)).extend();
  return x.shl(unused).sar(unused);
};

/** What an operand may be: a register, single or double precision, or an integer. By the ending of the instruction's name. */
export const SOURCES = ['', 'Real', 'Integer'] as const;
type Source = (typeof SOURCES)[number];

/** Refuses denormals of the memory's format, whose exception ranks among those of the operation. */
function sourceOf(code: Code, stack: Stack, source: Source, core: ExactCore, x: Local): Number80 {
  if (source === '') {
    const slot = stack.src;
    stack.requireFull(slot);
    return stack.read(slot);
  }
  if (source === 'Integer') return code.call(core.fromInteger, signedOperand(stack, x)) as unknown as Number80;
  const significand = code.let(i64(0n));
  const word = code.let(i32(0));
  const take = (callee: Callee) => (): void => {
    const [first, second] = code.call(callee, x) as unknown as Number80;
    code.set(significand, first);
    code.set(word, second);
  };
  code.if(bytesOf(stack).eq(8), take(core.double.widen), take(core.single.widen));
  stack.refuseWhen(word.and(raised(DE)));
  return [significand, word];
}

/** dst = dst op src, or src op dst. */
function defineBinary(program: Program, core: ExactCore, name: 'add' | 'sub' | 'mul' | 'div', isReversed: boolean, source: Source): void {
  quick(program, `${name}${isReversed ? 'R' : ''}${source}`, (code, stack, x, y) => {
    const to = stack.dst;
    stack.requireFull(to);
    const a = stack.read(to);
    const b = sourceOf(code, stack, source, core, x);
    const operands = isReversed ? [...b, ...a] : [...a, ...b];
    const [significand, outcome] = code.call(core[name], ...operands, stack.control) as unknown as Number80;
    refuseWithout(stack, outcome);
    stack.write(to, [significand, outcome]);
    stack.report(outcome);
    stack.pop();
    stack.finish(y);
    code.return(DONE);
  });
}

function defineComparison(program: Program, core: ExactCore, name: string, source: Source | 'Zero', quiet: 0 | 1): void {
  quick(program, name, (code, stack, x, y) => {
    const top = stack.slot(0);
    stack.requireFull(top);
    const b = source === 'Zero' ? [i64(0n), i32(0)] : sourceOf(code, stack, source, core, x);
    const [outcome] = code.call(core.compare, ...stack.read(top), ...b, stack.control, i32(quiet)) as [Local];
    refuseWithout(stack, outcome);
    stack.report(outcome, outcome.and(CONDITIONS));
    stack.pop();
    stack.finish(y);
    code.return(DONE);
  });
}

/** ST(0) = op ST(0). */
function defineUnary(program: Program, name: string, callee: Callee): void {
  quick(program, name, (code, stack, _x, y) => {
    const top = stack.slot(0);
    stack.requireFull(top);
    const [significand, outcome] = code.call(callee, ...stack.read(top), stack.control) as unknown as Number80;
    refuseWithout(stack, outcome);
    stack.write(top, [significand, outcome]);
    stack.report(outcome);
    stack.finish(y);
    code.return(DONE);
  });
}

/** ST(0) in a format of memory: x87Value. */
function defineConversion(program: Program, name: string, convert: (code: Code, stack: Stack, number: Number80) => Number80): void {
  program.export(name, QUICK_TYPE.parameters, QUICK_TYPE.results, (code, cpu, form, rip) => {
    const stack = new Stack(code, cpu!, form!, rip!);
    const top = stack.slot(0);
    stack.requireFull(top);
    const [value, outcome] = convert(code, stack, stack.read(top));
    refuseWithout(stack, outcome);
    code.store('i64.store', cpu!, VCPU_STATE.offset.x87Value, value);
    code.return(outcome);
  });
}

const TOWARD_ZERO = 0xc00;

export function defineOperations(program: Program, core: ExactCore): void {
  for (const source of SOURCES) {
    for (const name of ['add', 'mul'] as const) defineBinary(program, core, name, false, source);
    for (const name of ['sub', 'div'] as const)
      for (const isReversed of [false, true]) defineBinary(program, core, name, isReversed, source);
    defineComparison(program, core, `compare${source}`, source, 0);
  }
  defineComparison(program, core, 'compareQuiet', '', 1);
  defineComparison(program, core, 'compareZero', 'Zero', 0);
  defineUnary(program, 'sqrt', core.sqrt);
  defineUnary(program, 'roundToInteger', core.roundToInteger);
  defineConversion(program, 'toReal', (code, stack, number) => {
    const value = code.let(i64(0n));
    const outcome = code.let(i32(0));
    const by = (callee: Callee) => (): void => {
      const [first, second] = code.call(callee, ...number, stack.control) as unknown as Number80;
      code.set(value, first);
      code.set(outcome, second);
    };
    code.if(bytesOf(stack).eq(8), by(core.double.store), by(core.single.store));
    return [value, outcome];
  });
  const toInteger = (mode: number) => (code: Code, stack: Stack, number: Number80) =>
    code.call(core.toInteger, ...number, bytesOf(stack).shl(3), stack.control.or(mode)) as unknown as Number80;
  defineConversion(program, 'toInteger', toInteger(0));
  defineConversion(program, 'toTruncated', toInteger(TOWARD_ZERO));
}
