// The module of quick instructions over one machine's memory.

import type { LinearMemory } from '../../../base/linear-memory.ts';
import { defineExactCore } from '../../float/core/index.ts';
import { encodeModule } from '../../translator/wasm/module.ts';
import { Program } from '../../translator/wasm/program.ts';
import { defineQuickMoves } from './moves.ts';
import { defineOperations } from './operations.ts';

/** See QUICK_TYPE. */
export type QuickInstruction = (cpu: number, form: number, rip: bigint, x: bigint, y: bigint) => number;
export type QuickInstructions = Readonly<Record<string, QuickInstruction>>;

const WASM_PAGE = 65536;

export function instantiateQuick({ memory, shared, u8 }: LinearMemory): QuickInstructions {
  const program = new Program();
  const core = defineExactCore(program);
  defineOperations(program, core);
  defineQuickMoves(program, core);
  const bytes = encodeModule({ memory: { pages: u8.length / WASM_PAGE, shared }, imports: [], functions: program.functions });
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports as unknown as QuickInstructions;
}

/** The quick instructions by name, made when one is first asked for. */
export function quickImports(memory: LinearMemory): object {
  let made: QuickInstructions | undefined;
  return new Proxy({}, { get: (_target, name) => (typeof name === 'string' ? (made ??= instantiateQuick(memory))[name] : undefined) });
}
