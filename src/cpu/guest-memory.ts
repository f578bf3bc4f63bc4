// A vCPU's accesses to linear addresses: the TLB's fast path, and everything that is not it — page walks, accesses that
// cross pages, memory-mapped devices. Segmentation is done before (segmentation.ts). Guest memory is accessed by host offset
// here, in the interpreter's builders (at offsets found here), and where the interpreter fetches code.

import { PAGE_MASK, PAGE_SIZE } from '../base/paging-units.ts';
import { Seg } from '../base/state/vcpu.ts';
import { Access, FAULT, MMIO } from '../mmu/vcpu-mmu.ts';
import type { Tlb } from '../mmu/tlb.ts';
import { CodeMode } from './builder/insn.ts';
import type { CpuState } from './state/cpu-state.ts';
import { readOutside, writeOutside } from './outside.ts';
import { Vector } from './arch/vectors.ts';

/** Signed canonical range of 48-bit linear addresses. */
const CANONICAL_LIMIT = 2 ** 47;

export class GuestMemory {
  private readonly view: DataView;
  private readonly tlb: Tlb;
  private readonly readTag: Uint32Array;
  private readonly writeTag: Uint32Array;
  private readonly bytes: Uint8Array;
  /** See `loadHalves`. */
  low = 0;

  constructor(private readonly cpu: CpuState) {
    this.view = cpu.linear.view;
    this.bytes = cpu.linear.u8;
    const { tlb } = cpu.mmu;
    this.tlb = tlb;
    this.readTag = tlb.readTag32;
    this.writeTag = tlb.writeTag32;
  }

  /**
   * Host offset for reading `size` bytes at `linear` within one page, or -1 when the access crosses a page or is not RAM.
   * `segment` decides the exception for a non-canonical address. May raise #PF, #GP, #SS.
   */
  locateRead(linear: number, size: number, segment: number, context: number): number {
    const at = this.tlb.find(this.readTag, linear, context);
    if (at >= 0 && (at & PAGE_MASK) + size <= PAGE_SIZE) return at;
    return this.locateMiss(linear, size, segment, Access.READ, context);
  }

  /** Same for writing: the caller may store to the offset at once, and only then. */
  locateWrite(linear: number, size: number, segment: number, context: number): number {
    const at = this.tlb.find(this.writeTag, linear, context);
    if (at >= 0 && (at & PAGE_MASK) + size <= PAGE_SIZE) return at;
    return this.locateMiss(linear, size, segment, Access.WRITE, context);
  }

  private locateMiss(linear: number, size: number, segment: number, access: number, context: number): number {
    this.checkCanonical(linear, size, segment);
    if ((linear & PAGE_MASK) + size > PAGE_SIZE) return -1;
    const offset = this.cpu.mmu.translate(linear, access as 0 | 1 | 2, context as 0 | 1 | 2, size);
    if (offset === FAULT) this.cpu.raisePageFault(this.cpu.mmu.faultLinear, this.cpu.mmu.faultError);
    return offset === MMIO ? -1 : offset;
  }

  /** Raises #GP(0), or #SS(0) for stack references, unless every byte's address is canonical. Only 64-bit mode has others. */
  checkCanonical(linear: number, size: number, segment: number): void {
    if (linear < -CANONICAL_LIMIT || linear + size > CANONICAL_LIMIT || !Number.isSafeInteger(linear)) {
      this.cpu.raise(segment === Seg.SS ? Vector.SS : Vector.GP, 0);
    }
  }

  /** Unsigned value of 1, 2 or 4 bytes (4: as a signed int32). */
  load(linear: number, size: 1 | 2 | 4, segment: number, context: number): number {
    let at = this.tlb.find(this.readTag, linear, context);
    if (at < 0 || (at & PAGE_MASK) + size > PAGE_SIZE) at = this.locateMiss(linear, size, segment, Access.READ, context);
    if (at >= 0) return size === 4 ? this.view.getInt32(at, true) : size === 1 ? this.bytes[at] : this.view.getUint16(at, true);
    return this.loadSlow(linear, size, context) | 0;
  }

  /** `load` at an address below 4 GiB, given as a signed 32-bit number. */
  load32(low: number, size: 1 | 2 | 4, segment: number, context: number): number {
    const at = this.tlb.find32(this.readTag, low, context);
    if (at < 0 || (at & PAGE_MASK) > PAGE_SIZE - size) return this.load(low >>> 0, size, segment, context);
    return size === 4 ? this.view.getInt32(at, true) : size === 1 ? this.bytes[at] : this.view.getUint16(at, true);
  }

  /** Unsigned 64-bit value. */
  load64(linear: number, segment: number, context: number): bigint {
    const at = this.locateRead(linear, 8, segment, context);
    if (at >= 0) return this.view.getBigUint64(at, true);
    this.touch(linear, 8, Access.READ, context);
    const low = this.loadSlow(linear, 4, context);
    const high = this.loadSlow(this.wrap(linear + 4), 4, context);
    return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  }

  /** The same as two signed 32-bit halves: the low one in `low`, the high one returned. */
  loadHalves(linear: number, segment: number, context: number): number {
    const at = this.locateRead(linear, 8, segment, context);
    if (at >= 0) {
      this.low = this.view.getInt32(at, true);
      return this.view.getInt32(at + 4, true);
    }
    const value = this.load64(linear, segment, context);
    this.low = Number(BigInt.asIntN(32, value));
    return Number(BigInt.asIntN(32, value >> 32n));
  }

  store(linear: number, size: 1 | 2 | 4, value: number, segment: number, context: number): void {
    let at = this.tlb.find(this.writeTag, linear, context);
    if (at < 0 || (at & PAGE_MASK) + size > PAGE_SIZE) at = this.locateMiss(linear, size, segment, Access.WRITE, context);
    if (at < 0) this.storeSlow(linear, size, value, context);
    else if (size === 4) this.view.setInt32(at, value, true);
    else if (size === 1) this.bytes[at] = value;
    else this.view.setUint16(at, value, true);
  }

