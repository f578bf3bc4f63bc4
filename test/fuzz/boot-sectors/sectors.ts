// Boot sectors to execute: noise, noise that looks like code, instructions of real-address mode among calls of BIOS services, and
// a sector that works with some of its bytes changed; and disks of guests with some of theirs changed.

import { readFileSync } from 'node:fs';
import { MODES } from '../modes/modes.ts';
import { instruction, phrase } from '../modes/soup.ts';
import { codeLike, noise } from '../random-code.ts';
import type { Random } from '../random-code.ts';

export const SECTOR_BYTES = 512;
/** Without the signature. */
const CODE_BYTES = SECTOR_BYTES - 2;
const BOOT = 0x7c00;
const REAL_MODE = MODES[0]!;

/** Prints a line, reads three sectors behind itself with retries, asks for memory, time and a key that may wait, and jumps there. */
// biome-ignore format: a table
const LOADER: readonly number[] = [
  0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0, 0xbc, 0x00, 0x7c, 0xfb, 0xfc, // cli; segments 0; mov sp,7c00h; sti; cld
  0x88, 0x16, 0xf0, 0x7d, 0xbe, 0x80, 0x7c, //  mov [7df0h],dl; mov si,7c80h
  0xac, 0x84, 0xc0, 0x74, 0x09, 0xb4, 0x0e, 0xbb, 0x07, 0x00, 0xcd, 0x10, 0xeb, 0xf2, // next: lodsb; …; int 10h; jmp next
  0xbd, 0x03, 0x00, //                           mov bp,3
  0xb8, 0x03, 0x02, 0xbb, 0x00, 0x7e, 0xb9, 0x02, 0x00, 0x31, 0xd2, 0x8a, 0x16, 0xf0, 0x7d, 0xcd, 0x13, // retry: … int 13h
  0x73, 0x09, 0x31, 0xc0, 0xcd, 0x13, 0x4d, 0x75, 0xe7, 0xeb, 0x20, //                jnc; xor ax,ax; int 13h; dec bp; jnz retry
  0xb8, 0x01, 0xe8, 0xcd, 0x15, 0x12, 0xc0, 0xb4, 0x88, 0xcd, 0x15, // int 15h: memory
  0xb4, 0x02, 0xcd, 0x1a, 0xb4, 0x00, 0xcd, 0x1a, 0xcd, 0x12, 0xcd, 0x11,
  0xb4, 0x01, 0xcd, 0x16, 0xb9, 0x40, 0x00, 0xbf, 0x00, 0x90, 0xf3, 0xab, // mov ah,1; int 16h; mov cx,40h; mov di,9000h; rep stosw
  0xa1, 0x6c, 0x04, 0x3b, 0x06, 0x6c, 0x04, 0x74, 0xfa, //                   waits for a tick
  0xea, 0x00, 0x7e, 0x00, 0x00,
];
const TEXT_AT = 0x80;

const SERVICES = [0x10, 0x10, 0x10, 0x11, 0x12, 0x13, 0x13, 0x13, 0x14, 0x15, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1a, 0x1c, 0x08, 0x09];
const FUNCTIONS: Readonly<Record<number, readonly number[]>> = {
  0x10: [0, 1, 2, 3, 5, 6, 7, 8, 9, 0xa, 0xb, 0xe, 0xf, 0x10, 0x11, 0x12, 0x13, 0x1a, 0x4f],
  0x13: [0, 1, 2, 3, 4, 8, 0x15, 0x41, 0x42, 0x43, 0x48],
  0x15: [0x24, 0x41, 0x83, 0x86, 0x87, 0x88, 0xc0, 0xe8, 0xe8],
  0x16: [0, 1, 2, 5, 0x10, 0x11, 0x12],
  0x1a: [0, 1, 2, 3, 4, 5, 0xb1],
};

/** Registers by MOV, then INT. */
function service(random: Random): number[] {
  const vector = SERVICES[random(SERVICES.length)]!;
  const functions = FUNCTIONS[vector] ?? [0, 1, 2];
  const ah = random(10) === 0 ? random(256) : functions[random(functions.length)]!;
  const small = (): number[] => (random(3) ? [random(20), random(3)] : [random(256), random(256)]);
  const moves = [0xbb, 0xb9, 0xba, 0xbe, 0xbf, 0xbd].flatMap((opcode) => (random(2) ? [opcode, ...small()] : []));
  const smap = [0x66, 0xba, 0x50, 0x41, 0x4d, 0x53];
  if (vector === 0x15 && ah === 0xe8) return [...moves, ...smap, 0xb8, [1, 0x20, 0x81][random(3)]!, 0xe8, 0xcd, 0x15];
  return [...moves, 0xb8, random(4) ? random(8) : random(256), ah, 0xcd, vector];
}

function soup(random: Random): number[] {
  const bytes: number[] = [];
  while (bytes.length < CODE_BYTES) {
    const kind = random(4);
    if (kind === 0) bytes.push(...service(random));
    else if (kind === 1) bytes.push(...phrase(REAL_MODE, random, BOOT + bytes.length));
    else bytes.push(...instruction(REAL_MODE, random));
  }
  return bytes;
}

function mutatedLoader(random: Random): number[] {
  const text = (at: number): number => (at >= TEXT_AT && at < TEXT_AT + 40 ? 0x20 + at - TEXT_AT : 0);
  const bytes = Array.from({ length: CODE_BYTES }, (_, at) => LOADER[at] ?? text(at));
  for (let n = random(12); n > 0; n--) bytes[random(2) ? random(LOADER.length) : random(CODE_BYTES)] = random(256);
  return bytes;
}

const KINDS: readonly ((random: Random) => number[])[] = [
  (random) => noise(random, CODE_BYTES),
  (random) => codeLike(random, CODE_BYTES),
  soup,
  soup,
  mutatedLoader,
];

/** 512 bytes with the signature. */
export function randomSector(random: Random): Uint8Array {
  const bytes = KINDS[random(KINDS.length)]!(random).slice(0, CODE_BYTES);
  return Uint8Array.from([...bytes, 0x55, 0xaa]);
}

const DISKS = ['boot-hello', 'boot-ladder'];

/** The disk of a guest of the project with up to forty of its bytes changed, its signature excepted. */
export function mutatedDisk(random: Random): Uint8Array {
  const name = DISKS[random(DISKS.length)]!;
  const bytes = new Uint8Array(readFileSync(new URL(`../../../guests/${name}/${name}.img`, import.meta.url)));
  for (let n = random(40); n > 0; n--) bytes[random(bytes.length)] = random(4) === 0 ? random(256) : bytes[random(bytes.length)]!;
  bytes.set([0x55, 0xaa], CODE_BYTES);
  return bytes;
}
