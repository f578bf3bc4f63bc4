// ModRM and SIB: the fields, and the addressing forms of the three address sizes (SDM vol. 2, "Addressing-Mode Encoding of
// ModR/M and SIB Bytes").

import { Seg } from '../../base/state/vcpu.ts';
import { CodeMode } from '../arch/code-mode.ts';
import type { Address } from '../builder/operand.ts';
import { RIP } from '../builder/operand.ts';
import { REX_B, REX_X } from './prefixes.ts';
import type { ByteStream } from './stream.ts';

const RBX = 3;
const RSP = 4;
const RBP = 5;
const RSI = 6;
const RDI = 7;
const NONE = -1;

/** All addresses have one shape. */
export function makeAddress(base: number, index: number, scale: 1 | 2 | 4 | 8, displacement: number, segment: number): Address {
  return { base, index, scale, displacement, segment };
}

/** What an operand without memory has in its place. */
export const NO_ADDRESS: Address = makeAddress(NONE, NONE, 1, 0, Seg.DS);

export interface AddressContext {
  readonly mode: CodeMode;
  readonly addressSize: 2 | 4 | 8;
  readonly rex: number;
  /** Effective override, or -1. */
  readonly segment: number;
}

const chooseSegment = (override: number, base: number): number =>
  override >= 0 ? override : base === RSP || base === RBP ? Seg.SS : Seg.DS;

/** The address of a memory form: `mod` 0 … 2. Reads SIB and displacement. */
export function readAddress(stream: ByteStream, context: AddressContext, mod: number, rm: number): Address {
  return context.addressSize === 2 ? address16(stream, context, mod, rm) : address32(stream, context, mod, rm);
}

const BASE_16 = [RBX, RBX, RBP, RBP, RSI, RDI, RBP, RBX];
const INDEX_16 = [RSI, RDI, RSI, RDI, NONE, NONE, NONE, NONE];

function address16(stream: ByteStream, context: AddressContext, mod: number, rm: number): Address {
  const direct = mod === 0 && rm === 6;
  const base = direct ? NONE : BASE_16[rm]!;
  const displacement = mod === 1 ? stream.s8() : mod === 2 || direct ? stream.s16() : 0;
  return makeAddress(base, INDEX_16[rm]!, 1, displacement, chooseSegment(context.segment, base));
}

function address32(stream: ByteStream, context: AddressContext, mod: number, rm: number): Address {
  const { rex } = context;
  const extend = rex & REX_B ? 8 : 0;
  let base = rm + extend;
  let index = NONE;
  let scale: 1 | 2 | 4 | 8 = 1;
  // The special rm and base values are recognised without REX.B, so R12 needs a SIB as RSP does, R13 a displacement.
  let bare = rm;
  if (rm === 4) {
    const sib = stream.u8();
    scale = (1 << (sib >>> 6)) as 1 | 2 | 4 | 8;
    index = ((sib >>> 3) & 7) + (rex & REX_X ? 8 : 0);
    if (index === RSP) index = NONE;
    bare = sib & 7;
    base = bare + extend;
  }
  let displacement = 0;
  if (mod === 0 && bare === 5) {
    base = rm === 5 && context.mode === CodeMode.BITS64 ? RIP : NONE;
    displacement = stream.s32();
  } else if (mod === 1) {
    displacement = stream.s8();
  } else if (mod === 2) {
    displacement = stream.s32();
  }
  return makeAddress(base, index, scale, displacement, chooseSegment(context.segment, base));
}
