// The vCPU that executes INT n, as a service sees it: its registers, the FLAGS image that IRET will load, and memory by the
// addresses that the vCPU itself would use.

import { Seg } from '../../base/state/vcpu.ts';
import { PAGE_SIZE } from '../../base/paging-units.ts';
import { CF, ZF } from '../../cpu/arch/rflags.ts';
import type { CallingVcpu } from '../../vm/calling-vcpu.ts';
import type { FirmwareMemory } from './firmware-memory.ts';

const AX = 0;
const CX = 1;
const DX = 2;
const BX = 3;
const SP = 4;
const BP = 5;
const SI = 6;
const DI = 7;
/** INT pushed IP and CS after FLAGS. */
const FLAGS_IMAGE = 4;

export class Caller {
  constructor(
    private readonly vcpu: CallingVcpu,
    private readonly memory: FirmwareMemory,
  ) {}

  private get(register: number): number {
    return this.vcpu.gpr(register);
  }

  private set(register: number, value: number, mask: number): void {
    this.vcpu.setGpr(register, value, mask);
  }

  get al(): number {
    return this.get(AX) & 0xff;
  }
  set al(value: number) {
    this.set(AX, value, 0xff);
  }
  get ah(): number {
    return (this.get(AX) >>> 8) & 0xff;
  }
  set ah(value: number) {
    this.set(AX, value << 8, 0xff00);
  }
  get ax(): number {
    return this.get(AX) & 0xffff;
  }
  set ax(value: number) {
    this.set(AX, value, 0xffff);
  }
  get eax(): number {
    return this.get(AX);
  }
  set eax(value: number) {
    this.set(AX, value, -1);
  }
  get bl(): number {
    return this.get(BX) & 0xff;
  }
  set bl(value: number) {
    this.set(BX, value, 0xff);
  }
  get bh(): number {
    return (this.get(BX) >>> 8) & 0xff;
  }
  set bh(value: number) {
    this.set(BX, value << 8, 0xff00);
  }
  get bx(): number {
    return this.get(BX) & 0xffff;
  }
  set bx(value: number) {
    this.set(BX, value, 0xffff);
  }
  get ebx(): number {
    return this.get(BX);
  }
  set ebx(value: number) {
    this.set(BX, value, -1);
  }
  get cl(): number {
    return this.get(CX) & 0xff;
  }
  set cl(value: number) {
    this.set(CX, value, 0xff);
  }
  get ch(): number {
    return (this.get(CX) >>> 8) & 0xff;
  }
  set ch(value: number) {
    this.set(CX, value << 8, 0xff00);
  }
  get cx(): number {
    return this.get(CX) & 0xffff;
  }
  set cx(value: number) {
    this.set(CX, value, 0xffff);
  }
  get ecx(): number {
    return this.get(CX);
  }
  set ecx(value: number) {
    this.set(CX, value, -1);
  }
  get dl(): number {
    return this.get(DX) & 0xff;
  }
  set dl(value: number) {
    this.set(DX, value, 0xff);
  }
  get dh(): number {
    return (this.get(DX) >>> 8) & 0xff;
  }
  set dh(value: number) {
    this.set(DX, value << 8, 0xff00);
  }
  get dx(): number {
    return this.get(DX) & 0xffff;
  }
  set dx(value: number) {
    this.set(DX, value, 0xffff);
  }
  get edx(): number {
    return this.get(DX);
  }
  set edx(value: number) {
    this.set(DX, value, -1);
  }
  get bp(): number {
    return this.get(BP) & 0xffff;
  }
  set bp(value: number) {
    this.set(BP, value, 0xffff);
  }
  get si(): number {
    return this.get(SI) & 0xffff;
  }
  get di(): number {
    return this.get(DI) & 0xffff;
  }
  set di(value: number) {
    this.set(DI, value, 0xffff);
  }

  /** Every general register but SP becomes 0, as firmware leaves them to a boot sector. */
  clearRegisters(): void {
    for (const register of [AX, CX, DX, BX, BP, SI, DI]) this.set(register, 0, -1);
  }

  /** Linear address of `offset` in ES or DS. */
  es(offset: number): number {
    return this.linear(Seg.ES, offset);
  }

  ds(offset: number): number {
    return this.linear(Seg.DS, offset);
  }

  /** Loads ES as real-address mode does. */
  setEs(selector: number): void {
    this.vcpu.loadSegment(Seg.ES, selector);
  }

  private linear(segment: number, offset: number): number {
    return (this.vcpu.segmentBase(segment) + offset) % 2 ** 32;
  }

  /** CF as the caller will find it: services report errors by it. */
  set carry(value: boolean) {
    this.setFlag(CF, value);
  }

  set zero(value: boolean) {
    this.setFlag(ZF, value);
  }

  private setFlag(flag: number, value: boolean): void {
    const mask = this.vcpu.stackSize === 2 ? 0xffff : 0xffffffff;
    const at = this.linear(Seg.SS, ((this.get(SP) + FLAGS_IMAGE) & mask) >>> 0);
    const low = this.read(at, 1)[0]!;
    this.write(at, Uint8Array.of(value ? low | flag : low & ~flag));
  }

  /** CF as the firmware's own code finds it after the request. */
  setLiveCarry(value: boolean): void {
    const { vcpu } = this;
    vcpu.flags = value ? vcpu.flags | CF : vcpu.flags & ~CF;
  }

  /** Copies `length` bytes from `linear`. A page fault is the caller's: it leaves the service, which has done nothing yet. */
  read(linear: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.pages(linear, length, 'read').forEach(({ gpa, done, size }) => bytes.set(this.memory.read(gpa, size), done));
    return bytes;
  }

  /** Copies `bytes` to `linear`, as `read` does; nothing is written if it faults. */
  write(linear: number, bytes: Uint8Array): void {
    const parts = this.pages(linear, bytes.length, 'write');
    for (const { gpa, done, size } of parts) this.memory.write(gpa, bytes.subarray(done, done + size));
  }

  /** [linear, linear + length) page by page, as guest-physical addresses. */
  private pages(linear: number, length: number, access: 'read' | 'write'): { gpa: number; done: number; size: number }[] {
    const parts: { gpa: number; done: number; size: number }[] = [];
    for (let done = 0; done < length; ) {
      const at = (linear + done) % 2 ** 32;
      const size = Math.min(PAGE_SIZE - (at % PAGE_SIZE), length - done);
      parts.push({ gpa: this.vcpu.translate(at, access, size), done, size });
      done += size;
    }
    return parts;
  }
}