  /** `store` at an address below 4 GiB, given as a signed 32-bit number. */
  store32(low: number, size: 1 | 2 | 4, value: number, segment: number, context: number): void {
    const at = this.tlb.find32(this.writeTag, low, context);
    if (at < 0 || (at & PAGE_MASK) > PAGE_SIZE - size) this.store(low >>> 0, size, value, segment, context);
    else if (size === 4) this.view.setInt32(at, value, true);
    else if (size === 1) this.bytes[at] = value;
    else this.view.setUint16(at, value, true);
  }

  store64(linear: number, value: bigint, segment: number, context: number): void {
    const at = this.locateWrite(linear, 8, segment, context);
    if (at >= 0) {
      this.view.setBigUint64(at, value, true);
      return;
    }
    this.storeCrossing(linear, 8, Number(value & 0xffffffffn) | 0, Number((value >> 32n) & 0xffffffffn) | 0, context);
  }

  /** Faults as an access of `bytes` bytes at `linear` would; fills the TLB and changes nothing else. */
  probe(linear: number, bytes: number, access: number, segment: number, context: number): void {
    if (bytes === 0) return;
    this.checkCanonical(linear, bytes, segment);
    this.touch(linear, bytes, access, context);
  }

  /** Translates every page of the range, lowest first, so that a fault comes before any effect. */
  private touch(linear: number, bytes: number, access: number, context: number): void {
    let at = linear;
    let left = bytes;
    while (left > 0) {
      const inPage = PAGE_SIZE - (at & PAGE_MASK);
      if (this.cpu.mmu.translate(at, access as 0 | 1 | 2, context as 0 | 1 | 2, Math.min(left, inPage)) === FAULT) {
        this.cpu.raisePageFault(this.cpu.mmu.faultLinear, this.cpu.mmu.faultError);
      }
      left -= inPage;
      at = this.wrap(at + inPage);
    }
  }

  /** Outside 64-bit mode an access that runs past 4 GiB goes on at 0. */
  private wrap(linear: number): number {
    const past = linear - 0x100000000;
    return past >= 0 && past < PAGE_SIZE && this.cpu.mode !== CodeMode.BITS64 ? past : linear;
  }

  /** A load that crosses a page or reaches a device. Both pages are translated before the first byte is read. */
  private loadSlow(linear: number, size: 1 | 2 | 4, context: number): number {
    const inPage = PAGE_SIZE - (linear & PAGE_MASK);
    if (size <= inPage) return this.loadWithin(linear, size, context);
    this.touch(linear, size, Access.READ, context);
    let value = 0;
    for (let n = 0; n < size; n++) value |= this.loadWithin(this.wrap(linear + n), 1, context) << (8 * n);
    return size === 2 ? value & 0xffff : value;
  }

  private loadWithin(linear: number, size: 1 | 2 | 4, context: number): number {
    const { mmu } = this.cpu;
    const at = mmu.translate(linear, Access.READ, context as 0 | 1 | 2);
    if (at === FAULT) this.cpu.raisePageFault(mmu.faultLinear, mmu.faultError);
    if (at === MMIO) return this.mmioRead(mmu.mmioGpa, size);
    return size === 4 ? this.view.getInt32(at, true) : size === 1 ? this.bytes[at] : this.view.getUint16(at, true);
  }

  private storeSlow(linear: number, size: 1 | 2 | 4, value: number, context: number): void {
    if (size <= PAGE_SIZE - (linear & PAGE_MASK)) this.storePart(linear, size, value, context, null);
    else this.storeCrossing(linear, size, value, 0, context);
  }

  /**
   * A store that crosses pages. If one of the two is a device, it is written first: an access that leaves the machine has the
   * whole instruction executed again, and RAM that the instruction has read must not have changed by then.
   */
  private storeCrossing(linear: number, bytes: number, low: number, high: number, context: number): void {
    this.touch(linear, bytes, Access.WRITE, context);
    for (const device of [true, false]) {
      for (let half = 0; half < bytes; half += 4) {
        const at = this.wrap(linear + half);
        const size = Math.min(4, bytes - half);
        const value = half === 0 ? low : high;
        if (size <= PAGE_SIZE - (at & PAGE_MASK)) this.storePart(at, size, value, context, device);
        else for (let n = 0; n < size; n++) this.storePart(this.wrap(at + n), 1, (value >>> (8 * n)) & 0xff, context, device);
      }
    }
  }

  /** A store within one page; with `device` given, only if the page is a device, or is not. */
  private storePart(linear: number, size: number, value: number, context: number, device: boolean | null): void {
    const { cpu } = this;
    const at = cpu.mmu.translate(linear, Access.WRITE, context as 0 | 1 | 2, size);
    if (at === FAULT) cpu.raisePageFault(cpu.mmu.faultLinear, cpu.mmu.faultError);
    if (device !== null && device !== (at === MMIO)) return;
    if (at === MMIO) writeOutside(cpu, 'mmio', cpu.mmu.mmioGpa, size as 1 | 2 | 4, (value & (2 ** (8 * size) - 1)) >>> 0);
    else if (size === 4) this.view.setInt32(at, value, true);
    else if (size === 1) this.bytes[at] = value;
    else this.view.setUint16(at, value, true);
  }

  private mmioRead(gpa: number, size: 1 | 2 | 4): number {
    const answer = readOutside(this.cpu, 'mmio', gpa, size);
    return size === 4 ? answer | 0 : size === 1 ? answer & 0xff : answer & 0xffff;
  }
}
