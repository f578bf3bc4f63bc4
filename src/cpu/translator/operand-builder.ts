// The guest state part of the translator's builder: operands and memory as WebAssembly. Where the path is not
// straight (a TLB miss that faults, a device, a page crossing, a request that came up), code leaves the region at the start of
// the instruction, before any of its effects, and the interpreter executes it.

import { Seg, VCPU_STATE } from '../../base/state/vcpu.ts';
import { TLB_LAYOUT, tlbEntries } from '../../mmu/tlb-layout.ts';
import { Access } from '../../mmu/access.ts';
import { OperandKind, RIP } from '../builder/insn.ts';
import type { Address, Insn, Operand, Size } from '../builder/insn.ts';
import { Repeated } from '../builder/repeated.ts';
import { Imported } from './region-frame.ts';
import type { RegionFrame } from './region-frame.ts';
import { Val, typeOf } from './value.ts';
import { RegisterBuilder } from './register-builder.ts';
import type { Site } from './register-builder.ts';
import type { Type } from './wasm/opcodes.ts';

const RAX = 0;
const RSI = 6;
const RDI = 7;
const { offset } = VCPU_STATE;

export class OperandBuilder extends RegisterBuilder {
  private modified: Operand | null = null;
  private modifiedAt: Val | null = null;
  /** The access that was asked for in advance: its address, and where it is in the host. */
  private probed: { readonly a: Val; readonly segment: number; readonly bytes: number; readonly at: Val } | null = null;

  /** `context`: the TLB context of data accesses. */
  constructor(
    frame: RegionFrame,
    private readonly context: number,
  ) {
    super(frame);
  }

  /** Before the semantics of `insn` at `site`. */
  override beginInstruction(insn: Insn, site: Site): void {
    super.beginInstruction(insn, site);
    this.modified = null;
    this.probed = null;
  }
  // ── operands ────────────────────────────────────────────────────────────────────────────────────────────────────
  read(operand: Operand): Val {
    switch (operand.kind) {
      case OperandKind.REG:
        return this.readRegister(operand.size, operand.reg);
      case OperandKind.IMM:
        return Val.constant(typeOf(operand.size), BigInt.asUintN(8 * operand.size, operand.imm64));
      case OperandKind.MEM:
        return this.load(operand.address.segment, this.address(operand), operand.size);
      case OperandKind.REG_HIGH:
        return this.readHighByte(operand.reg);
      default:
        return this.constant(4, operand.reg);
    }
  }

  readForWrite(operand: Operand): Val {
    if (operand.kind !== OperandKind.MEM) return this.read(operand);
    const at = this.locate(operand.address.segment, this.address(operand), operand.size, Access.WRITE);
    this.modified = operand;
    this.modifiedAt = at;
    return this.loadAt(at, operand.size);
  }

  write(operand: Operand, x: Val): void {
    switch (operand.kind) {
      case OperandKind.REG:
        this.writeRegister(operand.size, operand.reg, x);
        return;
      case OperandKind.REG_HIGH:
        this.writeHighByte(operand.reg, x);
        return;
      case OperandKind.MEM:
        if (this.modified === operand) this.storeAt(this.modifiedAt!, operand.size, x);
        else this.store(operand.address.segment, this.address(operand), operand.size, x);
    }
  }

  // ── addresses: i32, or i64 with 64-bit addressing ───────────────────────────────────────────────────────────────
  address(operand: Operand): Val {
    return this.effective(operand.address);
  }

