// Legacy prefixes and REX (SDM vol. 2, "Instruction Prefixes" and "REX Prefixes").

import { Seg } from '../../base/state/vcpu.ts';
import { CodeMode } from '../arch/code-mode.ts';
import type { ByteStream } from './stream.ts';

export interface Prefixes {
  /** 66h was there. */
  readonly operandSize: boolean;
  /** 67h was there. */
  readonly addressSize: boolean;
  readonly lock: boolean;
  /** The last of F2h and F3h, or 0. */
  readonly repeat: number;
  /** Effective segment override, or -1. */
  readonly segment: number;
  /** The REX byte, or 0. */
  readonly rex: number;
  /** The first byte that is not a prefix. */
  readonly opcode: number;
}

export const REX_W = 8,
  REX_R = 4,
  REX_X = 2,
  REX_B = 1;

/** Reads up to and including the first opcode byte. */
export function readPrefixes(stream: ByteStream, mode: CodeMode): Prefixes {
  const is64 = mode === CodeMode.BITS64;
  let operandSize = false;
  let addressSize = false;
  let lock = false;
  let repeat = 0;
  let segment = -1;
  let rex = 0;
  for (;;) {
    const byte = stream.u8();
    if (is64 && (byte & 0xf0) === 0x40) {
      rex = byte;
      continue;
    }
    switch (byte) {
      // In 64-bit mode these four are null prefixes: they do not undo an FS or GS override either.
      case 0x26:
        if (!is64) segment = Seg.ES;
        break;
      case 0x2e:
        if (!is64) segment = Seg.CS;
        break;
      case 0x36:
        if (!is64) segment = Seg.SS;
        break;
      case 0x3e:
        if (!is64) segment = Seg.DS;
        break;
      case 0x64:
        segment = Seg.FS;
        break;
      case 0x65:
        segment = Seg.GS;
        break;
      case 0x66:
        operandSize = true;
        break;
      case 0x67:
        addressSize = true;
        break;
      case 0xf0:
        lock = true;
        break;
      case 0xf2:
      case 0xf3:
        repeat = byte;
        break;
      default:
        return { operandSize, addressSize, lock, repeat, segment, rex, opcode: byte };
    }
    // REX counts only directly before the opcode.
    rex = 0;
  }
}
