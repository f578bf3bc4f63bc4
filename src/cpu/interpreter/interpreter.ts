// The interpreter: the reference engine.

import { Activity } from '../../base/state/vcpu.ts';
import type { Cpu } from '../cpu.ts';
import type { Engine } from '../engine.ts';
import { MadeCode } from '../made-code.ts';
import { BlockInterpreter } from './block-interpreter.ts';
import type { InterpreterParts } from './block-interpreter.ts';
import type { CodeCache } from './code-cache.ts';

export class Interpreter implements Engine {
  readonly name = 'interpreter';
  private readonly blocks: BlockInterpreter;
  private readonly made: MadeCode;

  constructor(parts: InterpreterParts) {
    this.blocks = new BlockInterpreter(parts);
    this.made = new MadeCode(parts.physical, [this.blocks.cache]);
  }

  /** Blocks decoded and lost so far. */
  get blockCounts(): Readonly<CodeCache['counts']> {
    return this.blocks.cache.counts;
  }

  invalidate(gfn: number, from: number, to: number): void {
    this.made.invalidate(gfn, from, to);
  }

  forget(): void {
    this.made.forget();
  }

  run(cpu: Cpu, limit: number): number {
    const { request, activity } = cpu.state;
    cpu.startEngine(limit);
    while (cpu.remaining > 0 && request[0] === 0 && activity[0] === Activity.ACTIVE) this.blocks.runBlocks(cpu);
    return cpu.stopEngine();
  }
}
