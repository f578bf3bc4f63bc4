// A random program from lists of numbers: one list a statement, the first number says which. Loops and conditions take the
// statements that follow as their bodies, so a program that lacks some of its statements is a program too.

import type { Label } from './assembler.ts';
import { Choices } from './choices.ts';
import { Emitter } from './emitter.ts';
import { CODE_BYTES, COUNTERS, RESUME } from './layout.ts';
import type { Setting } from './layout.ts';
import { statementsOf } from './statements.ts';

export type Genome = readonly (readonly number[])[];

const MAX_DEPTH = 3;
/** No statement is longer; nested ones count one by one. */
const LONGEST = 0x100;
const LOOP = 0;
const BRANCH = 1;
const LOOP_BY_RCX = 2;
const STRUCTURES = 3;

class Builder {
  private readonly e: Emitter;
  private next = 0;

  constructor(
    private readonly setting: Setting,
    private readonly genome: Genome,
  ) {
    this.e = new Emitter(setting);
  }

  /** The program starts anew at its end. */
  build(): Uint8Array {
    const { a } = this.e;
    const start = a.here;
    const first = a.label();
    this.resumeAt(first);
    a.bind(first);
    while (this.next < this.genome.length) this.topLevel();
    a.branch([0xe9], start);
    return a.finish();
  }

  /** A statement; after a fault in it execution goes on behind it, or behind an earlier one. */
  private topLevel(): void {
    const { e } = this;
    const { a } = e;
    const end = a.label();
    const first = this.genome[this.next]![0] ?? 0;
    if (first % 8 < 7) this.resumeAt(end);
    this.statement(0);
    a.bind(end);
  }

  private resumeAt(value: Label): void {
    const { e } = this;
    e.i({ opcode: [0xc7], reg: 0, size: e.word, rm: { displacement: e.data(RESUME) }, immediate: { bytes: Math.min(4, e.word), value } });
  }

  private statement(depth: number): void {
    const { e, setting } = this;
    const genes = this.genome[this.next++];
    if (genes === undefined || e.a.length > CODE_BYTES - 0x1000 - LONGEST) return;
    const choices = new Choices(genes.slice(1));
    const kinds = statementsOf(setting);
    const kind = (genes[0]! >> 3) % (kinds.length + (depth < MAX_DEPTH ? 2 * STRUCTURES : 0));
    e.choices = choices;
    if (kind < kinds.length) kinds[kind]!(e);
    else this.structure((kind - kinds.length) % STRUCTURES, choices, depth);
  }

  private structure(kind: number, choices: Choices, depth: number): void {
    const { a } = this.e;
    const count = 1 + choices.below(5);
    const times = 1 + choices.below(12);
    const cc = choices.below(16);
    const body = (): void => {
      for (let n = 0; n < count; n++) this.statement(depth + 1);
    };
    const head = a.label();
    const behind = a.label();
    const counter = { displacement: this.e.data(COUNTERS + 4 * depth) };
    switch (kind) {
      case LOOP:
        this.e.i({ opcode: [0xc7], reg: 0, size: 4, rm: counter, immediate: { bytes: 4, value: times } });
        a.bind(head);
        body();
        this.e.i({ opcode: [0xff], reg: 1, size: 4, rm: counter });
        a.branch([0x0f, 0x8f], head);
        return;
      case BRANCH:
        a.branch([0x0f, 0x80 + cc], behind);
        body();
        a.bind(behind);
        return;
      case LOOP_BY_RCX: {
        // LOOP reaches 127 bytes: it skips a jump back.
        const again = a.label();
        const out = a.label();
        this.e.move(1, times);
        a.bind(head);
        body();
        this.e.i({ opcode: [0x83], reg: 4, size: this.e.word, rm: 1, immediate: { bytes: 1, value: 15 } });
        a.raw(cc & 1 ? 0xe2 : 0xe1).field(1, again, true);
        a.raw(0xeb).field(1, out, true);
        a.bind(again);
        a.branch([0xe9], head);
        a.bind(out);
      }
    }
  }
}

/** The program's bytes, to be placed at the setting's code base. */
export const buildProgram = (setting: Setting, genome: Genome): Uint8Array => new Builder(setting, genome).build();
