// Guest-physical memory as firmware reads and writes it: by bytes, words and double words, as devices reach it.

import type { DeviceMemory } from '../../base/platform.ts';

export class FirmwareMemory {
  constructor(private readonly memory: DeviceMemory) {}

  read(gpa: number, length: number): Uint8Array {
    return this.memory.read(gpa, length);
  }

  write(gpa: number, bytes: Uint8Array): void {
    this.memory.write(gpa, bytes);
  }

  u8(gpa: number): number {
    return this.memory.readByte(gpa);
  }

  u16(gpa: number): number {
    return this.u8(gpa) | (this.u8(gpa + 1) << 8);
  }

  /** Unsigned. */
  u32(gpa: number): number {
    return this.u16(gpa) + this.u16(gpa + 2) * 65536;
  }

  setU8(gpa: number, value: number): void {
    this.write(gpa, Uint8Array.of(value));
  }

  setU16(gpa: number, value: number): void {
    this.write(gpa, Uint8Array.of(value, value >>> 8));
  }

  setU32(gpa: number, value: number): void {
    this.write(gpa, Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24));
  }
}
