// A few instructions as lines of address, bytes and text.

import type { Code } from '../../debug/code-at.ts';
import { symbolText } from '../../debug/symbols.ts';
import type { WhereItStopped } from '../../debug/where-it-stopped.ts';
import type { Disassemble } from './disassembler.ts';

export interface Line {
  /** Hexadecimal. */
  readonly at: string;
  readonly bytes: string;
  /** Empty where there is no disassembler. */
  readonly text: string;
}

/** Instructions that are shown at most. */
const MOST = 4;
/** Bytes of a line where there is no disassembler. */
const UNREAD = 16;

export const hexBytes = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** The instructions at the start of `code`; none where no code is. Without a disassembler one line of bytes. */
export function listing({ bytes, bits, rip, linear, cs }: Code, disassemble: Disassemble | null, nameOf: WhereItStopped['nameOf']): Line[] {
  const address = (at: bigint): string => at.toString(16).padStart(bits === 64 ? 16 : 8, '0');
  if (bytes.length === 0) return [];
  if (!disassemble) return [{ at: address(rip), bytes: hexBytes(bytes.subarray(0, UNREAD)), text: '' }];
  const lines: Line[] = [];
  for (let at = 0; at < bytes.length && lines.length < MOST; ) {
    const { text, length, target } = disassemble(bytes.subarray(at), bits, rip + BigInt(at));
    const to = target === null ? null : nameOf({ cs, rip: target, linear: BigInt.asUintN(64, target - rip + linear) });
    const name = to ? ` <${symbolText(to)}>` : '';
    lines.push({ at: address(rip + BigInt(at)), bytes: hexBytes(bytes.subarray(at, at + length)), text: text + name });
    at += Math.max(1, length);
  }
  return lines;
}
