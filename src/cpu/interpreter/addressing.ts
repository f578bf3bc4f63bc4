// Effective addresses as numbers. In 64-bit addressing the sum is exact as long as every part is near the canonical range.
// Otherwise it is computed modulo 2^64; a result that is not canonical faults at the access.

import type { Address } from '../builder/insn.ts';
import { RIP } from '../builder/insn.ts';
import type { Cpu } from '../cpu.ts';

const TWO_32 = 4294967296;
/** High halves within these bounds keep base + index * 8 + displacement below 2^53. */
const BASE_BOUND = 1 << 19;
const INDEX_BOUND = 1 << 16;

/** In addresses of 4 bytes: a signed 32-bit number. */
export function effectiveAddress32(cpu: Cpu, a: Address): number {
  const r = cpu.gprHalves;
  let sum = a.displacement | 0;
  if (a.base >= 0) sum = (sum + (a.base === RIP ? cpu.nextRip | 0 : r[2 * a.base])) | 0;
  if (a.index >= 0) sum = (sum + Math.imul(r[2 * a.index], a.scale)) | 0;
  return sum;
}

export function effectiveAddress(cpu: Cpu, a: Address, addressSize: 2 | 4 | 8): number {
  if (addressSize === 4) return effectiveAddress32(cpu, a) >>> 0;
  return addressSize === 2 ? effectiveAddress32(cpu, a) & 0xffff : effectiveAddress64(cpu, a);
}

function effectiveAddress64(cpu: Cpu, a: Address): number {
  const r = cpu.gprHalves;
  let sum = a.displacement;
  if (a.base === RIP) {
    sum += cpu.nextRip;
  } else if (a.base >= 0) {
    const high = r[2 * a.base + 1];
    if (high > BASE_BOUND || high < -BASE_BOUND) return Number(exactAddress(cpu, a));
    sum += high * TWO_32 + (r[2 * a.base] >>> 0);
  }
  if (a.index >= 0) {
    const high = r[2 * a.index + 1];
    if (high > INDEX_BOUND || high < -INDEX_BOUND) return Number(exactAddress(cpu, a));
    sum += (high * TWO_32 + (r[2 * a.index] >>> 0)) * a.scale;
  }
  return sum;
}

/** The effective address modulo 2^64, as a signed bigint. */
export function exactAddress(cpu: Cpu, a: Address): bigint {
  const { gpr } = cpu.state;
  let sum = BigInt(a.displacement);
  if (a.base >= 0) sum += a.base === RIP ? BigInt(cpu.nextRip) : gpr[a.base];
  if (a.index >= 0) sum += gpr[a.index] * BigInt(a.scale);
  return BigInt.asIntN(64, sum);
}

/** Register `reg` as an address of `addressSize` bytes. */
export function registerAddress(cpu: Cpu, reg: number, addressSize: 2 | 4 | 8): number {
  const low = cpu.gprHalves[2 * reg];
  if (addressSize === 4) return low >>> 0;
  if (addressSize === 2) return low & 0xffff;
  return cpu.gprHalves[2 * reg + 1] * TWO_32 + (low >>> 0);
}

/** Writes an address to register `reg` in `addressSize` bytes; 4 clears the upper half, 2 keeps the rest. */
export function writeRegisterAddress(cpu: Cpu, reg: number, addressSize: 2 | 4 | 8, a: number): void {
  const r = cpu.gprHalves;
  if (addressSize === 2) {
    r[2 * reg] = (r[2 * reg] & ~0xffff) | (a & 0xffff);
    return;
  }
  r[2 * reg] = a | 0;
  r[2 * reg + 1] = addressSize === 4 ? 0 : (a - (a >>> 0)) / TWO_32;
}

/** Adds a small signed distance to register `reg` in `addressSize` bytes, exactly. */
export function addToRegister(cpu: Cpu, reg: number, addressSize: 2 | 4 | 8, n: number): void {
  const r = cpu.gprHalves;
  if (addressSize === 2) {
    r[2 * reg] = (r[2 * reg] & ~0xffff) | ((r[2 * reg] + n) & 0xffff);
    return;
  }
  const sum = (r[2 * reg] >>> 0) + n;
  r[2 * reg] = sum | 0;
  r[2 * reg + 1] = addressSize === 4 ? 0 : r[2 * reg + 1] + Math.floor(sum / TWO_32);
}

/** a + n in `addressSize` bytes. */
export function wrapAddress(addressSize: 2 | 4 | 8, a: number): number {
  return addressSize === 8 ? a : addressSize === 4 ? a >>> 0 : a & 0xffff;
}
