import type { Flags } from '../builder/builder.ts';
import type { Size } from '../builder/insn.ts';
import type { Cpu } from '../cpu.ts';
import { AUX_ADJUST, AUX_CARRY, AUX_CARRY_IN } from '../flags.ts';
import type { Wide } from './wide-values.ts';
import { StatusFlags } from './status-flags.ts';

/** Flags after operations on bigint values. Carries are computed on 32-bit halves: no bigint is made for them. */
export class WideFlags extends StatusFlags implements Flags<Wide> {
  private readonly result64: BigInt64Array;
  private readonly scratch = new BigInt64Array(2);
  private readonly halves = new Int32Array(this.scratch.buffer);

  constructor(cpu: Cpu) {
    super(cpu);
    const { flagResult } = cpu.state;
    this.result64 = new BigInt64Array(flagResult.buffer, flagResult.byteOffset, 1);
  }

  private setResult(size: Size, result: bigint): void {
    this.result64[0] = size === 8 ? result : BigInt.asIntN(8 * size, result);
  }

  /** Carry vectors of the low half and of the half that holds the top bit, to the aux word. */
  private setCarries(size: Size, low: number, high: number): void {
    const top = size === 8 ? high : low << (32 - 8 * size);
    this.aux[0] = (top & (AUX_CARRY | AUX_CARRY_IN)) | (low & AUX_ADJUST);
  }

  add(size: Size, x: bigint, y: bigint, sum: bigint): void {
    this.setResult(size, sum);
    const { scratch, halves, words } = this;
    scratch[0] = x;
    scratch[1] = y;
    const low = (halves[0] & halves[2]) | ((halves[0] | halves[2]) & ~words[0]);
    const high = (halves[1] & halves[3]) | ((halves[1] | halves[3]) & ~words[1]);
    this.setCarries(size, low, high);
  }

  sub(size: Size, x: bigint, y: bigint, difference: bigint): void {
    this.setResult(size, difference);
    const { scratch, halves, words } = this;
    scratch[0] = x;
    scratch[1] = y;
    const low = (~halves[0] & halves[2]) | ((~halves[0] | halves[2]) & words[0]);
    const high = (~halves[1] & halves[3]) | ((~halves[1] | halves[3]) & words[1]);
    this.setCarries(size, low, high);
  }

  inc(size: Size, x: bigint, result: bigint): void {
    const before = this.aux[0];
    this.add(size, x, 1n, result);
    this.keepCarry(before);
  }

  dec(size: Size, x: bigint, result: bigint): void {
    const before = this.aux[0];
    this.sub(size, x, 1n, result);
    this.keepCarry(before);
  }

  logic(size: Size, result: bigint): void {
    this.setResult(size, result);
    this.aux[0] = 0;
  }

  result(size: Size, result: bigint, cf: boolean, of: boolean, af: boolean): void {
    this.setResult(size, result);
    this.aux[0] = (cf ? AUX_CARRY : 0) | (cf !== of ? AUX_CARRY_IN : 0) | (af ? AUX_ADJUST : 0);
  }

  lowByte(): bigint {
    return BigInt(this.lowBits());
  }

  setLowByte(x: bigint): void {
    this.setLowBits(Number(x & 0xffn));
  }
}
