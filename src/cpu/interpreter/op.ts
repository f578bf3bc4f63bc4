// A decoded instruction made executable: its semantics from the instance that fits the width of the values it handles.

import { ISA as ISA32 } from '../isa/index.ts?instance=interpreter32';
import { ISA as ISA64 } from '../isa/index.ts?instance=interpreter64';
import type { Semantics } from '../builder/builder.ts';
import { Rep } from '../builder/insn.ts';
import type { Insn } from '../builder/insn.ts';
import type { Cpu } from '../cpu.ts';
import { surveyOf } from '../builder/survey.ts';
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
    this.length = insn.length;
    this.endsBlock = insn.endsBlock || insn.rep !== Rep.NONE;
    this.wide = surveyOf(insn).widest === 8;
    this.semantics = (this.wide ? ISA64 : ISA32)[insn.mnemonic];
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