  private effective(a: Address): Val {
    const { body, frame } = this;
    const wide = this.insn.addressSize === 8;
    const type: Type = wide ? 'i64' : 'i32';
    let terms = 0;
    const term = (push: () => void): void => {
      push();
      if (terms++ > 0) body.op(`${type}.add`);
    };
    const register = (reg: number): void => {
      body.get(frame.register(reg));
      if (!wide && frame.is64) body.op('i32.wrap_i64');
    };
    let { displacement } = a;
    if (a.base === RIP) {
      displacement += this.site.distance + this.insn.length;
      term(() => {
        body.get(frame.pageBase);
        if (!wide) body.op('i32.wrap_i64');
      });
    } else if (a.base >= 0) {
      term(() => register(a.base));
    }
    if (a.index >= 0) {
      term(() => {
        register(a.index);
        if (a.scale > 1) (wide ? body.i64(BigInt(Math.log2(a.scale))) : body.i32(Math.log2(a.scale))).op(`${type}.shl`);
      });
    }
    if (displacement !== 0 || terms === 0) term(() => void (wide ? body.i64(BigInt(displacement)) : body.i32(displacement)));
    if (this.insn.addressSize === 2) body.i32(0xffff).op('i32.and');
    return this.pop(type);
  }

  registerAddress(i: Insn, reg: number): Val {
    return this.readRegister(i.addressSize, reg);
  }

  offset(i: Insn, a: Val, n: number): Val {
    return this.add(i.addressSize, a, this.constant(i.addressSize, n));
  }

  offsetBy(i: Insn, a: Val, size: Size, x: Val): Val {
    return this.add(i.addressSize, a, i.addressSize === 8 ? this.signExtend(size, 8, x) : this.signExtend(size, 4, x));
  }

  effectiveAddress(size: Size, operand: Operand): Val {
    return this.truncate(size, this.address(operand));
  }

  writeRegisterAddress(i: Insn, reg: number, a: Val): void {
    this.writeRegister(i.addressSize, reg, a);
  }

  advance(i: Insn, reg: number, size: Size): void {
    const bytes = i.addressSize;
    const back = this.shl(4, this.flags.direction(), this.constant(1, Math.log2(size) + 1));
    const step = this.signExtend(4, bytes === 8 ? 8 : 4, this.sub(4, this.constant(4, size), back));
    this.writeRegister(bytes, reg, this.add(bytes, this.readRegister(bytes, reg), step));
  }

  // ── memory ──────────────────────────────────────────────────────────────────────────────────────────────────────
  /** The linear address, i64, unchecked. */
  private linear(segment: number, a: Val): Val {
    const { frame, body } = this;
    const hasBase = segment === Seg.FS || segment === Seg.GS;
    if (frame.is64) {
      this.push(a, 'i64');
      if (hasBase)
        body
          .get(frame.cpu)
          .memory('i64.load', offset.segBase + 8 * segment)
          .op('i64.add');
    } else if (this.isFlat(segment)) {
      this.push(a, 'i64');
    } else {
      this.push(a).get(frame.segmentBase(segment)).op('i32.add', 'i64.extend_i32_u');
    }
    return this.pop('i64');
  }

  /** 32-bit code that is not segmented may still have bases and limits in FS and GS, and may not write to CS. */
  private isFlat(segment: number): boolean {
    return !this.frame.segmented && (segment === Seg.ES || segment === Seg.SS || segment === Seg.DS);
  }

  /** Whether any offset in the segment is the linear address, and no access reaches an end. */
  protected isPlain(segment: number): boolean {
    return this.frame.is64 ? segment !== Seg.FS && segment !== Seg.GS : this.isFlat(segment);
  }

  /** Puts the iterations on the stack that are done at once, 0 if none is; at most those in local `most`, an i32. */
  protected stringRun(i: Insn, kind: Repeated, most: number): void {
    const { body, frame } = this;
    const { first, mask } = tlbEntries(this.context);
    body
      .get(frame.tlb)
      .i32(8 * first)
      .op('i32.add')
      .i32(8 * mask);
    this.push(this.readRegister(i.addressSize, RDI), 'i64');
    this.push(kind === Repeated.COPY ? this.readRegister(i.addressSize, RSI) : this.readRegister(i.size, RAX), 'i64');
    body
      .get(most)
      .i32(Math.log2(i.size))
      .call(kind === Repeated.COPY ? Imported.COPY_RUN : Imported.FILL_RUN);
  }

