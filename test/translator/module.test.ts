import { describe, expect, it } from 'vitest';
import { runtimeModule } from '../../src/cpu/translator/runtime-module.ts';
import { FunctionBody } from '../../src/cpu/translator/wasm/function-body.ts';
import { encodeModule } from '../../src/cpu/translator/wasm/module.ts';
import type { FunctionType } from '../../src/cpu/translator/wasm/module.ts';
import { MemoryOp, Op } from '../../src/cpu/translator/wasm/opcodes.ts';
import type { MemoryOpName, OpName, Type, ValueType } from '../../src/cpu/translator/wasm/opcodes.ts';

const MEMORY = { pages: 1, shared: false };
const VOID: FunctionType = { parameters: [], results: [] };

const moduleOf = (type: FunctionType, body: FunctionBody, imports: { name: string; type: FunctionType }[] = []): Uint8Array<ArrayBuffer> =>
  encodeModule({ memory: MEMORY, imports, functions: [{ type, body, exportAs: 'f' }] });

function call(type: FunctionType, body: FunctionBody, ...args: (number | bigint)[]): unknown {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleOf(type, body)), { env: { memory } });
  return (exports['f'] as (...args: (number | bigint)[]) => unknown)(...args);
}

/** Operand and result types of an instruction without immediates, from its name. */
function signatureOf(name: OpName): { takes: ValueType[]; gives: ValueType[] } | null {
  const [type, op] = name.split('.') as [ValueType, string | undefined];
  if (op === undefined) return null;
  const comparison = /^(?:eqz|eq|ne|[lg][te]_[su])$/.test(op);
  if (op === 'wrap_i64') return { takes: ['i64'], gives: ['i32'] };
  if (/^extend_i32/.test(op)) return { takes: ['i32'], gives: ['i64'] };
  const from = /_(i64|f64)(?:_[su])?$/.exec(op);
  if (from) return { takes: [from[1] as ValueType], gives: [type] };
  const unary = /^(?:eqz|clz|ctz|popcnt|sqrt|extend\d+_s)$/.test(op);
  return { takes: unary ? [type] : [type, type], gives: [comparison ? 'i32' : type] };
}

describe('opcodes', () => {
  const typed = (Object.keys(Op) as OpName[]).filter((name) => signatureOf(name) !== null);

  it.each(typed)('%s takes and gives what its name says', (name) => {
    const { takes, gives } = signatureOf(name)!;
    const type: FunctionType = { parameters: takes, results: gives };
    const body = new FunctionBody(takes);
    takes.forEach((_, n) => body.get(n));
    body.op(name);
    expect(() => new WebAssembly.Module(moduleOf(type, body))).not.toThrow();
  });

  it.each(Object.keys(MemoryOp) as MemoryOpName[])('%s is a memory instruction of that type', (name) => {
    const type = name.slice(0, 3) as Type;
    const isLoad = name.includes('load');
    const body = new FunctionBody([]);
    body.i32(8);
    if (!isLoad) type === 'i32' ? body.i32(1) : body.i64(1n);
    body.memory(name, 300);
    if (isLoad) body.op('drop');
    expect(() => new WebAssembly.Module(moduleOf(VOID, body))).not.toThrow();
  });
});

describe('function bodies', () => {
  it('branch outwards to labels by their depth', () => {
    const type: FunctionType = { parameters: ['i32'], results: ['i32'] };
    const body = new FunctionBody(type.parameters);
    const out = body.block('i32');
    const sum = body.local('i32');
    const head = body.loop();
    body.get(sum).get(0).op('i32.add').set(sum);
    body.get(0).i32(1).op('i32.sub').tee(0).op('i32.eqz').if();
    body.get(sum).br(out).end();
    body.br(head).end().op('unreachable').end();
    expect(call(type, body, 10)).toBe(55);
  });

  it('have a prologue that stands before everything and sees locals made later', () => {
    const type: FunctionType = { parameters: [], results: ['i64'] };
    const body = new FunctionBody([]);
    const late = body.local('i64');
    body.get(late).i64(1n).op('i64.add');
    body.prologue(() => void body.i64(41n).set(late));
    expect(call(type, body)).toBe(42n);
  });

  it('choose among labels by a table', () => {
    const type: FunctionType = { parameters: ['i32'], results: ['i32'] };
    const body = new FunctionBody(type.parameters);
    const [c, b, a] = [body.block(), body.block(), body.block()];
    body.get(0).brTable([a, b], c);
    for (const n of [10, 20, 30]) body.end().i32(n).op('return');
    expect([0, 1, 2, 99].map((n) => call(type, body, n))).toEqual([10, 20, 30, 30]);
  });
});

describe('modules', () => {
  it('share types, and number imported functions first', () => {
    const type: FunctionType = { parameters: ['i32'], results: ['i32'] };
    const body = new FunctionBody(type.parameters);
    body.get(0).call(1).call(0);
    const bytes = moduleOf(type, body, [
      { name: 'double', type },
      { name: 'next', type },
    ]);
    const env = { memory: new WebAssembly.Memory({ initial: 1, maximum: 1 }), double: (x: number) => 2 * x, next: (x: number) => x + 1 };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env });
    expect((exports['f'] as (x: number) => number)(20)).toBe(42);
  });

  it.each([false, true])('import a memory of that size (shared: %s)', (shared) => {
    const bytes = encodeModule({ memory: { pages: 3, shared }, imports: [], functions: [] });
    const importing = new WebAssembly.Module(bytes);
    const memory = (initial: number, isShared: boolean) => new WebAssembly.Memory({ initial, maximum: initial, shared: isShared });
    expect(() => new WebAssembly.Instance(importing, { env: { memory: memory(3, shared) } })).not.toThrow();
    expect(() => new WebAssembly.Instance(importing, { env: { memory: memory(2, shared) } })).toThrow('memory');
    expect(() => new WebAssembly.Instance(importing, { env: { memory: memory(3, !shared) } })).toThrow('memory');
  });

  it('of the runtime are valid, with a table of the size asked for', () => {
    for (const size of [2, 16384]) {
      const bytes = runtimeModule(MEMORY, size, { rows: 0, bits: 0 });
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory, slow: () => 0, helper: () => 0 } });
      const { table } = exports as unknown as { table: WebAssembly.Table };
      expect(table.length).toBe(size);
    }
  });
});
