// The interpreter for instructions that handle 64 bits: operands and memory as bigints.

import type { Builder } from '../builder/builder.ts';
import { CodeMode, OperandKind } from '../builder/insn.ts';
import type { Insn, Operand, Size } from '../builder/insn.ts';
import type { Cpu } from '../cpu.ts';
import { checkedLinear } from '../segmentation.ts';
import { PAIRS, SYSTEM } from '../system/index.ts';
import type { PairHelper, SystemHelper } from '../builder/helpers.ts';
import { readTimeStamp } from '../system/tsc.ts';
import { effectiveAddress, exactAddress, wrapAddress } from './addressing.ts';
import { WideFlags } from './wide-flags.ts';
import { WideValues } from './wide-values.ts';
import type { Wide } from './wide-values.ts';

export class WideBuilder extends WideValues implements Builder<Wide> {
  readonly flags: WideFlags;
  private readonly regs: BigUint64Array;
  private readonly halves: Int32Array;
  private readonly view: DataView;
  /** Where `readForWrite` found the operand, for the write that follows; -1 when the write must look it up again. */
  private modified: Operand | null = null;
  private modifiedAt = -1;

  constructor(cpu: Cpu) {
    super(cpu);
    this.flags = new WideFlags(cpu);
    this.regs = cpu.state.gpr;
    this.halves = cpu.gprHalves;
    this.view = cpu.linear.view;
  }

  read(operand: Operand): bigint {
    switch (operand.kind) {
      case OperandKind.REG:
        return this.readRegister(operand.size, operand.reg);
      case OperandKind.IMM:
        return BigInt.asUintN(8 * operand.size, operand.imm64);
      case OperandKind.MEM:
        return this.load(operand.address.segment, this.address(operand), operand.size);
      case OperandKind.REG_HIGH:
        return this.readHighByte(operand.reg);
      default:
        return BigInt(operand.reg);
    }
  }

  readForWrite(operand: Operand): bigint {
    if (operand.kind !== OperandKind.MEM) return this.read(operand);
    const { cpu } = this;
    const { size } = operand;
    const segment = operand.address.segment;
    const linear = checkedLinear(cpu, segment, effectiveAddress(cpu, operand.address, this.addressSize), size, true);
    const at = cpu.memory.locateWrite(linear, size, segment, cpu.dataContext);
    this.modified = operand;
    this.modifiedAt = at;
    if (at >= 0 && size === 8) return this.view.getBigUint64(at, true);
    if (at < 0) cpu.memory.probe(linear, size, 1, segment, cpu.dataContext);
    return this.loadLinear(linear, size, segment);
  }

  write(operand: Operand, x: bigint): void {
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

  private writeMemory(operand: Operand, x: bigint): void {
    const at = this.modified === operand && operand.size === 8 ? this.modifiedAt : -1;
    this.modified = null;
    if (at >= 0) this.view.setBigUint64(at, x, true);
    else this.store(operand.address.segment, effectiveAddress(this.cpu, operand.address, this.addressSize), operand.size, x);
  }

  readRegister(size: Size, reg: number): bigint {
    return size === 8 ? this.regs[reg] : BigInt.asUintN(8 * size, this.regs[reg]);
  }

  writeRegister(size: Size, reg: number, x: bigint): void {
    if (size === 8) {
      this.regs[reg] = x;
    } else if (size === 4) {
      this.regs[reg] = BigInt.asUintN(32, x);
    } else {
      const mask = size === 1 ? 0xff : 0xffff;
      this.halves[2 * reg] = (this.halves[2 * reg] & ~mask) | (Number(BigInt.asUintN(16, x)) & mask);
    }
  }

  readHighByte(reg: number): bigint {
    return BigInt((this.halves[2 * reg] >>> 8) & 0xff);
  }

  writeHighByte(reg: number, x: bigint): void {
    this.halves[2 * reg] = (this.halves[2 * reg] & ~0xff00) | (Number(BigInt.asUintN(8, x)) << 8);
  }

  offsetBy(i: Insn, a: number, size: Size, x: bigint): number {
    const n = BigInt.asIntN(8 * size, x);
    // In a narrower address only the low bits count. They are cut from the bigint: in a double of n they might be lost.
    if (i.addressSize !== 8) return wrapAddress(i.addressSize, a + Number(BigInt.asIntN(32, n)));
    const sum = a + Number(n);
    if (!Number.isSafeInteger(sum)) return Number(BigInt.asIntN(64, BigInt(a) + n));
    return wrapAddress(i.addressSize, sum);
  }

  effectiveAddress(size: Size, operand: Operand): bigint {
    if (this.addressSize === 8) return BigInt.asUintN(8 * size, exactAddress(this.cpu, operand.address));
    return this.truncate(size, BigInt(effectiveAddress(this.cpu, operand.address, this.addressSize)));
  }

  load(segment: number, a: number, size: Size): bigint {
    return this.loadLinear(checkedLinear(this.cpu, segment, a, size, false), size, segment);
  }

  private loadLinear(linear: number, size: Size, segment: number): bigint {
    const { cpu } = this;
    if (size === 8) return cpu.memory.load64(linear, segment, cpu.dataContext);
    return BigInt(cpu.memory.load(linear, size, segment, cpu.dataContext) >>> 0);
  }

  loadForWrite(segment: number, a: number, size: Size): bigint {
    const { cpu } = this;
    const linear = checkedLinear(cpu, segment, a, size, true);
    cpu.memory.probe(linear, size, 1, segment, cpu.dataContext);
    return this.loadLinear(linear, size, segment);
  }

  store(segment: number, a: number, size: Size, x: bigint): void {
    const { cpu } = this;
    const linear = checkedLinear(cpu, segment, a, size, true);
    if (size === 8) cpu.memory.store64(linear, x, segment, cpu.dataContext);
    else cpu.memory.store(linear, size, Number(BigInt.asIntN(32, x)), segment, cpu.dataContext);
  }

  linearAddress(size: Size, segment: number, a: number): bigint {
    return BigInt.asUintN(8 * size, BigInt(this.cpu.base[segment]) + BigInt(a));
  }

  stackValue(size: Size, a: number): bigint {
    return BigInt.asUintN(8 * size, BigInt(a));
  }

  nextIp(size: Size): bigint {
    return BigInt.asUintN(8 * size, BigInt(this.cpu.nextRip));
  }

  jump(size: Size, target: bigint): void {
    this.cpu.nextRip = this.target(size, target);
  }

  checkTarget(size: Size, target: bigint): void {
    this.target(size, target);
  }

  private target(size: Size, target: bigint): number {
    if (this.cpu.mode === CodeMode.BITS64) {
      return this.canonicalTarget(Number(size === 8 ? BigInt.asIntN(64, target) : BigInt.asUintN(8 * size, target)));
    }
    return this.withinLimit(Number(BigInt.asUintN(size === 2 ? 16 : 32, target)));
  }

  timeStamp(): readonly [bigint, bigint] {
    const time = readTimeStamp(this.cpu);
    return [BigInt.asUintN(32, time), time >> 32n];
  }

  systemPair(helper: PairHelper, i: Insn): readonly [bigint, bigint] {
    return PAIRS[helper](this.cpu, i);
  }

  system(helper: SystemHelper, i: Insn, x: bigint = 0n, y: bigint = 0n): bigint {
    return BigInt.asUintN(64, SYSTEM[helper](this.cpu, i, x, y));
  }
}
