// Recorded vectors: the text format of test/oracle/format.h, and the numbers its generator repeats.

import { Seg } from '../../src/base/state/vcpu.ts';
import { CodeMode } from '../../src/cpu/builder/insn.ts';
import type { Insn } from '../../src/cpu/builder/insn.ts';
import { decode } from '../../src/cpu/decode/decode.ts';
import { ALL_FEATURES } from '../support/cpu-models.ts';
import { seededX87 } from './x87-state.ts';
import type { X87State } from './x87-state.ts';

export const CODE_BASE = 0x10000000;
export const CODE_OFFSET = 0x800;
export const DATA_BASE = 0x20000000;
export const DATA_SIZE = 0x2000;
export const GS_BASE = DATA_BASE + 0x1000;
/** Base of the segment of 64 KiB: the data window begins at its offset F000H and ends at its offset 0FFFH. */
export const WIDE_BASE = DATA_BASE - 0xf000;

/** 64-bit and 32-bit code; 16-bit code whose data segment is the window, and 16-bit code whose data segment has 64 KiB. */
export type VectorMode = '64' | '32' | '16' | '16w';

export const VECTOR_MODES: readonly VectorMode[] = ['64', '32', '16', '16w'];
export const CODE_MODES: Record<VectorMode, CodeMode> = {
  64: CodeMode.BITS64,
  32: CodeMode.BITS32,
  16: CodeMode.BITS16,
  '16w': CodeMode.BITS16,
};
/** The instruction pointer of a vector's instruction. */
export const startOf = (mode: VectorMode): number => (CODE_MODES[mode] === CodeMode.BITS16 ? CODE_OFFSET : CODE_BASE + CODE_OFFSET);

