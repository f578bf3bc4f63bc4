// A boot sector that writes the disk it is booted from, 127 sectors at a time from sector 1 on, then halts. Each of its writes
// begins with the count of those before it.

import { createPc } from '../../../src/machine/pc.ts';
import type { Pc, PcConfig } from '../../../src/machine/pc.ts';

export const SECTOR = 512;
export const SECTORS_A_WRITE = 127;

// biome-ignore format: a table
const PROGRAM = [
  0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xd0, 0xbc, 0x00, 0x70, // xor ax,ax; mov ds,ax; mov ss,ax; mov sp,7000h
  // again:
  0xbe, 0x34, 0x7c, 0xb4, 0x43, 0xb0, 0x00, 0xb2, 0x80, // mov si,packet; mov ah,43h; mov al,0; mov dl,80h
  0xcd, 0x13, 0x72, 0x19, //                               int 13h; jc fail
  0x66, 0xff, 0x06, 0x00, 0x90, //                         inc dword [9000h]
  0x66, 0xa1, 0x3c, 0x7c, 0x66, 0x03, 0x06, 0x44, 0x7c, // mov eax,[packet+8]; add eax,[step]
  0x66, 0xa3, 0x3c, 0x7c, 0x66, 0x3b, 0x06, 0x48, 0x7c, // mov [packet+8],eax; cmp eax,[limit]
  0x72, 0xda, 0xfa, 0xf4, 0x90, 0x90, 0x90, //             jb again; fail: cli; hlt
  // packet: 127 blocks at 0900:0000, from block 1
  16, 0, SECTORS_A_WRITE, 0, 0, 0, 0x00, 0x09, 1, 0, 0, 0, 0, 0, 0, 0,
];

/** The disk, of 64 sectors beyond `limit`, the sector that ends the writing. `step`: sectors from one write to the next. */
export function writerDisk(limit: number, step: number = SECTORS_A_WRITE): Uint8Array {
  const bytes = new Uint8Array((limit + 192) * SECTOR);
  bytes.set(PROGRAM);
  const view = new DataView(bytes.buffer);
  view.setUint32(0x44, step, true);
  view.setUint32(0x48, limit, true);
  bytes.set([0x55, 0xaa], 510);
  return bytes;
}

export const writerPc = (bytes: Uint8Array, config: Partial<PcConfig> = {}): Pc =>
  createPc({ memory: 2 ** 20, ...config, disk: { name: 'writer.img', bytes } });
