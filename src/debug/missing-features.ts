// Which missing part of the processor an undefined instruction belongs to: by its bytes, for those that the decoder knows nothing of
// (SDM vol. 2, "Opcode Map"). The decoder need not tell them apart, since all raise #UD.

import { CodeMode } from '../cpu/arch/code-mode.ts';
import type { FeatureSet } from '../cpu/arch/features.ts';
import { decode } from '../cpu/decode/decode.ts';

const MODES = { 16: CodeMode.BITS16, 32: CodeMode.BITS32, 64: CodeMode.BITS64 } as const;
const LEGACY_PREFIXES: ReadonlySet<number> = new Set([0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3]);

interface Bytes {
  readonly opcode: number;
  readonly next: number;
  readonly after: number;
  /** 66, F2 or F3 stands before it. */
  readonly mandatory: boolean;
  /** F2 does. */
  readonly repne: boolean;
}

/**
 * The part of the processor that would execute the instruction at the start of `bytes`, as docs/not-implemented.md names it: `SSE`,
 * `AVX` and so on. Null if the instruction is defined for a processor with `features`, or is nobody's.
 */
export function missingFeature(bytes: Uint8Array, bits: 16 | 32 | 64, features: FeatureSet): string | null {
  let taken = 0;
  if (decode(() => bytes[taken++] ?? 0, MODES[bits], features).mnemonic !== 'UD') return null;
  let at = 0;
  let mandatory = false;
  let repne = false;
  for (; LEGACY_PREFIXES.has(bytes[at]!); at++) {
    mandatory ||= [0x66, 0xf2, 0xf3].includes(bytes[at]!);
    repne ||= bytes[at] === 0xf2;
  }
  if (bits === 64 && (bytes[at]! & 0xf0) === 0x40) at++;
  const [opcode = 0, next = 0, after = 0] = bytes.subarray(at);
  return oneByte({ opcode, next, after, mandatory, repne }, bits);
}

const isRegister = (modrm: number): boolean => modrm >= 0xc0;
const regOf = (modrm: number): number => (modrm >> 3) & 7;

function oneByte(bytes: Bytes, bits: 16 | 32 | 64): string | null {
  const { opcode, next } = bytes;
  // Outside 64-bit code these are LES, LDS and BOUND with an operand in memory.
  const isVector = bits === 64 || isRegister(next);
  if (opcode === 0x0f) return twoByte({ ...bytes, opcode: next, next: bytes.after });
  if ((opcode === 0xc4 || opcode === 0xc5) && isVector) return 'AVX';
  if (opcode === 0x62 && isVector) return 'AVX';
  if (opcode === 0x8f && (next & 0x1f) >= 8) return 'XOP';
  if ((opcode === 0xdb || opcode === 0xdd || opcode === 0xdf) && !isRegister(next) && regOf(next) === 1) return 'SSE';
  return null;
}

const within = (value: number, ...ranges: readonly (readonly [number, number])[]): boolean =>
  ranges.some(([first, last]) => value >= first && value <= last);

function twoByte({ opcode, next: modrm, mandatory, repne }: Bytes): string | null {
  if (opcode === 0x0e || opcode === 0x0f) return '3DNow!';
  if (opcode === 0x05 || opcode === 0x07) return 'SYSCALL outside 64-bit mode';
  if (opcode === 0x01 && isRegister(modrm)) return systemGroup(modrm);
  if (opcode === 0x38) return threeByte38(modrm, repne);
  if (opcode === 0x3a) return 'SSE';
  if (opcode === 0xae) return saveGroup(modrm);
  if (opcode === 0xc7) return groupC7(modrm);
  if (!mandatory && (opcode === 0x78 || opcode === 0x79)) return 'VMX';
  if (within(opcode, [0x10, 0x17], [0x28, 0x2f], [0x50, 0x5f], [0x7c, 0x7d], [0xc2, 0xc2], [0xc4, 0xc6], [0xd0, 0xd0])) return 'SSE';
  if (within(opcode, [0x60, 0x77], [0x7e, 0x7f], [0xd1, 0xfe])) return mandatory ? 'SSE' : 'MMX';
  return null;
}

/** 0F 01 with a register. */
function systemGroup(modrm: number): string | null {
  if (within(modrm, [0xc1, 0xc4], [0xd4, 0xd4])) return 'VMX';
  if (within(modrm, [0xc8, 0xc9])) return 'MONITOR';
  if (within(modrm, [0xd0, 0xd1])) return 'XSAVE';
  if (within(modrm, [0xd5, 0xd6])) return 'TSX';
  return within(modrm, [0xd8, 0xdf]) ? 'SVM' : null;
}

/** 0F 38 F0 and F1 are CRC32 after F2, else MOVBE. */
function threeByte38(opcode: number, repne: boolean): string | null {
  if (within(opcode, [0x80, 0x81])) return 'VMX';
  if (opcode === 0xf6) return 'ADX';
  if (within(opcode, [0xf0, 0xf1])) return repne ? 'SSE' : null;
  return within(opcode, [0x00, 0x7f], [0xc8, 0xdf]) ? 'SSE' : null;
}

/** 0F AE: with an operand in memory. */
function saveGroup(modrm: number): string | null {
  if (isRegister(modrm)) return null;
  const reg = regOf(modrm);
  if (reg <= 1) return 'FXSAVE';
  return reg <= 3 ? 'SSE' : reg <= 6 ? 'XSAVE' : 'CLFLUSH';
}

function groupC7(modrm: number): string | null {
  const reg = regOf(modrm);
  if (isRegister(modrm)) return reg >= 6 ? 'RDRAND' : null;
  if (reg >= 6) return 'VMX';
  return reg >= 3 ? 'XSAVE' : null;
}
