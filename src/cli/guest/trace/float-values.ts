// Registers of the x87 in the trace, as decimal numbers.

import type { VcpuState } from '../../../base/state/vcpu.ts';
import { X87 } from '../../../cpu/state/x87-registers.ts';

const BIAS = 16383;
const SPECIAL = 0x7fff;
const INTEGER_BIT = 1n << 63n;
const TOP = 7 << 11;

/** The number in 80 bits, as the double nearest to it; its bits where no double is near. */
export function floatText(bits: bigint): string {
  const significand = BigInt.asUintN(64, bits);
  const exponent = Number((bits >> 64n) & 0x7fffn);
  const sign = bits >> 79n === 0n ? '' : '-';
  if (exponent === 0 && significand === 0n) return `${sign}0`;
  if (exponent === SPECIAL && significand === INTEGER_BIT) return `${sign}inf`;
  if (exponent === SPECIAL && (significand & INTEGER_BIT) !== 0n) return `${sign}nan`;
  // Rounded to 53 bits first, so that scaling by a power of two is exact.
  const value = (Number(significand) / 2 ** 63) * 2 ** (exponent - BIAS);
  if ((significand & INTEGER_BIT) === 0n || !Number.isFinite(value) || Math.abs(value) < 2 ** -1022) return `0x${bits.toString(16)}`;
  return sign + String(value);
}

/** The x87's registers by their place, with what else a program sees of it. */
export interface Floats {
  readonly registers: readonly bigint[];
  readonly tags: number;
  readonly status: number;
  readonly control: number;
}

export function takeFloats(state: VcpuState): Floats {
  const x87 = new X87(state);
  return {
    registers: Array.from({ length: 8 }, (_, n) => x87.readPhysical(n)),
    tags: state.ftw[0],
    status: x87.status,
    control: x87.control,
  };
}

/** The register called `name` (`st(0)`), as `st0=1.5` or `st0=empty`; null for another one's name. */
export function stackRegister(state: VcpuState, name: string): string | null {
  const n = /^st\((\d)\)$/.exec(name)?.[1];
  return n === undefined ? null : stackText(new X87(state), Number(n));
}

const stackText = (x87: X87, n: number): string => `st${n}=${x87.isEmpty(n) ? 'empty' : floatText(x87.read(n))}`;

/** What differs from `before`: registers that are not empty, counted from the present top; the status word and the control word. */
export function changedFloats(state: VcpuState, before: Floats): string[] {
  const x87 = new X87(state);
  const changed: string[] = [];
  for (let n = 0; n < 8; n++) {
    const place = (x87.top + n) & 7;
    const isFilled = (before.tags & (1 << place)) === 0;
    if (!x87.isEmpty(n) && (isFilled || x87.readPhysical(place) !== before.registers[place])) changed.push(stackText(x87, n));
  }
  const { status, control } = x87;
  const isMoved = status !== before.status && changed.length === 0 && state.ftw[0] === before.tags;
  if (isMoved || ((status ^ before.status) & ~TOP) !== 0) changed.push(`fsw=0x${status.toString(16)}`);
  return control === before.control ? changed : [...changed, `fcw=0x${control.toString(16)}`];
}
