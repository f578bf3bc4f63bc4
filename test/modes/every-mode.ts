// One small machine for each mode: code at linear CODE, handlers that halt, and data segments of base 0.

import { Seg } from '../../src/base/state/vcpu.ts';
import { gate, longMode, protectedMode, segment } from '../system/support.ts';
import type { Rig } from '../system/support.ts';
import { AT, ESP, HLT, SEL, SEL16, program, realMode, setReg } from './support.ts';
import { V86, virtual } from './virtual-support.ts';

/** 16-bit code of level 0 and level 3, in the GDT of every rig. */
export const CODE16 = SEL16.CODE,
  CODE16_3 = 0xf3;

export interface Mode {
  readonly name: string;
  /** Operand and address size without a prefix. */
  readonly size: 2 | 4;
  readonly addressSize: 2 | 4 | 8;
  /** Bytes of each word of an interrupt frame, and where IP stands in it: its index from the top. */
  readonly frameWord: 2 | 4 | 8;
  make(...code: number[]): Rig;
}

function addCode16(rig: Rig): void {
  rig.descriptor(CODE16, segment({ type: 10, limit: 0xffff, pages: false, big: false }));
  rig.descriptor(SEL16.DATA, segment({ type: 2, limit: 0xffff, pages: false, big: false }));
  rig.descriptor(CODE16_3, segment({ type: 10, dpl: 3, limit: 0xffff, pages: false, big: false }));
}

function withHandlers(rig: Rig, code: readonly number[]): Rig {
  for (let vector = 0; vector < 64; vector++) rig.code(rig.handler(vector), HLT);
  rig.code(AT.CODE, ...code);
  return rig;
}

/** A rig of 32-bit protected or long mode goes on in code segment `selector`, with the stack segment of `stack`. */
function inCode(rig: Rig, selector: number, stack: number, code: readonly number[]): Rig {
  addCode16(rig);
  rig.load(Seg.CS, selector);
  rig.load(Seg.SS, stack);
  rig.cpu.refresh();
  return withHandlers(rig, code);
}

function real(...code: number[]): Rig {
  const rig = realMode();
  for (const register of [Seg.ES, Seg.SS, Seg.DS, Seg.FS, Seg.GS]) {
    rig.state.segSelector[register] = 0;
    rig.state.segBase[register] = 0n;
  }
  setReg(rig, ESP, AT.STACK0);
  program(rig, 0, AT.CODE, ...code);
  return rig;
}

function virtual8086(...code: number[]): Rig {
  const rig = virtual(0x3000, ...code);
  for (const register of [Seg.ES, Seg.SS, Seg.DS, Seg.FS, Seg.GS]) {
    rig.state.segSelector[register] = 0;
    rig.state.segBase[register] = 0n;
  }
  setReg(rig, ESP, AT.STACK3);
  return rig;
}

function protected16(...code: number[]): Rig {
  const rig = protectedMode();
  addCode16(rig);
  for (let vector = 0; vector < 64; vector++) rig.set64(AT.IDT + 8 * vector, gate(CODE16, rig.handler(vector), 6));
  for (const register of [Seg.ES, Seg.DS]) rig.load(register, SEL16.DATA);
  return inCode(rig, CODE16, SEL16.DATA, code);
}

export const MODES: readonly Mode[] = [
  { name: 'real-address mode', size: 2, addressSize: 2, frameWord: 2, make: real },
  { name: 'virtual-8086 mode', size: 2, addressSize: 2, frameWord: 4, make: virtual8086 },
  { name: '16-bit protected mode', size: 2, addressSize: 2, frameWord: 2, make: protected16 },
  { name: '32-bit protected mode', size: 4, addressSize: 4, frameWord: 4, make: (...code) => withHandlers(protectedMode(), code) },
  {
    name: 'compatibility mode, 16 bits',
    size: 2,
    addressSize: 2,
    frameWord: 8,
    make: (...code) => inCode(longMode(0, { compat: true }), CODE16, SEL.DATA0, code),
  },
  {
    name: 'compatibility mode, 32 bits',
    size: 4,
    addressSize: 4,
    frameWord: 8,
    make: (...code) => withHandlers(longMode(0, { compat: true }), code),
  },
  { name: '64-bit mode', size: 4, addressSize: 8, frameWord: 8, make: (...code) => withHandlers(longMode(), code) },
];

/** Where CS begins, as a linear address. */
export const codeBase = (mode: Mode): number => (mode.name === 'virtual-8086 mode' ? V86.CS * 16 : 0);

/** IP, CS and FLAGS of the frame that a handler finds without an error code, from the top of its stack. */
export function interruptFrame(rig: Rig, mode: Mode): number[] {
  const at = Number(rig.state.segBase[Seg.SS]) + (mode.frameWord === 2 ? rig.rsp & 0xffff : rig.rsp);
  return [0, 1, 2].map((n) =>
    mode.frameWord === 2 ? rig.get16(at + 2 * n) : mode.frameWord === 4 ? rig.get32(at + 4 * n) : Number(rig.get64(at + 8 * n)),
  );
}
