// A small assembler for generated programs: instructions given by opcode and operands, prefixes and ModRM made here.

export type Width = 16 | 32 | 64;
export type OperandSize = 1 | 2 | 4 | 8;

/** A place in the code; bound once, used before or after. */
export interface Label {
  at: number;
}

/** The place `by` bytes behind another. */
export const moved = (label: Label, by: number): Label =>
  ({
    get at() {
      return label.at + by;
    },
  }) as Label;

export interface Memory {
  readonly base?: number;
  readonly index?: number;
  readonly scale?: 1 | 2 | 4 | 8;
  /** A number, or the address of a place in the code. */
  readonly displacement?: number | Label;
  /** 64-bit code: relative to RIP; the displacement is the absolute address. */
  readonly rip?: boolean;
  /** Segment override, and the address size prefix. */
  readonly prefix?: readonly number[];
}

export interface Instruction {
  readonly opcode: readonly number[];
  readonly size: OperandSize;
  /** ModRM.reg: a register or an opcode's extension. */
  readonly reg?: number;
  /** ModRM.rm: a register or memory; without it there is no ModRM byte. */
  readonly rm?: number | Memory;
  readonly immediate?: { readonly bytes: number; readonly value: number | Label };
  readonly prefix?: readonly number[];
  /** The operand size is 64 bits without REX.W (PUSH, near branches). */
  readonly default64?: boolean;
  /** Byte registers 4 … 7 are AH … BH, not SPL … DIL. */
  readonly high?: boolean;
}

interface Fixup {
  readonly at: number;
  readonly bytes: number;
  readonly label: Label;
  readonly base: number | null;
}

const isMemory = (rm: number | Memory | undefined): rm is Memory => typeof rm === 'object';

/** ModRM.rm of 16-bit addressing, by base and index. */
const FORMS_16: Readonly<Record<string, number>> = { '3,6': 0, '3,7': 1, '5,6': 2, '5,7': 3, '6,': 4, '7,': 5, '5,': 6, '3,': 7, ',': 6 };

/** The form of 16-bit addressing that has these parts; undefined when there is none. */
function formOf({ base, index, scale = 1, displacement = 0 }: Memory): number | undefined {
  const fits = typeof displacement === 'object' || (displacement >= -0x8000 && displacement <= 0xffff);
  return fits && (index === undefined || scale === 1) ? FORMS_16[`${base ?? ''},${index ?? ''}`] : undefined;
}

export class Assembler {
  private readonly bytes: number[] = [];
  private readonly fixups: Fixup[] = [];

  /** `origin`: linear address of the first byte, signed. */
  constructor(
    readonly width: Width,
    readonly origin: number,
  ) {}

  get here(): number {
    return this.origin + this.bytes.length;
  }

  get length(): number {
    return this.bytes.length;
  }

  label(): Label {
    return { at: NaN };
  }

  bind(label: Label): void {
    label.at = this.here;
  }

  raw(...bytes: readonly number[]): this {
    this.bytes.push(...bytes);
    return this;
  }

  /** `value` in `bytes` bytes; with `base`, relative to the field's end plus base. */
  field(bytes: number, value: number | Label, relative = false, behind = 0): this {
    const at = this.bytes.length;
    const base = relative ? this.origin + at + bytes + behind : null;
    if (typeof value === 'object') this.fixups.push({ at, bytes, label: value, base });
    for (let n = 0; n < bytes; n++) this.bytes.push(0);
    if (typeof value === 'number') this.put(at, bytes, base === null ? value : value - base);
    return this;
  }

  private put(at: number, bytes: number, value: number): void {
    for (let n = 0; n < bytes; n++) this.bytes[at + n] = Math.floor(value / 2 ** (8 * n)) & 0xff;
  }

  /** Near jump or call by opcode. */
  branch(opcode: readonly number[], target: Label | number): this {
    return this.raw(...opcode).field(this.width === 16 ? 2 : 4, target, true);
  }

  instruction({ opcode, size, reg = 0, rm, immediate, prefix = [], default64 = false, high = false }: Instruction): this {
    if (isMemory(rm) && rm.prefix) this.raw(...rm.prefix);
    if (size === (this.width === 16 ? 4 : 2)) this.raw(0x66);
    if (this.width === 16 && isMemory(rm) && formOf(rm) === undefined) this.raw(0x67);
    this.raw(...prefix);
    if (this.width === 64) this.rex(size, reg, rm, default64, high);
    this.raw(...opcode);
    const behind = immediate?.bytes ?? 0;
    if (rm !== undefined) this.modRm(reg & 7, rm, behind);
    if (immediate) this.field(immediate.bytes, immediate.value);
    return this;
  }

  private rex(size: OperandSize, reg: number, rm: number | Memory | undefined, default64: boolean, high: boolean): void {
    const base = isMemory(rm) ? (rm.base ?? 0) : (rm ?? 0);
    const index = isMemory(rm) ? (rm.index ?? 0) : 0;
    const rex = 0x40 | (size === 8 && !default64 ? 8 : 0) | ((reg >> 3) << 2) | ((index >> 3) << 1) | (base >> 3);
    const namesLowByte = size === 1 && !high && (reg >= 4 || (!isMemory(rm) && base >= 4));
    if (rex !== 0x40 || namesLowByte) this.raw(rex);
  }

  private modRm(reg: number, rm: number | Memory, behind: number): void {
    if (!isMemory(rm)) {
      this.raw(0xc0 | (reg << 3) | (rm & 7));
      return;
    }
    const { base, index, scale = 1, displacement = 0, rip } = rm;
    const form = this.width === 16 ? formOf(rm) : undefined;
    if (form !== undefined) this.raw((base === undefined ? 0 : 0x80) | (reg << 3) | form).field(2, displacement);
    else if (rip) this.raw((reg << 3) | 5).field(4, displacement, true, behind);
    // Absolute: in 64-bit code by a SIB byte without base.
    else if (base === undefined && index === undefined && this.width !== 64) this.raw((reg << 3) | 5).field(4, displacement);
    else if (base === undefined) this.raw((reg << 3) | 4, (Math.log2(scale) << 6) | (((index ?? 4) & 7) << 3) | 5).field(4, displacement);
    else if (index === undefined && (base & 7) !== 4) this.raw(0x80 | (reg << 3) | (base & 7)).field(4, displacement);
    else this.raw(0x80 | (reg << 3) | 4, (Math.log2(scale) << 6) | (((index ?? 4) & 7) << 3) | (base & 7)).field(4, displacement);
  }

  finish(): Uint8Array {
    for (const { at, bytes, label, base } of this.fixups) {
      if (Number.isNaN(label.at)) throw new Error('a label was never bound');
      this.put(at, bytes, base === null ? label.at : label.at - base);
    }
    return Uint8Array.from(this.bytes);
  }
}
