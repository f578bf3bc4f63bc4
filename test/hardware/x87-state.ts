// x87 state of vectors: what a seed stands for (seeded_x87 of test/oracle/x87.h), and how it gets into a processor and out.

import type { Cpu } from '../../src/cpu/cpu.ts';

export interface X87State {
  /** R0 … R7, not counted from TOP; 80 bits each. */
  readonly registers: readonly bigint[];
  readonly control: number;
  readonly status: number;
  /** Bit n is 0 when Rn is empty. */
  readonly tags: number;
  /** Recorded only while an exception is pending. */
  readonly pointers: X87Pointers | null;
}

export interface X87Pointers {
  readonly opcode: number;
  readonly instruction: bigint;
  readonly data: bigint;
}

type Words = () => number;

function xorshift(seed: number): Words {
  let s = seed;
  return () => {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    return s >>> 0;
  };
}

const TOP = 1n << 63n;
const ONES = (1n << 64n) - 1n;

function seededFloat(next: Words): bigint {
  const kind = next() >>> 27;
  const sign = next() >>> 31;
  const low = next();
  const high = next();
  let m = (BigInt(high) << 32n) | BigInt(low);
  let e = 16383 + 32 - ((low >>> 16) % 64);
  const upper = (high & 64) !== 0;
  switch (kind) {
    case 0:
      m = 0n;
      e = 0;
      break;
    case 1:
      m = (m & ~TOP) >> BigInt(high & 63);
      e = 0;
      break;
    case 2:
      m |= TOP;
      e = low & 1;
      break;
    case 3:
      m = TOP;
      e = 0x7fff;
      break;
    case 4:
      m |= 3n << 62n;
      e = 0x7fff;
      break;
    case 5:
      m = (m & ~(1n << 62n)) | TOP | 1n;
      e = 0x7fff;
      break;
    case 6:
      m &= ~TOP;
      e = low & 7 ? 1 + (low % 0x7ffe) : 0x7fff;
      break;
    case 7:
      m |= TOP;
      e = 0x7ffe - (low & 7);
      break;
    case 8:
      m |= TOP;
      e = 1 + (low & 63);
      break;
    case 9:
      m |= TOP;
      e = upper ? 16383 + 128 - (low & 3) : 16383 - 125 - (low & 31);
      break;
    case 10:
      m |= TOP;
      e = upper ? 16383 + 1024 - (low & 3) : 16383 - 1021 - (low & 63);
      break;
    case 11:
    case 12:
      m = TOP;
      e = 16383 + 8 - (low & 15);
      break;
    case 13:
    case 14:
      m = ((ONES << BigInt(low & 63)) & ONES) | TOP;
      break;
    case 15:
    case 16:
    case 17:
      m = TOP | ((m >> BigInt(low & 63)) << BigInt(low & 63));
      e = 16383 + (high & 63);
      break;
    case 18:
    case 19:
      m = BigInt((low & 1023) | 1024) << 53n;
      e = 16383 + (high & 15);
      break;
    default:
      m |= TOP;
  }
  return (BigInt(sign) << 79n) | (BigInt(e) << 64n) | m;
}

const PRECISIONS = [3, 3, 3, 3, 3, 2, 2, 0];
const ES_AND_B = 0x8080;

export function seededX87(seed: number): X87State {
  const next = xorshift(seed ^ 0x5bd1e994);
  const a = next();
  const b = next();
  const c = next();
  const control = 0x40 | (a & 7 ? 0x3f : (a >>> 3) & 0x3f) | (PRECISIONS[(a >>> 9) & 7]! << 8) | (((a >>> 12) & 3) << 10);
  const top = (a >>> 14) & 7;
  const exceptions = (a >>> 17) & 3 ? 0 : (a >>> 19) & 0x7f;
  const status = exceptions | (top << 11) | (b & 0x4700);
  let tags = 0;
  for (let n = 0; n < 8; n++) if (((c >>> (4 * n)) & 15) > (n < 4 ? 0 : n < 7 ? 10 : 12)) tags |= 1 << ((top + n) & 7);
  const registers = Array.from({ length: 8 }, () => seededFloat(next));
  return { control, status: status | (status & ~control & 0x3f ? ES_AND_B : 0), tags, registers, pointers: null };
}

export function loadX87({ x87, state }: Cpu, { registers, control, status, tags }: X87State): void {
  x87.initialize();
  x87.control = control;
  x87.status = status;
  state.ftw[0] = tags;
  registers.forEach((bits, n) => x87.writePhysical(n, bits));
}

export function readX87({ x87, state }: Cpu): X87State {
  return {
    control: x87.control,
    status: x87.status,
    tags: state.ftw[0]!,
    registers: Array.from({ length: 8 }, (_, n) => x87.readPhysical(n)),
    pointers: { opcode: state.fop[0]!, instruction: state.fip[0]!, data: state.fdp[0]! },
  };
}

const hex = (x: bigint | number): string => x.toString(16);

/** Bits of the status word that need not agree, and by how many units of the last place registers may differ. */
export interface X87Tolerance {
  readonly status: number;
  readonly units: bigint;
}

const isNear = (x: bigint, y: bigint, units: bigint): boolean => (x > y ? x - y : y - x) <= units;

/** One line per difference. */
export function compareX87(ours: X87State, theirs: X87State, { status, units }: X87Tolerance): string[] {
  const out: string[] = [];
  if (ours.control !== theirs.control) out.push(`control word ${hex(ours.control)}, not ${hex(theirs.control)}`);
  if (((ours.status ^ theirs.status) & ~status) !== 0) out.push(`status word ${hex(ours.status)}, not ${hex(theirs.status)}`);
  const pointers = ({ pointers: p }: X87State): string => (p ? `${hex(p.opcode)} ${hex(p.instruction)} ${hex(p.data)}` : '');
  if (theirs.pointers && pointers(ours) !== pointers(theirs)) out.push(`pointers ${pointers(ours)}, not ${pointers(theirs)}`);
  if (ours.tags !== theirs.tags) out.push(`tags ${hex(ours.tags)}, not ${hex(theirs.tags)}`);
  ours.registers.forEach((bits, n) => {
    if (!isNear(bits, theirs.registers[n]!, units)) out.push(`R${n} ${hex(bits)}, not ${hex(theirs.registers[n]!)}`);
  });
  return out;
}
