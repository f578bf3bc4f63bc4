// The interpreter for instructions that handle at most 32 bits: operands and memory as numbers.

import type { Builder } from '../builder/builder.ts';
import { CodeMode, OperandKind } from '../builder/insn.ts';
import type { Insn, Operand, Size } from '../builder/insn.ts';
import type { Cpu } from '../cpu.ts';
import { Rights } from '../segment-bounds.ts';
import { checkedLinear } from '../segmentation.ts';
import { NARROW_SYSTEM, PAIRS } from '../system/index.ts';
import type { PairHelper, SystemHelper } from '../builder/helpers.ts';
import { readTimeStamp } from '../system/tsc.ts';
import { effectiveAddress, effectiveAddress32, wrapAddress } from './addressing.ts';
import { NarrowFlags } from './narrow-flags.ts';
import { NarrowValues } from './narrow-values.ts';
import type { Narrow } from './narrow-values.ts';

export class NarrowBuilder extends NarrowValues implements Builder<Narrow> {
  readonly flags: NarrowFlags;
  private readonly regs: Int32Array;
  private readonly view: DataView;
  /** Where `readForWrite` found the operand, for the write that follows; -1 when the write must look it up again. */
  private modified: Operand | null = null;
  private modifiedAt = -1;

  constructor(cpu: Cpu) {
    super(cpu);
    this.flags = new NarrowFlags(cpu);
    this.regs = cpu.gprHalves;
    this.view = cpu.linear.view;
  }

  read(operand: Operand): number {
    switch (operand.kind) {
      case OperandKind.REG:
        return this.readRegister(operand.size, operand.reg);
      case OperandKind.IMM:
        return operand.imm;
      case OperandKind.MEM:
        return this.readMemory(operand);
      case OperandKind.REG_HIGH:
        return (this.regs[2 * operand.reg] >>> 8) & 0xff;
      default:
        return operand.reg;
    }
  }

  private readMemory({ address, size }: Operand): number {
    const { cpu } = this;
    const { segment } = address;
    if (this.addressSize !== 4 || (cpu.flat[segment] & Rights.READ) === 0) {
      return this.load(segment, effectiveAddress(cpu, address, this.addressSize), size);
    }
    return cpu.memory.load32(effectiveAddress32(cpu, address), size as 1 | 2 | 4, segment, cpu.dataContext);
  }

  readForWrite(operand: Operand): number {
    if (operand.kind !== OperandKind.MEM) return this.read(operand);
    return this.locate(operand);
  }

  private locate(operand: Operand): number {
    const { cpu } = this;
    const { size } = operand;
    const segment = operand.address.segment;
    const linear = checkedLinear(cpu, segment, effectiveAddress(cpu, operand.address, this.addressSize), size, true);
    const at = cpu.memory.locateWrite(linear, size, segment, cpu.dataContext);
    this.modified = operand;
    this.modifiedAt = at;
    if (at >= 0) return size === 4 ? this.view.getInt32(at, true) : size === 1 ? this.view.getUint8(at) : this.view.getUint16(at, true);
    cpu.memory.probe(linear, size, 1, segment, cpu.dataContext);
    return cpu.memory.load(linear, size as 1 | 2 | 4, segment, cpu.dataContext);
  }

  write(operand: Operand, x: number): void {
    switch (operand.kind) {
      case OperandKind.REG:
        this.writeRegister(operand.size, operand.reg, x);
        return;
      case OperandKind.MEM:
        this.writeMemory(operand, x);
        return;
      case OperandKind.REG_HIGH:
        this.writeHighByte(operand.reg, x);
    }
  }

