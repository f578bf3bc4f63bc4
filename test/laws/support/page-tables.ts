// 4-level page tables of 4 KiB pages, written from the host's side, their A and D bits clear.

import type { Vm } from '../../../src/vm/vm.ts';
import { PAGE } from './configurations.ts';

const PRESENT_WRITABLE = 3n;
const INDEX_BITS = 9;
const ADDRESS = 0xffffff000n;

export class PageTables {
  private next: number;

  /** The PML4 is the page at GPA `root`; further tables follow it. */
  constructor(
    private readonly vm: Vm,
    readonly root: number,
  ) {
    this.next = root + PAGE;
  }

  /** Maps the page of `linear` (below 2^47) to GPA `gpa`. */
  map(linear: number, gpa: number): void {
    let table = this.root;
    for (let level = 3; level > 0; level--) {
      const at = table + 8 * this.index(linear, level);
      if (this.read(at) === 0n) {
        this.write(at, BigInt(this.next) | PRESENT_WRITABLE);
        this.next += PAGE;
      }
      table = Number(this.read(at) & ADDRESS);
    }
    this.write(table + 8 * this.index(linear, 0), BigInt(gpa) | PRESENT_WRITABLE);
  }

  mapRange(linear: number, gpa: number, bytes: number): void {
    for (let at = 0; at < bytes; at += PAGE) this.map(linear + at, gpa + at);
  }

  /** Page numbers of the tables. */
  get gfns(): number[] {
    return Array.from({ length: (this.next - this.root) / PAGE }, (_, n) => this.root / PAGE + n);
  }

  private index(linear: number, level: number): number {
    return Math.floor(linear / 2 ** (12 + INDEX_BITS * level)) % 512;
  }

  private read(gpa: number): bigint {
    return new DataView(this.vm.readMemory(gpa, 8).buffer).getBigUint64(0, true);
  }

  private write(gpa: number, entry: bigint): void {
    this.vm.writeMemory(gpa, new Uint8Array(BigUint64Array.of(entry).buffer));
  }
}
