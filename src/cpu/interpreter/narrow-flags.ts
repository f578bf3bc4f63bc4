import type { Flags } from '../builder/builder.ts';
import type { Size } from '../builder/insn.ts';
import { AUX_ADJUST, AUX_CARRY, AUX_CARRY_IN } from '../flags.ts';
import type { Narrow } from './narrow-values.ts';
import { StatusFlags } from './status-flags.ts';

/** Bits of the carry vector that flags are computed from. */
const KEPT = AUX_CARRY | AUX_CARRY_IN | AUX_ADJUST;

/** Flags after operations on values of at most 32 bits. */
export class NarrowFlags extends StatusFlags implements Flags<Narrow> {
  private set(size: Size, result: number, carries: number): void {
    if (size === 4) {
      this.words[0] = result;
      this.words[1] = result >> 31;
      this.aux[0] = carries & KEPT;
    } else {
      const unused = 32 - 8 * size;
      const extended = (result << unused) >> unused;
      this.words[0] = extended;
      this.words[1] = extended >> 31;
      this.aux[0] = ((carries << unused) & (AUX_CARRY | AUX_CARRY_IN)) | (carries & AUX_ADJUST);
    }
  }

  private setButCarry(size: Size, result: number, carries: number): void {
    const before = this.aux[0];
    this.set(size, result, carries);
    this.keepCarry(before);
  }

  add(size: Size, x: number, y: number, sum: number): void {
    this.set(size, sum, (x & y) | ((x | y) & ~sum));
  }

  sub(size: Size, x: number, y: number, difference: number): void {
    this.set(size, difference, (~x & y) | ((~x | y) & difference));
  }

  inc(size: Size, x: number, result: number): void {
    this.setButCarry(size, result, (x & 1) | ((x | 1) & ~result));
  }

  dec(size: Size, x: number, result: number): void {
    this.setButCarry(size, result, (~x & 1) | ((~x | 1) & result));
  }

  logic(size: Size, result: number): void {
    this.set(size, result, 0);
  }

  result(size: Size, result: number, cf: boolean, of: boolean, af: boolean): void {
    this.set(size, result, 0);
    this.aux[0] = (cf ? AUX_CARRY : 0) | (cf !== of ? AUX_CARRY_IN : 0) | (af ? AUX_ADJUST : 0);
  }

  lowByte(): number {
    return this.lowBits();
  }

  setLowByte(x: number): void {
    this.setLowBits(x);
  }
}
