// CPUID (SDM vol. 2): what the processor's model shows, in the words of an Intel processor.

import { FEATURE_WORDS, featureBits } from '../arch/features.ts';
import type { FeatureSet, FeatureWord } from '../arch/features.ts';
import { LINEAR_BITS, MAXPHYADDR } from './control-rules.ts';
import type { Cpu } from '../cpu.ts';
import { is64Bit } from './helper.ts';
import type { SystemFunction } from './helper.ts';
import { highestBasicLeaf, isXdDisabled } from './misc-enable.ts';

/** EAX, EBX, ECX, EDX. */
export type CpuidLeaf = readonly [number, number, number, number];

/** Family 6, model 3DH, stepping 4; also EDX after reset. */
export const PROCESSOR_SIGNATURE = 0x000306d4;
const MAX_BASIC = 7;
const MAX_EXTENDED = 0x80000008;
const VENDOR = 'GenuineIntel';
const BRAND = 'Tidemark Virtual CPU';
/** Bytes that CLFLUSH flushes, in units of 8. */
const CLFLUSH_UNITS = 8;

/** Reported in 64-bit mode alone, where it works. */
const SYSCALL = 1 << FEATURE_WORDS.extendedEdx.SYSCALL;
const INVARIANT_TSC = 1 << 8;

function word(text: string, at: number): number {
  let value = 0;
  for (let n = 3; n >= 0; n--) value = value * 256 + (text.charCodeAt(at + n) || 0);
  return value;
}

const brandLeaf = (part: number): CpuidLeaf => [0, 4, 8, 12].map((at) => word(BRAND, 16 * part + at)) as unknown as CpuidLeaf;

/** A leaf and subleaf as software in 64-bit mode (or not) of vCPU `vcpu` sees it. */
export function cpuidLeaf(features: FeatureSet, leaf: number, subleaf: number, vcpu: number, in64BitMode: boolean): CpuidLeaf {
  const basic = leaf < 0x80000000;
  // A leaf beyond the highest gives what the highest basic leaf does.
  if (leaf > (basic ? MAX_BASIC : MAX_EXTENDED)) return cpuidLeaf(features, MAX_BASIC, subleaf, vcpu, in64BitMode);
  const bits = (name: FeatureWord): number => featureBits(name, features);
  switch (leaf) {
    case 0:
      return [MAX_BASIC, word(VENDOR, 0), word(VENDOR, 8), word(VENDOR, 4)];
    case 1:
      return [PROCESSOR_SIGNATURE, ((vcpu << 24) | (CLFLUSH_UNITS << 8)) >>> 0, bits('basicEcx'), bits('basicEdx')];
    // One null descriptor: nothing is told of caches.
    case 2:
      return [1, 0, 0, 0];
    case 7:
      return subleaf === 0 ? [0, bits('structuredEbx'), bits('structuredEcx'), 0] : [0, 0, 0, 0];
    case 0x80000000:
      return [MAX_EXTENDED, 0, 0, 0];
    case 0x80000001:
      return [0, 0, bits('extendedEcx'), in64BitMode ? bits('extendedEdx') : bits('extendedEdx') & ~SYSCALL];
    case 0x80000002:
    case 0x80000003:
    case 0x80000004:
      return brandLeaf(leaf - 0x80000002);
    case 0x80000007:
      return [0, 0, 0, INVARIANT_TSC];
    case 0x80000008:
      return [(LINEAR_BITS << 8) | MAXPHYADDR, 0, 0, 0];
    default:
      return [0, 0, 0, 0];
  }
}

const RAX = 0;
const RCX = 1;
const RDX = 2;
const RBX = 3;

const XD_BIT = 1 << FEATURE_WORDS.extendedEdx.NX;

/** The leaf as the vCPU sees it now: IA32_MISC_ENABLE may limit the basic leaves, and disable XD. */
export function visibleCpuidLeaf(cpu: Cpu, leaf: number, subleaf: number): CpuidLeaf {
  const highest = highestBasicLeaf(cpu, MAX_BASIC);
  const asked = leaf > highest && (leaf < 0x80000000 || leaf > MAX_EXTENDED) ? highest : leaf;
  const [eax, ebx, ecx, edx] = cpuidLeaf(cpu.model.shown, asked, subleaf, cpu.index, is64Bit(cpu));
  if (asked === 0) return [highest, ebx, ecx, edx];
  return [eax, ebx, ecx, asked === 0x80000001 && isXdDisabled(cpu) ? edx & ~XD_BIT : edx];
}

/** Reads EAX and ECX, writes the four registers. */
export const cpuid: SystemFunction = (cpu: Cpu) => {
  const { gpr } = cpu.state;
  const low = (reg: number): number => Number(gpr[reg] & 0xffffffffn);
  const [eax, ebx, ecx, edx] = visibleCpuidLeaf(cpu, low(RAX), low(RCX));
  gpr[RAX] = BigInt(eax >>> 0);
  gpr[RBX] = BigInt(ebx >>> 0);
  gpr[RCX] = BigInt(ecx >>> 0);
  gpr[RDX] = BigInt(edx >>> 0);
  return 0n;
};
