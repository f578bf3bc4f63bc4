// What the statements of a random program are written with: operands chosen at random, memory mostly in the window.

import { Assembler, moved } from './assembler.ts';
import type { Instruction, Label, Memory, OperandSize } from './assembler.ts';
import { Choices } from './choices.ts';
import { ALIAS, STACK_START, WINDOW, codeBase } from './layout.ts';
import type { Setting } from './layout.ts';

export const RAX = 0,
  RCX = 1,
  RDX = 2,
  RBX = 3,
  RSP = 4,
  RBP = 5,
  RSI = 6,
  RDI = 7;
const PAGE = 4096;

/** Pages of the window, the plain ones more often. */
const PAGES = [0, 0, 0, 0, 1, 1, 1, 4, 6, 0, 1, 4, 6, 2, 3, 5, 7];
const OFFSETS = [0, 8, 0x10, 0x18, 0x123, 0x200, 0x7f8, 0xff0, 0xff8, 0xff9, 0xffa, 0xffb, 0xffc, 0xffd, 0xffe, 0xfff];
/** Immediates: corner cases of all sizes. */
const VALUES = [
  0, 1, -1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, -0x80000000, 0x55555555, 0x12345678, -2, 9,
];

export class Emitter {
  readonly a: Assembler;
  readonly width;
  readonly word: 2 | 4 | 8;
  /** Offset of the stack's top when nothing is on it. */
  readonly stackTop: number;
  choices = new Choices([]);
  /** Places of 32-bit immediates in MOV instructions: what self-modifying code changes. */
  readonly immediates: Label[] = [];

  constructor(readonly setting: Setting) {
    this.width = setting.width;
    this.word = setting.width === 64 ? 8 : setting.width === 32 ? 4 : 2;
    this.stackTop = STACK_START - (setting.segments?.stack ?? 0);
    this.a = new Assembler(setting.width, codeBase(setting));
  }

  /** Emits an instruction. */
  i(instruction: Instruction): void {
    this.a.instruction(instruction);
  }

  get is64(): boolean {
    return this.width === 64;
  }

  size(): OperandSize {
    return this.choices.of(this.is64 ? ([4, 8, 1, 2] as const) : ([4, 1, 2] as const));
  }

  /** 2 bytes and more. */
  wideSize(): OperandSize {
    return this.choices.of(this.is64 ? ([4, 8, 2] as const) : ([4, 2] as const));
  }

  /** Offset of a linear address in DS. */
  data(linear: number): number {
    return linear - (this.setting.segments?.data ?? 0);
  }

  /** Offset in DS of a place in the code. */
  dataAt(place: Label): Label {
    const { segments } = this.setting;
    return segments ? moved(place, segments.code - segments.data) : place;
  }

  /** Any general register but RSP. */
  register(): number {
    const low = [RAX, RCX, RDX, RBX, RSI, RDI, RBP];
    return this.choices.of(this.is64 ? [...low, 8, 9, 12, 13, 15] : low);
  }

  /** A register that has a form without REX. */
  lowRegister(): number {
    return this.choices.of([RAX, RCX, RDX, RBX, RSI, RDI, RBP]);
  }

  value(): number {
    const value = this.choices.of(VALUES);
    return value ^ this.choices.below(3);
  }

  /** An address in the window, sometimes by its alias. */
  windowAddress(): number {
    const page = this.choices.of(PAGES);
    const offset = this.choices.of(OFFSETS);
    return this.data(WINDOW) + page * PAGE + offset + (this.choices.rarely(8) && !this.setting.segments ? ALIAS : 0);
  }

  move(reg: number, value: number | Label): void {
    // In the high half an address is negative: sign-extended from 32 bits.
    if (this.is64) this.i({ opcode: [0xc7], reg: 0, size: 8, rm: reg, immediate: { bytes: 4, value } });
    else this.move32(reg).field(4, value);
  }

  /** mov reg, imm32 without its immediate. */
  move32(reg: number): Assembler {
    return this.width === 16 ? this.a.raw(0x66, 0xb8 + reg) : this.a.raw(0xb8 + reg);
  }

  /** A memory operand; emits what brings registers into place. */
  memory(): Memory {
    const { choices } = this;
    const address = this.windowAddress();
    switch (choices.below(9)) {
      case 0:
        return { displacement: address };
      case 1:
      case 2: {
        const base = this.register();
        const displacement = choices.below(3) * 8;
        this.move(base, address - displacement);
        return { base, displacement };
      }
      case 3: {
        if (this.width === 16 && choices.below(3)) return this.memory16(address);
        const base = this.register();
        const index = this.register();
        const scale = choices.of([1, 2, 4, 8] as const);
        if (base === index) return { displacement: address };
        this.move(base, address);
        this.move(index, choices.below(9) - 4);
        return { base, index, scale };
      }
      case 4:
        return this.is64 && !this.setting.high ? { rip: true, displacement: address } : { displacement: address };
      case 5:
        return { displacement: choices.of(OFFSETS), prefix: [choices.of([0x64, 0x65])] };
      case 6: {
        if (!this.is64) return { displacement: address, prefix: [choices.of([0x26, 0x36, 0x3e, 0x2e])] };
        const base = this.register();
        this.move(base, address);
        return { base, prefix: [0x67] };
      }
      case 7:
        return { base: RSP, displacement: choices.below(8) * 8 };
      default:
        return choices.rarely(4) ? { base: this.register(), displacement: choices.of(OFFSETS) } : { displacement: address };
    }
  }

  /** Base and index as 16-bit addressing has them; BP is an offset in SS. */
  private memory16(address: number): Memory {
    const { choices } = this;
    const base = choices.of([RBX, RBX, RBP]);
    const index = choices.of([RSI, RDI]);
    const displacement = choices.below(9) - 4;
    this.move(base, choices.rarely(6) ? choices.below(0x10000) : address);
    this.move(index, choices.below(5));
    return { base, index, displacement };
  }

  /** A register, or memory. */
  operand(): number | Memory {
    return this.choices.below(5) < 2 ? this.memory() : this.register();
  }

  /** An operand for forms where byte registers may be AH … BH. */
  instruction(opcode: readonly number[], size: OperandSize, reg: number, rm: number | Memory, extra: Partial<Instruction> = {}): void {
    this.i({ opcode, size, reg, rm, high: size === 1 && this.choices.rarely(2), ...extra });
  }

  /** An immediate of at most 4 bytes of operands of `size` bytes. */
  immediate(size: OperandSize): { bytes: number; value: number } {
    return { bytes: Math.min(size, 4), value: this.value() };
  }

  /** `mov reg, imm32`, whose immediate others may overwrite. */
  patchable(): void {
    const reg = this.choices.of([RAX, RCX, RDX, RBX]);
    const label = this.a.label();
    this.move32(reg);
    this.a.bind(label);
    this.a.field(4, this.value());
    this.immediates.push(label);
  }
}
