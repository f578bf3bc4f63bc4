// The flags as the text printer writes them.

import type { Flags } from './builder.ts';
import type { Size } from './insn.ts';

const CONDITIONS = ['O', 'NO', 'B', 'NB', 'Z', 'NZ', 'BE', 'NBE', 'S', 'NS', 'P', 'NP', 'L', 'NL', 'LE', 'NLE'];

/** All that the text printer computes with is text. */
export interface Texts {
  readonly value: string;
  readonly address: string;
  readonly condition: string;
}

export class TextFlags implements Flags<Texts> {
  /** `line` writes a statement; `name` writes the definition of a byte and returns its name. */
  constructor(
    private readonly line: (text: string) => void,
    private readonly name: (text: string) => string,
  ) {}

  add(size: Size, x: string, y: string, sum: string): void {
    this.line(`flags of ${x} + ${y} = ${sum}, size ${size}`);
  }
  sub(size: Size, x: string, y: string, difference: string): void {
    this.line(`flags of ${x} - ${y} = ${difference}, size ${size}`);
  }
  inc(size: Size, x: string, result: string): void {
    this.line(`flags but CF of ${x} + 1 = ${result}, size ${size}`);
  }
  dec(size: Size, x: string, result: string): void {
    this.line(`flags but CF of ${x} - 1 = ${result}, size ${size}`);
  }
  logic(size: Size, result: string): void {
    this.line(`SF ZF PF of ${result}, size ${size}; CF OF AF ← false`);
  }
  result(size: Size, result: string, cf: string, of: string, af: string): void {
    this.line(`SF ZF PF of ${result}, size ${size}; CF ← ${cf}; OF ← ${of}; AF ← ${af}`);
  }
  setCarry(c: string): void {
    this.line(`CF ← ${c}`);
  }
  setOverflow(c: string): void {
    this.line(`OF ← ${c}`);
  }
  setZero(c: string): void {
    this.line(`ZF ← ${c}`);
  }
  setAdjust(c: string): void {
    this.line(`AF ← ${c}`);
  }
  setSign(c: string): void {
    this.line(`SF ← ${c}`);
  }
  setParity(c: string): void {
    this.line(`PF ← ${c}`);
  }
  carry(): string {
    return 'CF';
  }
  overflow(): string {
    return 'OF';
  }
  zero(): string {
    return 'ZF';
  }
  sign(): string {
    return 'SF';
  }
  parity(): string {
    return 'PF';
  }
  adjust(): string {
    return 'AF';
  }
  condition(cc: number): string {
    return CONDITIONS[cc]!;
  }
  lowByte(): string {
    return this.name('SF ZF 0 AF 0 PF 1 CF');
  }
  setLowByte(x: string): void {
    this.line(`SF ZF 0 AF 0 PF 1 CF ← ${x}`);
  }
  setDirection(set: boolean): void {
    this.line(`DF ← ${set}`);
  }
}
