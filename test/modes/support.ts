// Byte programs of 16-bit code over the interpreter.

import { Seg } from '../../src/base/state/vcpu.ts';
import { deliverFault } from '../../src/cpu/events/deliver.ts';
import { Interpreter } from '../../src/cpu/interpreter/interpreter.ts';
import { runVcpu } from '../../src/cpu/run-loop.ts';
import type { RunReason } from '../../src/cpu/run-loop.ts';
import { resetVcpu } from '../../src/cpu/reset.ts';
import { AT, type Rig, SEL, protectedMode, segment } from '../system/support.ts';

export const HLT = 0xf4,
  NOP = 0x90,
  IRET = 0xcf;
export const EAX = 0,
  ECX = 1,
  EDX = 2,
  EBX = 3,
  ESP = 4,
  EBP = 5,
  ESI = 6,
  EDI = 7;
/** 64 KiB segments of 16-bit code and data in the GDT, and an IDT of real-address mode at 0. */
export const SEL16 = { CODE: 0xd8, DATA: 0xe0, UNREAL: 0xe8 } as const;

/** Little-endian bytes of a word, or of a doubleword. */
export const w = (n: number): number[] => [n & 0xff, (n >>> 8) & 0xff];
export const d = (n: number): number[] => [...w(n), ...w(n >>> 16)];

/** Runs from the current RIP until something stops it. */
export function run(rig: Rig, limit = 100): { retired: number; reason: RunReason } {
  return runVcpu(rig.cpu, new Interpreter({ physical: rig.mmu.physical, deliverFault }), limit);
}

export const reg = (rig: Rig, n: number): number => Number(rig.state.gpr[n]! & 0xffffffffn);
export const setReg = (rig: Rig, n: number, value: number): void => {
  rig.state.gpr[n] = BigInt(value >>> 0);
};
export const rip = (rig: Rig): number => Number(rig.state.rip[0]);

/** Words on the stack from SS:SP up. */
export const stack16 = (rig: Rig, count: number): number[] =>
  Array.from({ length: count }, (_, n) => rig.get16(Number(rig.state.segBase[Seg.SS]) + ((reg(rig, ESP) + 2 * n) & 0xffff)));

/** Puts `bytes` at CS:IP and starts there. */
export function program(rig: Rig, selector: number, ip: number, ...bytes: number[]): void {
  rig.state.segSelector[Seg.CS] = selector;
  rig.state.segBase[Seg.CS] = BigInt(selector * 16);
  rig.code(selector * 16 + ip, ...bytes);
  rig.state.rip[0] = BigInt(ip);
}

/** Where the handler of vector v in real-address mode is: it halts. */
export const realHandler = (vector: number): number => AT.HANDLERS + 16 * vector;

/** Real-address mode with the tables of protected mode ready: DS = 1000H, ES = 2000H, SS = 3000H with SP = 1000H. */
export function realMode(): Rig {
  const rig = protectedMode();
  rig.descriptor(SEL16.CODE, segment({ type: 10, limit: 0xffff, pages: false, big: false }));
  rig.descriptor(SEL16.DATA, segment({ type: 2, limit: 0xffff, pages: false, big: false }));
  rig.descriptor(SEL16.UNREAL, segment({ type: 2, big: false }));
  const { gdtrBase, gdtrLimit } = rig.state;
  const gdt = [gdtrBase[0], gdtrLimit[0]] as const;
  resetVcpu(rig.cpu);
  gdtrBase[0] = gdt[0];
  gdtrLimit[0] = gdt[1];
  for (let vector = 0; vector < 64; vector++) {
    rig.set32(4 * vector, realHandler(vector));
    rig.code(realHandler(vector), HLT);
  }
  for (const [segmentRegister, selector] of [
    [Seg.DS, 0x1000],
    [Seg.ES, 0x2000],
    [Seg.SS, 0x3000],
    [Seg.CS, 0],
  ] as const) {
    rig.state.segSelector[segmentRegister] = selector;
    rig.state.segBase[segmentRegister] = BigInt(selector * 16);
  }
  setReg(rig, ESP, 0x1000);
  return rig;
}

export { AT, SEL };
