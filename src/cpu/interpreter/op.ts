// A decoded instruction made executable. Its semantics come from the instance for the width of the values that it handles.

import { meaningOf as meaning32 } from '../isa/index.ts?instance=interpreter32';
import { meaningOf as meaning64 } from '../isa/index.ts?instance=interpreter64';
import type { Semantics } from '../builder/builder.ts';
import { RIP } from '../builder/insn.ts';
import type { Insn } from '../builder/insn.ts';
import type { Cpu } from '../cpu.ts';
import { surveyOf } from '../survey.ts';
import { NarrowBuilder } from './narrow-builder.ts';
import { WideBuilder } from './wide-builder.ts';

/** Its address counts from RIP. */
const isRelative = ({ src, dst }: Insn): boolean => src.address.base === RIP || dst.address.base === RIP;

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
  /** Distance from the start of its block of the byte behind it. */
  readonly end: number;
  readonly endsBlock: boolean;
  /** It calls a system helper, which may change anything. */
  readonly calls: boolean;
  /** It goes on to the next instruction whatever happens, and does not ask where it is. */
  readonly movesOn: boolean;
  private readonly semantics: Semantics;
  private readonly wide: boolean;

  /** `offset`: its distance from the start of its block. */
  constructor(
    readonly insn: Insn,
    readonly offset: number,
  ) {
    const survey = surveyOf(insn);
    const { widest, endsBlock } = survey;
    this.end = offset + insn.length;
    this.endsBlock = endsBlock;
    this.calls = survey.interpreted;
    this.movesOn = !endsBlock && !survey.mayLeave && !survey.interpreted && !survey.call && !isRelative(insn);
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
