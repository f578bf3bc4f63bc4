// Guest-physical memory as firmware reaches it: what is no RAM reads as ones and takes no writes. Writes go through the write
// door as the host's.

import { PAGE_SIZE } from '../../base/paging-units.ts';
import type { PhysicalMemory } from '../../mmu/physical-memory.ts';

export class FirmwareMemory {
  constructor(private readonly physical: PhysicalMemory) {}

  read(gpa: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length).fill(0xff);
    this.forEachPage(gpa, length, (at, done, inPage) => bytes.set(this.physical.readHost(at, inPage), done));
    return bytes;
  }

  write(gpa: number, bytes: Uint8Array): void {
    this.forEachPage(gpa, bytes.length, (at, done, inPage) => this.physical.writeHost(at, bytes.subarray(done, done + inPage)));
  }

  u8(gpa: number): number {
    const at = this.physical.hostOffset(gpa);
    return at < 0 ? 0xff : this.physical.memory.u8[at]!;
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

  /** The parts of [gpa, gpa + length) in RAM, page by page: address, bytes before it, length. */
  private forEachPage(gpa: number, length: number, visit: (at: number, done: number, inPage: number) => void): void {
    for (let done = 0; done < length; ) {
      const at = gpa + done;
      const inPage = Math.min(PAGE_SIZE - (at % PAGE_SIZE), length - done);
      if (this.physical.hostOffset(at) >= 0) visit(at, done, inPage);
      done += inPage;
    }
  }
}
