// From real-address mode to IA-32e mode and back (SDM vol. 3, "Mode Switching", "Initializing IA-32e Mode").

import { describe, expect, it } from 'vitest';
import { Seg } from '../../src/base/state/vcpu.ts';
import { CodeMode } from '../../src/cpu/builder/insn.ts';
import { SegAttr } from '../../src/cpu/arch/segment-attributes.ts';
import {
  AT,
  EAX,
  EBX,
  ECX,
  ESP,
  HLT,
  SEL,
  SEL16,
  d,
  program,
  realHandler,
  realMode,
  reg,
  rip,
  run,
  setReg,
  stack16,
  w,
} from './support.ts';
import type { Rig } from '../system/support.ts';
import { gate, segment } from '../system/support.ts';

const CR0_TO_EAX = [0x0f, 0x20, 0xc0];
const EAX_TO_CR0 = [0x0f, 0x22, 0xc0];
const EFER_TO_EAX = [0xb9, ...d(0xc0000080), 0x0f, 0x32];
const EAX_TO_EFER = [0x0f, 0x30];
const LEAVE_PROTECTED = [...CR0_TO_EAX, 0x24, 0xfe, ...EAX_TO_CR0];
const ENTER_PROTECTED = [...CR0_TO_EAX, 0x0c, 0x01, ...EAX_TO_CR0];

function identityMapped(rig: Rig): void {
  rig.set64(AT.PML4, BigInt(AT.PDPT) | 7n);
  rig.set64(AT.PDPT, BigInt(AT.PD) | 7n);
  rig.set64(AT.PD, 0x87n);
}

/** Every step of the way, each at an address of its own. */
function wholeWay(rig: Rig): void {
  identityMapped(rig);
  rig.code(0x5100, 0xb8, ...w(SEL16.DATA), 0x8e, 0xd0, 0x68, ...w(0x1616), 0x66, 0xea, ...d(0x5200), ...w(SEL.CODE0));
  rig.code(
    0x5200,
    0x66,
    0xb8,
    ...w(SEL.DATA0),
    0x8e,
    0xd0,
    0x8e,
    0xd8,
    0xb8,
    ...d(AT.PML4),
    0x0f,
    0x22,
    0xd8,
    0xb8,
    ...d(0x20),
    0x0f,
    0x22,
    0xe0,
    ...EFER_TO_EAX,
    0x80,
    0xcc,
    0x01,
    ...EAX_TO_EFER,
    ...CR0_TO_EAX,
    0x0d,
    ...d(0x80000000),
    ...EAX_TO_CR0,
    0xea,
    ...d(0x5300),
    ...w(SEL.CODE64),
  );
  rig.code(0x5300, 0x48, 0xbb, ...d(0x12345678), ...d(0x9abcdef0), 0x6a, SEL.CODE0, 0x68, ...d(0x5400), 0x48, 0xcb);
  rig.code(
    0x5400,
    ...CR0_TO_EAX,
    0x25,
    ...d(0x7fffffff),
    ...EAX_TO_CR0,
    ...EFER_TO_EAX,
    0x80,
    0xe4,
    0xfe,
    ...EAX_TO_EFER,
    0xea,
    ...d(0x5500),
    ...w(SEL16.CODE),
  );
  rig.code(
    0x5500,
    0xb8,
    ...w(SEL16.UNREAL),
    0x8e,
    0xd8,
    0xb8,
    ...w(SEL16.DATA),
    0x8e,
    0xd0,
    0x8e,
    0xc0,
    ...LEAVE_PROTECTED,
    0xea,
    ...w(0x5600),
    ...w(0),
  );
  // In real-address mode again, DS with its limit of 4 GiB; CS as the 16-bit segment left it.
  rig.code(0x5600, 0x31, 0xc0, 0x8e, 0xd8, 0x67, 0xc7, 0x05, ...d(0x30_0000), ...w(0xabcd), 0xcd, 0x21);
  program(rig, 0, AT.CODE, ...ENTER_PROTECTED, 0xea, ...w(0x5100), ...w(SEL16.CODE));
}