  /** Leaves an access of `bytes` bytes that reaches the segment's end to the interpreter. */
  private checkSegment(segment: number, a: Val, bytes: number, access: number): void {
    const { frame } = this;
    if (frame.is64 || this.isFlat(segment)) return;
    this.push(a, 'i64')
      .i64(BigInt(bytes))
      .op('i64.add')
      .get(frame.segmentEnd(segment, access === Access.WRITE))
      .op('i64.gt_u');
    this.interpretWhen(this.pop('i32'));
  }

  /**
   * Host offset, i32, of an access of `bytes` bytes that does not cross a page. The tag of the first byte's entry is compared with
   * the page of the last byte: they are equal only if both bytes are in that page, for the next page has another entry.
   */
  private locate(segment: number, a: Val, bytes: number, access: number): Val {
    const { body, frame, context } = this;
    this.checkSegment(segment, a, bytes, access);
    const linear = this.linear(segment, a);
    const { first, mask } = tlbEntries(context);
    const tags = TLB_LAYOUT.offset[access === Access.WRITE ? 'writeTag' : 'readTag'] + 8 * first;
    const entry = this.temporaries.take('i32');
    this.push(linear, 'i32')
      .i32(9)
      .op('i32.shr_u')
      .i32(8 * mask)
      .op('i32.and')
      .get(frame.tlb)
      .op('i32.add');
    body.tee(entry).memory('i64.load', tags);
    this.push(linear);
    if (bytes > 1) body.i64(BigInt(bytes - 1)).op('i64.add');
    body.i64(-4096n).op('i64.and', 'i64.eq');
    const at = this.temporaries.take('i32');
    body.if('i32');
    this.push(linear, 'i32')
      .get(entry)
      .memory('i32.load', TLB_LAYOUT.offset.place + 8 * first)
      .op('i32.add');
    body.else().get(frame.tlb);
    this.push(linear, 'i32');
    this.push(linear)
      .i64(32n)
      .op('i64.shr_s', 'i32.wrap_i64')
      .i32((bytes << 8) | (context << 2) | access)
      .call(Imported.TRANSLATE);
    body.tee(at).op('i32.eqz').if();
    this.interpret();
    body.end().get(at).end().set(at);
    return Val.local('i32', at);
  }

  private loadAt(at: Val, size: Size): Val {
    this.push(at).memory(size === 8 ? 'i64.load' : size === 4 ? 'i32.load' : size === 2 ? 'i32.load16_u' : 'i32.load8_u');
    const value = this.pop(typeOf(size));
    if (size <= 2) value.bound = size === 1 ? 0xff : 0xffff;
    return value;
  }

  private storeAt(at: Val, size: Size, x: Val): void {
    this.push(at);
    this.push(x, typeOf(size)).memory(size === 8 ? 'i64.store' : size === 4 ? 'i32.store' : size === 2 ? 'i32.store16' : 'i32.store8');
  }

  load(segment: number, a: Val, size: Size): Val {
    return this.loadAt(this.locate(segment, a, size, Access.READ), size);
  }

  loadForWrite(segment: number, a: Val, size: Size): Val {
    return this.loadAt(this.locate(segment, a, size, Access.WRITE), size);
  }

  store(segment: number, a: Val, size: Size, x: Val): void {
    const { probed } = this;
    const isProbed = probed !== null && probed.a === a && probed.segment === segment && probed.bytes >= size;
    this.storeAt(isProbed ? probed.at : this.locate(segment, a, size, Access.WRITE), size, x);
  }

  probeWrite(segment: number, a: Val, bytes: number): void {
    if (bytes > 0) this.probed = { a, segment, bytes, at: this.locate(segment, a, bytes, Access.WRITE) };
  }

  requireAligned(segment: number, a: Val, bytes: number): void {
    const linear = this.linear(segment, a);
    this.interpretWhen(this.notC(this.isZero(this.and(linear, Val.constant('i64', BigInt(bytes - 1))))));
  }

  linearAddress(size: Size, segment: number, a: Val): Val {
    return this.truncate(size, this.linear(segment, a));
  }
}