  private writeMemory(operand: Operand, x: number): void {
    const { size } = operand;
    if (this.modified === operand) {
      const at = this.modifiedAt;
      this.modified = null;
      if (at >= 0) {
        if (size === 4) this.view.setInt32(at, x, true);
        else if (size === 1) this.view.setUint8(at, x);
        else this.view.setUint16(at, x, true);
        return;
      }
    }
    const { cpu } = this;
    const { address } = operand;
    const { segment } = address;
    if (this.addressSize !== 4 || (cpu.flat[segment] & Rights.WRITE) === 0) {
      this.store(segment, effectiveAddress(cpu, address, this.addressSize), size, x);
    } else {
      cpu.memory.store32(effectiveAddress32(cpu, address), size as 1 | 2 | 4, x, segment, cpu.dataContext);
    }
  }

  readRegister(size: Size, reg: number): number {
    const value = this.regs[2 * reg];
    return size === 4 ? value : size === 1 ? value & 0xff : value & 0xffff;
  }

  writeRegister(size: Size, reg: number, x: number): void {
    const { regs } = this;
    if (size === 4) {
      regs[2 * reg] = x;
      regs[2 * reg + 1] = 0;
    } else if (size === 1) {
      regs[2 * reg] = (regs[2 * reg] & ~0xff) | (x & 0xff);
    } else {
      regs[2 * reg] = (regs[2 * reg] & ~0xffff) | (x & 0xffff);
    }
  }

  readHighByte(reg: number): number {
    return (this.regs[2 * reg] >>> 8) & 0xff;
  }

  writeHighByte(reg: number, x: number): void {
    this.regs[2 * reg] = (this.regs[2 * reg] & ~0xff00) | ((x & 0xff) << 8);
  }

  offsetBy(i: Insn, a: number, size: Size, x: number): number {
    return wrapAddress(i.addressSize, a + this.signExtend(size, 4, x));
  }

  effectiveAddress(size: Size, operand: Operand): number {
    return this.truncate(size, effectiveAddress(this.cpu, operand.address, this.addressSize === 8 ? 4 : this.addressSize));
  }

  load(segment: number, a: number, size: Size): number {
    const { cpu } = this;
    return cpu.memory.load(checkedLinear(cpu, segment, a, size, false), size as 1 | 2 | 4, segment, cpu.dataContext);
  }

  loadForWrite(segment: number, a: number, size: Size): number {
    const { cpu } = this;
    const linear = checkedLinear(cpu, segment, a, size, true);
    cpu.memory.probe(linear, size, 1, segment, cpu.dataContext);
    return cpu.memory.load(linear, size as 1 | 2 | 4, segment, cpu.dataContext);
  }

  store(segment: number, a: number, size: Size, x: number): void {
    const { cpu } = this;
    cpu.memory.store(checkedLinear(cpu, segment, a, size, true), size as 1 | 2 | 4, x, segment, cpu.dataContext);
  }

  linearAddress(size: Size, segment: number, a: number): number {
    return this.truncate(size, this.cpu.base[segment] + a);
  }

  stackValue(size: Size, a: number): number {
    return this.truncate(size, a);
  }

  nextIp(size: Size): number {
    return this.truncate(size, this.cpu.nextRip);
  }

  jump(size: Size, target: number): void {
    this.cpu.nextRip = this.target(size, target);
  }

  checkTarget(size: Size, target: number): void {
    this.target(size, target);
  }

  private target(size: Size, target: number): number {
    const unsigned = size === 2 ? target & 0xffff : target >>> 0;
    return this.cpu.mode === CodeMode.BITS64 ? unsigned : this.withinLimit(unsigned);
  }

  timeStamp(): readonly [number, number] {
    const time = readTimeStamp(this.cpu);
    return [Number(BigInt.asIntN(32, time)), Number(BigInt.asIntN(32, time >> 32n))];
  }

  systemPair(helper: PairHelper, i: Insn): readonly [number, number] {
    const [first, second] = PAIRS[helper](this.cpu, i);
    return [Number(BigInt.asIntN(32, first)), Number(BigInt.asIntN(32, second))];
  }

  system(helper: SystemHelper, i: Insn, x: number = 0, y: number = 0): number {
    return NARROW_SYSTEM[helper](this.cpu, i, x >>> 0, y >>> 0) | 0;
  }
}