describe('mode switches', () => {
  it('real, protected 16, protected 32, 64-bit, compatibility, protected 16, real', () => {
    const rig = realMode();
    wholeWay(rig);
    const seen: number[] = [];
    for (let n = 0; n < 100 && rip(rig) !== realHandler(0x21) + 1; n++) {
      run(rig, 1);
      const { mode, longMode, state } = rig.cpu;
      const code = (Number(state.cr0[0] & 1n) << 8) | (longMode ? 0x80 : 0) | mode;
      if (seen[seen.length - 1] !== code) seen.push(code);
    }
    expect(seen).toEqual([
      CodeMode.BITS16,
      0x100 | CodeMode.BITS16,
      0x100 | CodeMode.BITS32,
      0x180 | CodeMode.BITS32,
      0x180 | CodeMode.BITS64,
      0x180 | CodeMode.BITS32,
      0x100 | CodeMode.BITS32,
      0x100 | CodeMode.BITS16,
      CodeMode.BITS16,
    ]);
    expect(rig.get16(0x30_0000)).toBe(0xabcd);
    expect([reg(rig, EBX), rig.get16(0x3_0000 + 0xffe)]).toEqual([0x12345678, 0]);
    expect(rig.selector(Seg.CS)).toBe(0);
  });

  // SDM vol. 3, "Switching Back to Real-Address Mode": limits and rights stay what protected mode left.
  it('unreal mode: a limit of 4 GiB stays through loads in real-address mode', () => {
    const rig = realMode();
    rig.set32(0x20_0010, 0x600df00d);
    setReg(rig, EBX, 0x20_0000);
    program(
      rig,
      0,
      AT.CODE,
      0xfa,
      ...ENTER_PROTECTED,
      0xb8,
      ...w(SEL16.UNREAL),
      0x8e,
      0xd8,
      ...LEAVE_PROTECTED,
      0xb8,
      ...w(1),
      0x8e,
      0xd8,
      0x66,
      0x67,
      0x8b,
      0x0b,
      HLT,
    );
    expect(run(rig).reason).toBe('halted');
    expect([reg(rig, ECX), rig.state.segBase[Seg.DS], rig.state.segLimit[Seg.DS]]).toEqual([0x600df00d, 0x10n, 0xffffffff]);
  });

  it('a segment that protected mode left unusable is usable after a load in real-address mode', () => {
    const rig = realMode();
    program(
      rig,
      0,
      AT.CODE,
      ...ENTER_PROTECTED,
      0x31,
      0xc0,
      0x8e,
      0xc0,
      ...LEAVE_PROTECTED,
      0xb8,
      ...w(0x2000),
      0x8e,
      0xc0,
      0x26,
      0xc6,
      0x06,
      ...w(5),
      0x99,
      HLT,
    );
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), rig.get8(0x2_0005)]).toEqual([AT.CODE + 32, 0x99]);
    expect(rig.state.segAttributes[Seg.ES]! & SegAttr.UNUSABLE).toBe(0);
  });
});

describe('16-bit protected mode', () => {
  /** In 16-bit code of level 0, with a 16-bit TSS. */
  function protected16(): Rig {
    const rig = realMode();
    rig.descriptor(SEL.TSS, segment({ type: 3, system: true, base: AT.TSS, limit: 0x2b, pages: false, big: false }));
    rig.set16(AT.TSS + 2, AT.STACK0);
    rig.set16(AT.TSS + 4, SEL16.DATA);
    rig.state.cr0[0] |= 1n;
    rig.state.idtrBase[0] = BigInt(AT.IDT);
    rig.load(Seg.CS, SEL16.CODE);
    for (const register of [Seg.DS, Seg.ES, Seg.SS]) rig.load(register, SEL16.DATA);
    rig.load(Seg.TR, SEL.TSS);
    rig.state.rip[0] = BigInt(AT.CODE);
    return rig;
  }

  it('runs with the limits of its segments: #GP with an error code through a 16-bit gate', () => {
    const rig = protected16();
    rig.set64(AT.IDT + 8 * 13, gate(SEL16.CODE, realHandler(13), 6));
    rig.code(AT.CODE, 0x50, 0xa1, ...w(0xffff), HLT);
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), ...stack16(rig, 4)]).toEqual([realHandler(13) + 1, 0, AT.CODE + 1, SEL16.CODE, 2]);
  });

  // SDM vol. 3, "16-Bit Task-State Segment (TSS)": SP0 and SS0 are words.
  it('level 3 to level 0 by INT through a 16-bit gate, and back by IRET', () => {
    const rig = protected16();
    rig.descriptor(SEL.CODE3, segment({ type: 10, dpl: 3, limit: 0xffff, pages: false, big: false }));
    rig.descriptor(SEL.DATA3, segment({ type: 2, dpl: 3, limit: 0xffff, pages: false, big: false }));
    rig.load(Seg.CS, SEL.CODE3);
    rig.load(Seg.SS, SEL.DATA3);
    setReg(rig, ESP, AT.STACK3);
    rig.set64(AT.IDT + 8 * 0x30, gate(SEL16.CODE, 0x7000, 6, { dpl: 3 }));
    rig.code(0x7000, 0xcf);
    rig.code(AT.CODE, 0xcd, 0x30, 0xb0, 0x42);
    run(rig, 1);
    expect([rig.cpu.cpl, reg(rig, ESP), ...stack16(rig, 5)]).toEqual([0, AT.STACK0 - 10, AT.CODE + 2, SEL.CODE3, 2, AT.STACK3, SEL.DATA3]);
    run(rig, 2);
    expect([rig.cpu.cpl, reg(rig, ESP), reg(rig, EAX), rip(rig)]).toEqual([3, AT.STACK3, 0x42, AT.CODE + 4]);
  });
});
