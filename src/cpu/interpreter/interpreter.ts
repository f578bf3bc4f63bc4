// The interpreter: the reference engine.

import { Activity } from '../../base/state/vcpu.ts';
import type { Cpu } from '../cpu.ts';
import type { Engine } from '../engine.ts';
import { BlockInterpreter } from './block-interpreter.ts';
import type { InterpreterParts } from './block-interpreter.ts';

export class Interpreter implements Engine {
  readonly name = 'interpreter';
  private readonly blocks: BlockInterpreter;

  constructor(parts: InterpreterParts) {
    this.blocks = new BlockInterpreter(parts);
  }

  invalidate(gfn: number): void {
    this.blocks.cache.invalidate(gfn);
  }

  run(cpu: Cpu, limit: number): number {
    const { request, activity } = cpu.state;
    const { blocks } = this;
    const builders = blocks.buildersOf(cpu);
    const runs = (): boolean => cpu.remaining > 0 && request[0] === 0 && activity[0] === Activity.ACTIVE;
    cpu.startEngine(limit);
    // A fault ends the guarded stretch; everything else goes on within it.
    while (runs()) {
      blocks.guard(cpu, () => {
        do blocks.execute(cpu, builders, blocks.blockAt(cpu), Infinity);
        while (runs());
      });
    }
    return cpu.stopEngine();
  }
}
