// Why a guest has come to its end, in words, where its state tells. Nothing is guessed: what only may be so is said as such.

import { CR0, EFER } from '../cpu/arch/control-bits.ts';
import { IF } from '../cpu/arch/rflags.ts';
import { Vector } from '../cpu/arch/vectors.ts';
import type { FeatureSet } from '../cpu/arch/features.ts';
import type { Regs, Sregs } from '../vm/registers.ts';
import type { Branch, Track } from './branch-recorder.ts';
import type { Code } from './code-at.ts';
import { missingFeature } from './missing-features.ts';

/** What a cause is looked for in: a vCPU as it stopped. */
export interface Scene {
  readonly activity: string;
  readonly code: Code;
  readonly regs: Regs;
  readonly sregs: Sregs;
  readonly features: FeatureSet;
  /** Null where no branches are known. */
  readonly track: Track | null;
}

/** A fault of the chain, with the code that was left for it. */
export interface FaultAt {
  readonly vector: number;
  readonly errorCode: number | null;
  /** #PF: the address, unsigned. */
  readonly address: bigint;
  readonly delivering: number | null;
  readonly code: Code;
}

const PAGE = 4096n;
/** How near RSP an address is that a push reaches. */
const FRAME = 256n;
/** Of error codes: of an IDT entry; of #PF: the page is present, a write, a fetch. */
const IDT_CODE = 2;
const PF_PRESENT = 1;
const PF_WRITE = 2;
const PF_FETCH = 16;
/** This many different branches at most, over and over, and it is a loop. */
const LOOP_BRANCHES = 3;

const hex = (value: bigint | number): string => `0x${value.toString(16)}`;
const starts = ({ bytes }: Code, ...wanted: readonly number[]): boolean => wanted.every((byte, n) => bytes[n] === byte);

/** Of a triple fault. `imageBits`: the class of the ELF image that was loaded, if it was one. */
export function faultCauses(faults: readonly FaultAt[], scene: Scene, imageBits: 32 | 64 | null): string[] {
  const [first, second] = faults;
  if (!first) return [];
  const raised = first.delivering === null ? ofInstruction(first, scene) : null;
  const delivery = first.delivering === null ? second : first;
  const undelivered = delivery ? ofDelivery(delivery, scene, raised) : null;
  const found = [raised, undelivered].filter((cause) => cause !== null);
  if (imageBits === 64 && first.code.bits !== 64 && first.code.linear >= 0x100000n) {
    found.push(`the image is ELF64, but the processor was in ${first.code.bits}-bit code: it had not entered 64-bit mode`);
  }
  return found;
}

function ofInstruction({ vector, errorCode, address, code }: FaultAt, scene: Scene): string | null {
  if (vector === Vector.UD) return undefinedInstruction(code, scene);
  if (vector === Vector.GP && starts(code, 0xcd, 0x80)) {
    return 'INT 80h has no handler: this may be a Linux program, not a kernel';
  }
  if (vector !== Vector.PF) return null;
  const bits = errorCode ?? 0;
  const isFetch = (bits & PF_FETCH) !== 0 || address === code.linear;
  if (isFetch && (bits & PF_PRESENT) === 0) {
    return address < PAGE
      ? 'it jumped to a null pointer: nothing is mapped there'
      : `it jumped to ${hex(address)}, where nothing is mapped`;
  }
  if (nearStack(address, scene)) return stackCause(scene);
  if ((bits & PF_PRESENT) === 0 && address < PAGE) return `a null pointer: nothing is mapped at ${hex(address)}`;
  if ((bits & (PF_PRESENT | PF_WRITE)) === (PF_PRESENT | PF_WRITE)) return `the page at ${hex(address)} may not be written`;
  return (bits & PF_PRESENT) === 0 ? `nothing is mapped at ${hex(address)}` : null;
}

function undefinedInstruction(code: Code, { sregs, features }: Scene): string | null {
  if (starts(code, 0x0f, 0x0b)) return 'UD2, by which compilers and kernels mark what must not be reached';
  if (starts(code, 0x0f, 0x05) && code.bits === 64 && (sregs.efer & EFER.SCE) === 0n) {
    return 'SYSCALL is off (EFER.SCE is 0): this may be a Linux program, not a kernel';
  }
  const feature = missingFeature(code.bytes, code.bits, features);
  return feature === null ? null : `${feature} is not offered by this CPU model: docs/not-implemented.md`;
}

