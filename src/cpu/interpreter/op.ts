// A decoded instruction made executable. Its semantics come from the instance for the width of the values that it handles.

import { meaningOf as meaning32 } from '../isa/index.ts?instance=interpreter32';
import { meaningOf as meaning64 } from '../isa/index.ts?instance=interpreter64';
import type { Semantics } from '../builder/builder.ts';
import type { Insn } from '../builder/insn.ts';
import type { Cpu } from '../cpu.ts';
import { surveyOf } from '../survey.ts';
import { NarrowBuilder } from './narrow-builder.ts';
import { WideBuilder } from './wide-builder.ts';

/** The two builders of one vCPU. */
export class Builders {
  readonly narrow: NarrowBuilder;
  readonly wide: WideBuilder;
  constructor(cpu: Cpu) {
    this.narrow = new NarrowBuilder(cpu);
    this.wide = new WideBuilder(cpu);
  }
}

export class Op {
  readonly length: number;
  readonly endsBlock: boolean;
  private readonly semantics: Semantics;
  private readonly wide: boolean;

  constructor(readonly insn: Insn) {
    const { widest, endsBlock } = surveyOf(insn);
    this.length = insn.length;
    this.endsBlock = endsBlock;
    this.wide = widest === 8;
    this.semantics = this.wide ? meaning64(insn) : meaning32(insn);
  }

  execute(builders: Builders): void {
    if (this.wide) {
      const b = builders.wide;
      b.addressSize = this.insn.addressSize;
      this.semantics(b, this.insn);
    } else {
      const b = builders.narrow;
      b.addressSize = this.insn.addressSize;
      this.semantics(b, this.insn);
    }
  }
}
