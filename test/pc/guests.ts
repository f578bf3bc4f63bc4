// Small guests for the PC's own face, raw images at `AT` in 32-bit protected mode.

import type { PcConfig } from '../../src/machine/pc.ts';
import { assemble } from '../support/code.ts';
import type { Item } from '../support/code.ts';

export const MIB = 2 ** 20;
export const AT = 0x1000;

const raw = (...items: readonly Item[]): Pick<PcConfig, 'image' | 'at' | 'memory'> => ({
  image: assemble(AT, ...items).bytes,
  at: AT,
  memory: MIB,
});

const DX_STATUS: Item = [0xba, 0xfd, 0x03, 0, 0];
const DX_DATA: Item = [0xba, 0xf8, 0x03, 0, 0];

/** Sends back each byte that it receives at COM1, after `work` turns of a loop. */
export const echo = (work = 1) =>
  raw(
    [0xfa],
    { label: 'again' },
    DX_STATUS,
    { label: 'wait' },
    [0xec, 0xa8, 1, 0x74], // IN AL, DX; TEST AL, 1; JZ
    { rel8: 'wait' },
    [0xb9, work & 0xff, (work >> 8) & 0xff, (work >> 16) & 0xff, 0], // MOV ECX, work
    { label: 'work' },
    [0xe2], // LOOP
    { rel8: 'work' },
    DX_DATA,
    [0xec, 0xee, 0xeb], // IN AL, DX; OUT DX, AL; JMP
    { rel8: 'again' },
  );

/** Says `bytes` at `port` (COM1), one every few instructions, then executes `then`: by default CLI, HLT. */
export function say(text: string | Uint8Array, then: readonly number[] = [0xfa, 0xf4], port = 0x3f8) {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return raw(
    [0xba, port & 0xff, port >> 8, 0, 0, 0xbe], // MOV EDX, port; MOV ESI, text
    { abs32: 'text' },
    [0xb9, bytes.length & 0xff, (bytes.length >> 8) & 0xff, bytes.length >> 16, 0], // MOV ECX, length
    { label: 'next' },
    [0xac, 0xee, 0xe2], // LODSB; OUT DX, AL; LOOP
    { rel8: 'next' },
    then,
    { label: 'text' },
    [...bytes],
  );
}

/** Counts in memory at 0x8000, for ever: each number goes to a page of its own among 64, and the low byte to COM1 each 256. */
export const counter = () =>
  raw(
    DX_DATA,
    [0x31, 0xdb], // XOR EBX, EBX
    { label: 'again' },
    [0x43, 0x89, 0xd8, 0x83, 0xe0, 63, 0xc1, 0xe0, 12], // INC EBX; MOV EAX, EBX; AND EAX, 63; SHL EAX, 12
    [0x89, 0x98, 0x00, 0x80, 0, 0], // MOV [EAX + 8000h], EBX
    [0x84, 0xdb, 0x75], // TEST BL, BL; JNZ
    { rel8: 'again' },
    [0x88, 0xf8, 0xee, 0xeb], // MOV AL, BH; OUT DX, AL; JMP
    { rel8: 'again' },
  );
