// Flags of the interpreter: the two words of cpu/flags.ts, and what reads them. How they are written depends on the class of
// values (narrow-flags.ts, wide-flags.ts).

import { DF, AF, CF, OF, PF, SF, ZF } from '../arch/rflags.ts';
import { AUX_ADJUST, AUX_CARRY, AUX_CARRY_IN, AUX_SIGN, evenParity, split, statusFlags } from '../flags.ts';
import type { Cpu } from '../cpu.ts';

/** The bits of the aux word that CF and OF are in. */
const TOP = AUX_CARRY | AUX_CARRY_IN;

/** These bits for the CF in bit 31 of `carry` and the OF in bit 31 of `overflow`. */
const topOf = (carry: number, overflow: number): number => (carry & AUX_CARRY) | (((carry ^ overflow) >>> 1) & AUX_CARRY_IN);

export class StatusFlags {
  /** Halves of the result word. */
  protected readonly words: Int32Array;
  /** The aux word. */
  protected readonly aux: Int32Array;
  private readonly rflags: Uint32Array;

  constructor(cpu: Cpu) {
    const { flagResult, flagAux, rflags } = cpu.state;
    this.words = new Int32Array(flagResult.buffer, flagResult.byteOffset, 2);
    this.aux = new Int32Array(flagAux.buffer, flagAux.byteOffset, 1);
    this.rflags = rflags;
  }

  carry(): boolean {
    return this.aux[0] < 0;
  }

  overflow(): boolean {
    const aux = this.aux[0];
    return (aux ^ (aux << 1)) < 0;
  }

  zero(): boolean {
    return (this.words[0] | this.words[1]) === 0;
  }

  sign(): boolean {
    return (((this.words[1] >>> 31) ^ this.aux[0]) & 1) !== 0;
  }

  parity(): boolean {
    return evenParity((this.words[0] ^ (this.aux[0] >>> 8)) & 0xff) !== 0;
  }

  adjust(): boolean {
    return (this.aux[0] & AUX_ADJUST) !== 0;
  }

  /** SDM vol. 2, "Condition Test (tttn) Encoding": bit 0 inverts. */
  condition(cc: number): boolean {
    switch (cc) {
      case 0:
        return this.overflow();
      case 1:
        return !this.overflow();
      case 2:
        return this.aux[0] < 0;
      case 3:
        return this.aux[0] >= 0;
      case 4:
        return (this.words[0] | this.words[1]) === 0;
      case 5:
        return (this.words[0] | this.words[1]) !== 0;
      case 6:
        return this.aux[0] < 0 || this.zero();
      case 7:
        return this.aux[0] >= 0 && !this.zero();
      case 8:
        return this.sign();
      case 9:
        return !this.sign();
      case 10:
        return this.parity();
      case 11:
        return !this.parity();
      case 12:
        return this.sign() !== this.overflow();
      case 13:
        return this.sign() === this.overflow();
      case 14:
        return this.zero() || this.sign() !== this.overflow();
      default:
        return !this.zero() && this.sign() === this.overflow();
    }
  }

  /** OF is the xor of the two top bits: a new CF takes both along. */
  setCarry(c: boolean): void {
    this.keepCarry(c ? AUX_CARRY : 0);
  }

  setOverflow(c: boolean): void {
    const aux = this.aux[0];
    this.aux[0] = (aux & ~TOP) | topOf(aux, c ? AUX_CARRY : 0);
  }

  /** CF as in the aux word `before`; OF stays. */
  protected keepCarry(before: number): void {
    const aux = this.aux[0];
    this.aux[0] = (aux & ~TOP) | topOf(before, aux ^ (aux << 1));
  }

  setAdjust(c: boolean): void {
    this.aux[0] = c ? this.aux[0] | AUX_ADJUST : this.aux[0] & ~AUX_ADJUST;
  }

  setSign(c: boolean): void {
    if (this.sign() !== c) this.aux[0] = this.aux[0] ^ AUX_SIGN;
  }

  setParity(c: boolean): void {
    if (this.parity() !== c) this.aux[0] = this.aux[0] ^ 0x100;
  }

  setZero(c: boolean): void {
    this.setStatus(ZF, c ? ZF : 0);
  }

  lowBits(): number {
    return (statusFlags(this.words[0], this.words[1], this.aux[0]) & (SF | ZF | AF | PF | CF)) | 2;
  }

  setLowBits(byte: number): void {
    this.setStatus(SF | ZF | AF | PF | CF, byte);
  }

  /** Replaces the flags of `mask` by those of `flags`. */
  private setStatus(mask: number, flags: number): void {
    const kept = statusFlags(this.words[0], this.words[1], this.aux[0]) & (CF | PF | AF | ZF | SF | OF) & ~mask;
    const { result, aux } = split(kept | (flags & mask));
    this.words[0] = result;
    this.words[1] = 0;
    this.aux[0] = aux;
  }

  setDirection(set: boolean): void {
    this.rflags[0] = set ? this.rflags[0] | DF : this.rflags[0] & ~DF;
  }
}
