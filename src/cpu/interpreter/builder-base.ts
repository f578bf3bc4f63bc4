// What the interpreter's two builders share: conditions as booleans, addresses as numbers, the stack pointer, control
// transfers, exceptions. They execute at once: each call is the operation itself.

import { Rep } from '../builder/insn.ts';
import { Repeated } from '../builder/repeated.ts';
import type { Insn, Operand } from '../builder/insn.ts';
import { CodeMode } from '../builder/insn.ts';
import type { Cpu } from '../cpu.ts';
import { DF } from '../arch/rflags.ts';
import { noteIterationsLeft } from '../interrupted-repeat.ts';
import { checkedLinear } from '../segmentation.ts';
import { Access } from '../../mmu/vcpu-mmu.ts';
import { Seg } from '../../base/state/vcpu.ts';
import { Vector } from '../arch/vectors.ts';
import { stringRun } from './string-run.ts';
import { addToRegister, effectiveAddress, registerAddress, wrapAddress, writeRegisterAddress } from './addressing.ts';

const RSP = 4;
const RBP = 5;
const RCX = 1;

export abstract class BuilderBase<V> {
  /** Address size of the instruction at hand. `Op` sets it before it runs the semantics. */
  addressSize: 2 | 4 | 8 = 4;

  constructor(protected readonly cpu: Cpu) {}

  never(): boolean {
    return false;
  }
  notC(c: boolean): boolean {
    return !c;
  }
  andC(x: boolean, y: boolean): boolean {
    return x && y;
  }
  orC(x: boolean, y: boolean): boolean {
    return x || y;
  }
  xorC(x: boolean, y: boolean): boolean {
    return x !== y;
  }

  when(c: boolean, body: () => void): void {
    if (c) body();
  }

  address(operand: Operand): number {
    return effectiveAddress(this.cpu, operand.address, this.addressSize);
  }

  registerAddress(i: Insn, reg: number): number {
    return registerAddress(this.cpu, reg, i.addressSize);
  }

  offset(i: Insn, a: number, n: number): number {
    return wrapAddress(i.addressSize, a + n);
  }

  writeRegisterAddress(i: Insn, reg: number, a: number): void {
    writeRegisterAddress(this.cpu, reg, i.addressSize, a);
  }

  advance(i: Insn, reg: number, size: number): void {
    addToRegister(this.cpu, reg, i.addressSize, this.cpu.state.rflags[0] & DF ? -size : size);
  }

  probeWrite(segment: number, a: number, bytes: number): void {
    if (bytes === 0) return;
    const { cpu } = this;
    cpu.memory.probe(checkedLinear(cpu, segment, a, bytes, true), bytes, Access.WRITE, segment, cpu.dataContext);
  }

  requireAligned(segment: number, a: number, bytes: number): void {
    if (checkedLinear(this.cpu, segment, a, bytes, false) % bytes !== 0) this.cpu.raise(Vector.GP, 0);
  }

  stackPointer(): number {
    return registerAddress(this.cpu, RSP, this.cpu.stackSize);
  }

  framePointer(): number {
    return registerAddress(this.cpu, RBP, this.cpu.stackSize);
  }

  stackOffset(a: number, n: number): number {
    return wrapAddress(this.cpu.stackSize, a + n);
  }

  setStackPointer(a: number): void {
    const { cpu } = this;
    // A stack pointer of 4 bytes leaves no trace above: in 32-bit modes the upper half is not observable.
    writeRegisterAddress(cpu, RSP, cpu.stackSize, a);
  }

  jumpRelative(i: Insn): void {
    this.cpu.nextRip = this.relativeTarget(i);
  }

  branchRelative(i: Insn, c: boolean): void {
    if (c) this.cpu.nextRip = this.relativeTarget(i);
  }

  checkRelative(i: Insn): void {
    this.relativeTarget(i);
  }

  private relativeTarget(i: Insn): number {
    const target = this.cpu.nextRip + i.displacement;
    if (i.mode === CodeMode.BITS64) return this.canonicalTarget(target);
    return this.withinLimit(i.stackSize === 2 ? target & 0xffff : target >>> 0);
  }

  /** SDM vol. 2, JMP: #GP(0) if the target is not canonical. */
  protected canonicalTarget(target: number): number {
    if (target < -(2 ** 47) || target >= 2 ** 47) this.cpu.raise(Vector.GP, 0);
    return target;
  }

  /** SDM vol. 2, JMP: #GP(0) if the target is beyond the code segment limit. */
  protected withinLimit(target: number): number {
    if (target > this.cpu.state.segLimit[Seg.CS]) this.cpu.raise(Vector.GP, 0);
    return target;
  }

  repeat(i: Insn, body: () => boolean | void, kind: Repeated = Repeated.ANY): void {
    if (i.rep === Rep.NONE) {
      body();
      return;
    }
    const { cpu } = this;
    const { request } = cpu.state;
    for (;;) {
      if (this.countIsZero(i)) return;
      // A request that this instruction brought up when it was begun elsewhere waits for one iteration, and not for more.
      const done = request[0] === 0 ? stringRun(cpu, i, kind) : 0;
      const zero = done === 0 ? body() : undefined;
      if (done === 0) addToRegister(cpu, RCX, i.addressSize, -1);
      else cpu.remaining -= done - 1;
      const goesOn = zero === undefined || (i.rep === Rep.REP) === zero;
      if (!goesOn || this.countIsZero(i)) return;
      // Before the next iteration is an instruction boundary: the loop goes on only while nothing wants to come in between.
      if (cpu.remaining <= 1 || request[0] !== 0) {
        cpu.nextRip = cpu.rip;
        noteIterationsLeft(cpu);
        return;
      }
      cpu.remaining--;
    }
  }

  private countIsZero(i: Insn): boolean {
    const r = this.cpu.gprHalves;
    if (i.addressSize === 4) return r[2 * RCX] === 0;
    return i.addressSize === 2 ? (r[2 * RCX] & 0xffff) === 0 : (r[2 * RCX] | r[2 * RCX + 1]) === 0;
  }

  raise(vector: number, errorCode?: number): void {
    this.cpu.raise(vector, errorCode ?? null);
  }

  raiseWhen(c: boolean, vector: number, errorCode?: number): void {
    if (c) this.cpu.raise(vector, errorCode ?? null);
  }

  abstract constant(size: number, n: number): V;
}
