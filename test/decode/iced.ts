// The independent decoder (npm package iced-x86), reduced to what is compared.

import * as iced from 'iced-x86';

export interface IcedOperand {
  readonly kind: 'register' | 'memory' | 'immediate' | 'near' | 'far';
  readonly register: string;
  /** Bytes of a register or of the memory access; 0 when there is none (LEA, INVLPG). */
  readonly size: number;
  readonly value: bigint;
}

export interface IcedInsn {
  readonly valid: boolean;
  readonly mnemonic: string;
  readonly code: string;
  readonly length: number;
  readonly features: readonly string[];
  readonly operands: readonly IcedOperand[];
  readonly base: string;
  readonly index: string;
  readonly scale: number;
  readonly displacement: bigint;
  readonly segment: string;
}

const { OpKind, Register } = iced;

const STRING_SOURCE: readonly number[] = [OpKind.MemorySegSI, OpKind.MemorySegESI, OpKind.MemorySegRSI];
const STRING_TARGET: readonly number[] = [OpKind.MemoryESDI, OpKind.MemoryESEDI, OpKind.MemoryESRDI];
/** MASKMOVQ's implied operand. */
const MASKED_TARGET: readonly number[] = [OpKind.MemorySegDI, OpKind.MemorySegEDI, OpKind.MemorySegRDI];
const NEAR: readonly number[] = [OpKind.NearBranch16, OpKind.NearBranch32, OpKind.NearBranch64];
const FAR: readonly number[] = [OpKind.FarBranch16, OpKind.FarBranch32];

function operand(insn: iced.Instruction, n: number): IcedOperand {
  const kind = insn.opKind(n);
  const memorySize = iced.MemorySizeExt.size(insn.memorySize);
  if (kind === OpKind.Register) {
    const register = insn.opRegister(n);
    return { kind: 'register', register: Register[register]!, size: iced.RegisterExt.size(register), value: 0n };
  }
  if (kind === OpKind.Memory) return { kind: 'memory', register: '', size: memorySize, value: 0n };
  if (STRING_SOURCE.includes(kind)) return { kind: 'memory', register: 'SI', size: memorySize, value: 0n };
  if (STRING_TARGET.includes(kind)) return { kind: 'memory', register: 'DI', size: memorySize, value: 0n };
  if (NEAR.includes(kind)) return { kind: 'near', register: '', size: 0, value: insn.nearBranchTarget };
  if (FAR.includes(kind)) {
    const offset = kind === OpKind.FarBranch16 ? insn.farBranch16 : insn.farBranch32;
    const value = BigInt(offset) | (BigInt(insn.farBranchSelector) << 32n);
    return { kind: 'far', register: '', size: kind === OpKind.FarBranch16 ? 2 : 4, value };
  }
  if (MASKED_TARGET.includes(kind)) return { kind: 'memory', register: 'DI', size: memorySize, value: 0n };
  return { kind: 'immediate', register: '', size: 0, value: insn.immediate(n) };
}

/** Decodes the instruction at the start of `bytes`, at address 0. `bitness` is 16, 32 or 64. */
export function icedDecode(bytes: Uint8Array, bitness: number): IcedInsn {
  const decoder = new iced.Decoder(bitness, bytes, iced.DecoderOptions.None);
  const insn = decoder.decode();
  const operands: IcedOperand[] = [];
  for (let n = 0; n < insn.opCount; n++) operands.push(operand(insn, n));
  const result: IcedInsn = {
    valid: !insn.isInvalid,
    mnemonic: iced.Mnemonic[insn.mnemonic]!,
    code: iced.Code[insn.code]!,
    length: insn.length,
    features: insn.isInvalid ? [] : [...insn.cpuidFeatures()].map((f) => iced.CpuidFeature[f]!),
    operands,
    base: Register[insn.memoryBase]!,
    index: Register[insn.memoryIndex]!,
    scale: insn.memoryIndexScale,
    displacement: insn.memoryDisplacement,
    segment: Register[insn.memorySegment]!,
  };
  insn.free();
  decoder.free();
  return result;
}
