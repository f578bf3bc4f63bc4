// Pushes and pops of control transfers: several words at once, on a stack that may not be the current one. All words are probed
// before the first is written, so that a fault leaves nothing behind.

import { PAGE_MASK, PAGE_SIZE } from '../../base/paging-units.ts';
import { Access } from '../../mmu/vcpu-mmu.ts';
import { Seg } from '../../base/state/vcpu.ts';
import { noteDataAccess } from '../breakpoints.ts';
import { SegAttr } from '../arch/segment-attributes.ts';
import type { Cpu } from '../cpu.ts';
import { AC } from '../arch/rflags.ts';
import { Vector } from '../arch/vectors.ts';
import { NEXT_STACK, Rights, isWithinBounds, segmentBounds } from '../segment-bounds.ts';
import { checkedLinear } from '../segmentation.ts';
import { baseOf, limitOf } from './descriptor.ts';
import type { Descriptor } from './descriptor.ts';
import { toSigned, toUnsigned } from './helper.ts';

export type Width = 2 | 4 | 8;

const RSP = 4;
const MASK = { 2: 0xffffn, 4: 0xffffffffn, 8: 0xffffffffffffffffn } as const;

/** A stack to push on. */
export interface Stack {
  readonly base: number;
  /** Its place in cpu.bounds, unless segmentation is off. */
  readonly place: number;
  /** Width of its pointer: 8 where segmentation is off. */
  readonly width: Width;
  readonly pointer: bigint;
  /** TLB context of its level. */
  readonly context: number;
  /** Error code of #SS when it is too small. */
  readonly faultCode: number;
}

/** TLB context of explicit data accesses at level `cpl`. */
export const contextOf = (cpu: Cpu, cpl: number): number => (cpl === 3 ? 1 : cpu.state.rflags[0] & AC ? 2 : 0);

/** The stack in use. */
export function currentStack(cpu: Cpu, ext = 0): Stack {
  return {
    base: cpu.base[Seg.SS],
    place: Seg.SS,
    width: cpu.stackSize,
    pointer: cpu.state.gpr[RSP],
    context: contextOf(cpu, cpu.cpl),
    faultCode: ext,
  };
}

/** A stack in segment `d` for level `cpl`, in legacy modes. There is one such stack at a time, since its place in cpu.bounds is one. */
export function segmentStack(cpu: Cpu, d: Descriptor, pointer: bigint, cpl: number, ext = 0): Stack {
  segmentBounds(cpu.bounds, NEXT_STACK, d.attributes, limitOf(d), true);
  return {
    base: baseOf(d),
    place: NEXT_STACK,
    width: d.attributes & SegAttr.DB ? 4 : 2,
    pointer,
    context: contextOf(cpu, cpl),
    faultCode: (d.selector & 0xfffc) | ext,
  };
}

/** A stack of 64-bit mode, where nothing but canonical form is checked. */
export function flatStack(cpu: Cpu, pointer: bigint, cpl: number, ext = 0): Stack {
  return { base: 0, place: Seg.SS, width: 8, pointer, context: contextOf(cpu, cpl), faultCode: ext };
}

/** A stack pointer of `width` bytes as a number: signed with 8 bytes, where one that is not canonical may be inexact. */
const pointerOf = (pointer: bigint, width: Width): number => (width === 8 ? toSigned(pointer) : Number(pointer & MASK[width]));

/** The pointer moved by `distance` bytes. */
const moved = (pointer: number, width: Width, distance: number): number =>
  width === 8 ? pointer + distance : width === 4 ? (pointer + distance) >>> 0 : (pointer + distance) & 0xffff;

function checkPush(cpu: Cpu, { width, place, faultCode }: Stack, at: number, bytes: number): void {
  const fits = width === 8 ? at >= -(2 ** 47) && at + bytes <= 2 ** 47 : isWithinBounds(cpu.bounds, place, at, bytes, Rights.WRITE);
  if (!fits) cpu.raise(Vector.SS, faultCode);
}