/** `raised`: what was said of the fault that could not be delivered. */
function ofDelivery({ vector, errorCode, address, delivering }: FaultAt, scene: Scene, raised: string | null): string | null {
  const { idt, cr0, efer } = scene.sregs;
  if (delivering === null || (cr0 & CR0.PE) === 0n) return null;
  const entry = (efer & EFER.LMA) === 0n ? 8 : 16;
  if (idt.base === 0n) return `no IDT is loaded (base 0, limit ${hex(idt.limit)}), so exceptions have no handlers`;
  if ((delivering + 1) * entry - 1 > idt.limit) return `the IDT ends before entry ${delivering}: its limit is ${hex(idt.limit)}`;
  if (vector === Vector.PF && address >= idt.base && address <= idt.base + BigInt(idt.limit))
    return `the IDT at ${hex(idt.base)} is not mapped`;
  if (errorCode !== null && vector !== Vector.PF && errorCode & IDT_CODE) {
    return `entry ${delivering} of the IDT is ${vector === Vector.NP ? 'not present' : 'no gate that leads to a handler'}`;
  }
  const isStack = vector === Vector.SS || (vector === Vector.PF && nearStack(address, scene));
  const cause = isStack ? stackCause(scene) : null;
  return cause === raised ? null : cause;
}

const stackPointer = ({ regs, sregs, code }: Scene): bigint => (code.bits === 64 ? regs.rsp : (regs.rsp + sregs.ss.base) & 0xffffffffn);

function nearStack(address: bigint, scene: Scene): boolean {
  const pointer = stackPointer(scene);
  return address >= pointer - FRAME && address < pointer + FRAME;
}

const stackCause = ({ regs }: Scene): string => `the stack has no room: nothing is mapped at RSP ${hex(regs.rsp)} (did it overflow?)`;

/** Of a vCPU that was stopped while it ran. */
export function stopCauses(scene: Scene): string[] {
  const { activity, regs, track, code } = scene;
  const isOpen = (regs.rflags & BigInt(IF)) !== 0n;
  if (activity === 'hlt')
    return [isOpen ? 'asleep in HLT: an interrupt would wake it' : 'in HLT with interrupts off: nothing but an NMI wakes it'];
  if (activity === 'shutdown') return ['shut down by a triple fault'];
  if (activity !== 'active') return ['not started'];
  if (starts(code, 0xeb, 0xfe) || starts(code, 0xe9, 0xfb, 0xff, 0xff, 0xff)) {
    return [
      isOpen
        ? 'it jumps to itself: only the handler of an interrupt can end that'
        : 'it jumps to itself with interrupts off: nothing ends that',
    ];
  }
  return track ? ofTrack(track) : [];
}

function ofTrack({ branches, unanswered }: Track): string[] {
  const found: string[] = [];
  const loop = loopOf(branches);
  if (loop.length > 0) {
    const addresses = loop.flatMap(({ from, to }) => [from.linear, to.linear]);
    const [first, last] = [addresses.reduce((a, b) => (a < b ? a : b)), addresses.reduce((a, b) => (a > b ? a : b))];
    found.push(`in a loop from ${hex(first)} to ${hex(last)}, as all of the last ${loop.length} branches are`);
  }
  for (const { space, address } of unanswered) {
    found.push(
      space === 'io' ? `no device answers at port ${hex(address)}, which it reads` : `nothing answers at ${hex(address)}, which it reads`,
    );
  }
  return found;
}

const kindOf = ({ from, to }: Branch): string => `${from.linear} ${to.linear}`;

/** The last of `branches`, as far as they come again and still do; none if they are too few or too many for a loop. */
function loopOf(branches: readonly Branch[]): readonly Branch[] {
  const kinds = branches.map(kindOf);
  const recent = new Set(kinds.slice(kinds.length >> 1));
  const isAgain = (kind: string, n: number): boolean => recent.has(kind) && kinds.some((other, m) => other === kind && m !== n);
  let start = kinds.length;
  while (start > 0 && isAgain(kinds[start - 1]!, start - 1)) start--;
  const isLoop = kinds.length - start > LOOP_BRANCHES && new Set(kinds.slice(start)).size <= LOOP_BRANCHES;
  return isLoop ? branches.slice(start) : [];
}