export interface Run {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** An exception as the processor reported it. */
export interface RecordedFault {
  readonly vector: number;
  readonly errorCode: number | null;
  readonly cr2: bigint | null;
}

export interface Vector {
  /** The line it was read from: its name. */
  readonly line: string;
  readonly mode: VectorMode;
  readonly code: Uint8Array;
  /** Before: 16 registers (8 outside 64-bit code), RFLAGS, and memory written over the template. */
  readonly gpr: BigUint64Array;
  readonly flags: number;
  readonly patches: readonly Run[];
  /** Where x87 instructions are recorded. */
  readonly x87: X87State | null;
  /** After. */
  readonly x87After: X87State | null;
  readonly gprAfter: BigUint64Array;
  readonly ipAfter: bigint;
  readonly flagsAfter: number;
  readonly fault: RecordedFault | null;
  /** Selectors that changed, by their segment register. */
  readonly selectors: ReadonlyMap<number, number>;
  /** Bases of FS and GS that changed, by their segment register. */
  readonly bases: ReadonlyMap<number, bigint>;
  /** Changed memory, in ascending order. */
  readonly writes: readonly Run[];
}

export const SEGMENTS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'];
export const REGISTERS = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'];

// biome-ignore format: a table
const CORNERS = [
  0x7fn, 0x80n, 0xffn, 0x100n, 0x7fffn, 0x8000n, 0xffffn, 0x10000n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x100000000n,
  0x7fffffffffffffffn, 1n << 63n, ~0n, 0x5555555555555555n, 0xaaaaaaaaaaaaaaaan, 0x0123456789abcdefn, 0xfffffffffffffffen, 0n,
];

/** The registers that seed `k` stands for: seeded_registers of test/oracle/format.h. */
export function seededRegisters(seed: number, mode: VectorMode): BigUint64Array {
  const out = new BigUint64Array(mode === '64' ? 16 : 8);
  let s = seed;
  const next = (): number => {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    return s >>> 0;
  };
  for (let i = 0; i < out.length; i++) {
    const kind = next() >>> 29;
    const low = next();
    const high = next();
    const x =
      kind === 0
        ? CORNERS[low % CORNERS.length]!
        : kind === 1
          ? BigInt(low & 63)
          : kind === 2
            ? ~BigInt(low & 63)
            : kind === 3
              ? BigInt(low | 0)
              : (BigInt(high) << 32n) | BigInt(low);
    out[i] = mode === '64' ? x : BigInt.asUintN(32, x);
  }
  return out;
}

/** Data memory before each vector: template_byte of test/oracle/format.h. */
export function dataTemplate(seed: number): Uint8Array {
  const out = new Uint32Array(DATA_SIZE / 4);
  for (let i = 0; i < out.length; i++) {
    let z = (Math.imul(i, 0x9e3779b9) + seed) | 0;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    out[i] = z ^ (z >>> 16);
  }
  return new Uint8Array(out.buffer);
}

const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const number = (text: string): bigint => BigInt(`0x${text}`);

function run(text: string): Run {
  const [address, bytes] = text.split(':') as [string, string];
  return { address: parseInt(address, 16), bytes: fromHex(bytes) };
}

function parseFault(text: string): RecordedFault {
  const [vector, errorCode, cr2] = text.split(':');
  return {
    vector: parseInt(vector!, 16),
    errorCode: errorCode === undefined ? null : parseInt(errorCode, 16),
    cr2: cr2 === undefined ? null : number(cr2),
  };
}

/** Control, status and tag word, pointers, registers. */
const X87_KEY = /^(cw|sw|tw|p[0-7]|f[oid])$/;

function changedX87(before: X87State, changes: ReadonlyMap<string, bigint>): X87State {
  const word = (key: string, unchanged: number): number => Number(changes.get(key) ?? unchanged);
  return {
    control: word('cw', before.control),
    status: word('sw', before.status),
    tags: word('tw', before.tags),
    registers: before.registers.map((bits, n) => changes.get(`p${n}`) ?? bits),
    pointers: changes.has('fi') ? { opcode: word('fo', 0), instruction: changes.get('fi')!, data: changes.get('fd') ?? 0n } : null,
  };
}

/** Reads one line. Error if it is not a vector. */
export function parseVector(line: string): Vector {
  const [before, after] = line.split(' ->') as [string, string | undefined];
  const given = before.split(' ').map((pair) => pair.split('=') as [string, string]);
  if (after === undefined || given.length < 3) throw new Error(`not a vector: ${line}`);
  const mode = given[0]![1] as VectorMode;
  const code = fromHex(given[1]![1]);
  const gpr = seededRegisters(parseInt(given[2]![1], 16), mode);
  let flags = 0x202;
  const patches: Run[] = [];
  let x87: X87State | null = null;
  for (const [key, value] of given.slice(3)) {
    if (key === 'fl') flags = parseInt(value, 16);
    else if (key === 'f') x87 = seededX87(parseInt(value, 16));
    else if (key === 'M') patches.push(run(value));
    else gpr[REGISTERS.indexOf(key)] = number(value);
  }
  const gprAfter = gpr.slice();
  let ip: bigint | null = null;
  let flagsAfter = flags;
  let fault: RecordedFault | null = null;
  const writes: Run[] = [];
  const selectors = new Map<number, number>();
  const bases = new Map<number, bigint>();
  const x87Changes = new Map<string, bigint>();
  for (const pair of after.split(' ').slice(1)) {
    const [key, value] = pair.split('=') as [string, string];
    if (key === 'ip') ip = number(value);
    else if (key === 'fl') flagsAfter = parseInt(value, 16);
    else if (key === 'x') fault = parseFault(value);
    else if (key === 'W') writes.push(run(value));
    else if (key === 'fb' || key === 'gb') bases.set(key === 'fb' ? Seg.FS : Seg.GS, number(value));
    else if (SEGMENTS.includes(key)) selectors.set(SEGMENTS.indexOf(key), parseInt(value, 16));
    else if (X87_KEY.test(key)) x87Changes.set(key, number(value));
    else if (key !== 'n') gprAfter[REGISTERS.indexOf(key)] = number(value);
  }
  const ipAfter = ip ?? BigInt(startOf(mode) + (fault ? 0 : code.length));
  const x87After = x87 === null ? null : changedX87(x87, x87Changes);
  return { line, mode, code, gpr, flags, patches, x87, x87After, gprAfter, ipAfter, flagsAfter, fault, selectors, bases, writes };
}

/** The vector's instruction; a fetch past its end is an INT3, as where it ran. */
export function decodeVector(vector: Vector): Insn {
  let at = 0;
  return decode(() => vector.code[at++] ?? 0xcc, CODE_MODES[vector.mode], ALL_FEATURES);
}

/** `vector` with nothing done but `fault`, if there is one. */
export const withoutEffect = (vector: Vector, fault: RecordedFault | null): Vector => ({
  ...vector,
  x87After: vector.x87,
  gprAfter: vector.gpr,
  flagsAfter: vector.flags,
  ipAfter: BigInt(startOf(vector.mode) + (fault ? 0 : vector.code.length)),
  fault,
  selectors: new Map(),
  bases: new Map(),
  writes: [],
});