const linearOf = ({ width, base }: Stack, at: number): number => (width === 8 ? at : (base + at) % 0x100000000);

/** `pointer` with its low `width` bytes replaced. A 4-byte pointer has nothing above. */
const withPointer = (pointer: bigint, width: Width, value: bigint): bigint => (width === 2 ? (pointer & ~0xffffn) | value : value);

/** Pushes `values`, each of `size` bytes, first to last. Returns the new RSP, which it does not store. May raise #SS, #PF. */
export function pushAll(cpu: Cpu, stack: Stack, size: Width, values: readonly bigint[]): bigint {
  const { width, context } = stack;
  const top = pointerOf(stack.pointer, width);
  const count = values.length;
  for (let n = 1; n <= count; n++) checkPush(cpu, stack, moved(top, width, -size * n), size);
  let probed = -1;
  for (let n = 1; n <= count; n++) {
    const linear = linearOf(stack, moved(top, width, -size * n));
    if (cpu.breakpoints) noteDataAccess(cpu, linear, size, true);
    // One word of a page stands for the others that lie in it as a whole.
    const page = Math.floor(linear / PAGE_SIZE);
    if (page === probed && (linear & PAGE_MASK) + size <= PAGE_SIZE) continue;
    cpu.memory.probe(linear, size, Access.WRITE, Seg.SS, context);
    probed = page;
  }
  for (let n = 1; n <= count; n++) store(cpu, linearOf(stack, moved(top, width, -size * n)), size, values[n - 1]!, context);
  const pointer = moved(top, width, -size * count);
  return withPointer(stack.pointer, width, width === 8 ? toUnsigned(pointer) : BigInt(pointer));
}

function store(cpu: Cpu, linear: number, size: Width, value: bigint, context: number): void {
  if (size === 8) cpu.memory.store64(linear, value, Seg.SS, context);
  else cpu.memory.store(linear, size, Number(value & MASK[size]), Seg.SS, context);
}

/** The `size`-byte word `offset` bytes above the current stack's top. May raise #SS(0), #PF. */
export function peek(cpu: Cpu, offset: number, size: Width): bigint {
  if (size === 8) return cpu.memory.load64(peekedLinear(cpu, offset, size), Seg.SS, cpu.dataContext);
  return BigInt(peekLow(cpu, offset, size));
}

/** The low 4 bytes of that word, unsigned. */
export function peekLow(cpu: Cpu, offset: number, size: Width): number {
  const linear = peekedLinear(cpu, offset, size);
  if (size !== 8) return cpu.memory.load(linear, size, Seg.SS, cpu.dataContext) >>> 0;
  cpu.memory.loadHalves(linear, Seg.SS, cpu.dataContext);
  return cpu.memory.low >>> 0;
}

function peekedLinear(cpu: Cpu, offset: number, size: Width): number {
  const width = cpu.stackSize;
  return checkedLinear(cpu, Seg.SS, moved(pointerOf(cpu.state.gpr[RSP], width), width, offset), size, false);
}

/** RSP after `bytes` were popped from the current stack. */
export function released(cpu: Cpu, bytes: number): bigint {
  const { width, pointer } = currentStack(cpu);
  return withPointer(pointer, width, (pointer + BigInt(bytes)) & MASK[width]);
}

/** RSP from the popped pointer of an outer stack. A 16-bit pointer leaves the other bits of RSP as they were. */
export const outerPointer = (cpu: Cpu, popped: bigint, width: Width): bigint =>
  withPointer(cpu.state.gpr[RSP], width, popped & MASK[width]);

export function setStackPointer(cpu: Cpu, rsp: bigint): void {
  cpu.state.gpr[RSP] = rsp;
}

/** The return address that an instruction pushes, as `size` bytes. */
export const returnAddress = (rip: number, size: Width): bigint => toUnsigned(rip) & MASK[size];
