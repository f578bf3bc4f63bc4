// Quick instructions that load, move and exchange registers, and those of the control and status word.

import { VCPU_STATE } from '../../../base/state/vcpu.ts';
import { CR0 } from '../../arch/control-bits.ts';
import { EXCEPTIONS, Status } from '../../arch/x87-status.ts';
import { DE } from '../../float/environment.ts';
import { SIGN } from '../../float/core/outcome.ts';
import type { Callee, Code } from '../../translator/wasm/code.ts';
import { i32, i64 } from '../../translator/wasm/expression.ts';
import type { Expression, Local } from '../../translator/wasm/expression.ts';
import type { Program } from '../../translator/wasm/program.ts';
import { DONE, QUICK_TYPE, REFUSED } from './form.ts';
import { bytesOf, quick, signedOperand } from './operations.ts';
import type { ExactCore } from './operations.ts';
import type { Content, Stack } from './registers.ts';

const { offset } = VCPU_STATE;

type Loaded = readonly [...Content, Expression | null];

/** Pushes what `load` gives: significand, word, outcome. */
function definePush(program: Program, name: string, load: (code: Code, stack: Stack, x: Local) => Loaded): void {
  quick(program, name, (code, stack, x, y) => {
    const below = stack.slot(-1);
    stack.requireEmpty(below);
    const [significand, word, outcome] = load(code, stack, x);
    stack.write(below, [significand, word]);
    stack.fill(below);
    stack.moveTop(-1);
    stack.report(outcome);
    stack.finish(y);
    code.return(DONE);
  });
}

function defineLoads(program: Program, core: ExactCore): void {
  definePush(program, 'load', (_code, stack) => {
    const from = stack.src;
    stack.requireFull(from);
    return [...stack.read(from), null];
  });
  // a denormal is loaded even if DE is not masked
  definePush(program, 'loadReal', (code, stack, x) => {
    const significand = code.let(i64(0n));
    const outcome = code.let(i32(0));
    const by = (callee: Callee) => (): void => {
      const [first, second] = code.call(callee, x, stack.control.or(DE)) as [Local, Local];
      code.set(significand, first);
      code.set(outcome, second);
    };
    code.if(bytesOf(stack).eq(8), by(core.double.load), by(core.single.load));
    stack.refuseWhen(outcome.isNegative().isZero());
    return [significand, outcome, outcome];
  });
  definePush(program, 'loadInteger', (code, stack, x) => {
    const [significand, word] = code.call(core.fromInteger, signedOperand(stack, x)) as [Local, Local];
    return [significand, word, null];
  });
  definePush(program, 'loadZero', () => [i64(0n), i32(0), null]);
  definePush(program, 'loadOne', () => [i64(1n << 63n), i32(0x3fff), null]);
}

function defineMoves(program: Program): void {
  quick(program, 'store', (code, stack, _x, y) => {
    const top = stack.slot(0);
    const to = stack.dst;
    stack.requireFull(top);
    stack.write(to, stack.read(top));
    stack.fill(to);
    stack.report(null);
    stack.pop();
    stack.finish(y);
    code.return(DONE);
  });
  quick(program, 'exchange', (code, stack, _x, y) => {
    const top = stack.slot(0);
    const other = stack.src;
    stack.requireFull(top, other);
    const first = stack.read(top);
    const second = stack.read(other);
    stack.write(top, second);
    stack.write(other, first);
    stack.report(null);
    stack.finish(y);
    code.return(DONE);
  });
  const sign = (name: string, change: (word: Expression) => Expression): void =>
    void quick(program, name, (code, stack, _x, y) => {
      const top = stack.slot(0);
      stack.requireFull(top);
      const [significand, word] = stack.read(top);
      stack.write(top, [significand, change(word)]);
      stack.report(null);
      stack.finish(y);
      code.return(DONE);
    });
  sign('changeSign', (word) => word.xor(SIGN));
  sign('absolute', (word) => word.and(SIGN - 1));
  quick(program, 'free', (code, stack, _x, y) => {
    stack.free(stack.dst);
    stack.report(null);
    stack.finish(y);
    code.return(DONE);
  });
  for (const [name, by] of [
    ['incrementTop', 1],
    ['decrementTop', -1],
  ] as const) {
    quick(program, name, (code, stack, _x, y) => {
      stack.moveTop(by);
      stack.report(null);
      stack.finish(y);
      code.return(DONE);
    });
  }
  quick(program, 'nothing', (code, stack, _x, y) => {
    stack.finish(y);
    code.return(DONE);
  });
}

const CONTROL_WRITABLE = 0x1f3f;
const CONTROL_FIXED = 0x40;

function defineWords(program: Program): void {
  quick(program, 'loadControl', (code, _stack, x) => {
    code.store('i32.store', code.parameters[0]!, offset.fcw, x.low32().and(CONTROL_WRITABLE).or(CONTROL_FIXED));
    code.return(DONE);
  });
  const look = (name: string, write: (code: Code, cpu: Local) => void): void =>
    void program.export(name, QUICK_TYPE.parameters, QUICK_TYPE.results, (code, cpu) => write(code, cpu!));
  look('mayUse', (code, cpu) => {
    code.returnWhen(code.load('i32.load', cpu, offset.cr0).and(Number(CR0.EM | CR0.TS)), REFUSED);
    code.return(DONE);
  });
  look('controlWord', (code, cpu) => code.return(code.load('i32.load', cpu, offset.fcw)));
  look('statusWord', (code, cpu) => {
    const status = code.let(code.load('i32.load', cpu, offset.fsw));
    const pending = status.and(code.load('i32.load', cpu, offset.fcw).xor(-1)).and(EXCEPTIONS);
    code.return(status.or(pending.ne(0).mul(Status.ES | Status.B)));
  });
}

/** The end of a store to memory: x is the outcome of its conversion. */
function defineStored(program: Program): void {
  quick(program, 'stored', (code, stack, x, y) => {
    stack.report(x.low32());
    stack.pop();
    stack.finish(y);
    code.return(DONE);
  });
}

export function defineQuickMoves(program: Program, core: ExactCore): void {
  defineLoads(program, core);
  defineMoves(program);
  defineWords(program);
  defineStored(program);
}
