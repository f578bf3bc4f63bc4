// Far JMP, CALL, RET and IRET between code of 16, 32 and 64 bits, at one level and to level 3 (SDM vol. 2, JMP, CALL, RET, IRET; vol. 3,
// "Code Segment Descriptor in 64-bit Mode"); SYSENTER and SYSEXIT from every mode.

import { describe, expect, it } from 'vitest';
import { Seg } from '../../src/base/state/vcpu.ts';
import { SegAttr } from '../../src/cpu/arch/segment-attributes.ts';
import { AC, CF, IF, IOPL_SHIFT, TF, VM } from '../../src/cpu/arch/rflags.ts';
import { longMode, protectedMode, segment } from '../system/support.ts';
import type { Rig } from '../system/support.ts';
import { AT, SEL, SEL16 } from './support.ts';
import { CODE16, CODE16_3, MODES } from './every-mode.ts';
import { virtual } from './virtual-support.ts';

const TARGET = 0x7000;
type Bits = 16 | 32 | 64;
type Size = 2 | 4 | 8;
const INNER: Record<Bits, number> = { 16: CODE16, 32: SEL.CODE0, 64: SEL.CODE64 };
const OUTER: Record<Bits, number> = { 16: CODE16_3, 32: SEL.CODE3, 64: SEL.CODE64_3 };

/** Level 0 in code of `bits` bits, in legacy protected or in IA-32e mode. */
function rigIn(long: boolean, bits: Bits): Rig {
  const rig = long ? longMode() : protectedMode();
  rig.descriptor(CODE16, segment({ type: 10, limit: 0xffff, pages: false, big: false }));
  rig.descriptor(CODE16_3, segment({ type: 10, dpl: 3, limit: 0xffff, pages: false, big: false }));
  rig.load(Seg.CS, INNER[bits]);
  rig.cpu.refresh();
  return rig;
}

const sizesOf = (bits: Bits): readonly Size[] => (bits === 64 ? [4, 8] : [2, 4]);
const LEGACY: readonly Bits[] = [16, 32];
const LONG: readonly Bits[] = [16, 32, 64];
const PAIRS = [
  ...LEGACY.flatMap((from) => LEGACY.map((to) => ({ long: false, from, to, title: `protected mode, ${from} to ${to} bits` }))),
  ...LONG.flatMap((from) => LONG.map((to) => ({ long: true, from, to, title: `IA-32e mode, ${from} to ${to} bits` }))),
].flatMap((pair) => sizesOf(pair.from).map((size) => ({ ...pair, size, title: `${pair.title}, operands of ${size} bytes` })));

function pushWords(rig: Rig, size: Size, words: readonly number[]): void {
  rig.state.gpr[4] = rig.state.gpr[4]! - BigInt(size * words.length);
  words.forEach((word, n) => {
    const at = rig.rsp + size * n;
    if (size === 2) rig.set16(at, word);
    else if (size === 4) rig.set32(at, word);
    else rig.set64(at, BigInt(word));
  });
}

describe.each(PAIRS)('$title', ({ long, from, to, size }) => {
  const mode = to / 8;

  it('JMP', () => {
    const rig = rigIn(long, from);
    expect(rig.call('farJump', { size }, BigInt(TARGET), BigInt(INNER[to])).fault).toBeNull();
    expect([rig.cpu.mode, rig.cpu.nextRip, rig.selector(Seg.CS), rig.rsp]).toEqual([mode, TARGET, INNER[to], AT.STACK0]);
  });

  // The words have the size of the CALL; so must those of the RET.
  it('CALL, and RET in the other code', () => {
    const rig = rigIn(long, from);
    expect(rig.call('farCall', { size }, BigInt(TARGET), BigInt(INNER[to])).fault).toBeNull();
    expect([rig.cpu.mode, AT.STACK0 - rig.rsp]).toEqual([mode, 2 * size]);
    expect(rig.call('farReturn', { size }, 0n).fault).toBeNull();
    expect([rig.cpu.mode, rig.cpu.nextRip, rig.rsp, rig.selector(Seg.CS)]).toEqual([from / 8, AT.CODE + 2, AT.STACK0, INNER[from]]);
  });

  it('IRET', () => {
    const rig = rigIn(long, from);
    pushWords(rig, size, [TARGET, INNER[to], CF | 2, ...(from === 64 ? [AT.STACK3, SEL.DATA0] : [])]);
    expect(rig.call('iret', { size }).fault).toBeNull();
    expect([rig.cpu.mode, rig.cpu.nextRip, rig.rsp, rig.cpu.flags.read()]).toEqual([
      mode,
      TARGET,
      from === 64 ? AT.STACK3 : AT.STACK0,
      CF | 2,
    ]);
  });

  // Data segments of an inner level become null; conforming code and what level 3 may use stay.
  it.each(['RET', 'IRET'] as const)('%s to level 3', (name) => {
    const rig = rigIn(long, from);
    rig.load(Seg.FS, SEL.DATA3);
    rig.load(Seg.GS, SEL.CONFORMING);
    const stack = [AT.STACK3, SEL.DATA3];
    pushWords(rig, size, name === 'RET' ? [TARGET, OUTER[to], ...stack] : [TARGET, OUTER[to], 2, ...stack]);
    expect(rig.call(name === 'RET' ? 'farReturn' : 'iret', { size }, 0n).fault).toBeNull();
    expect([rig.cpu.mode, rig.cpu.cpl, rig.rsp, rig.selector(Seg.SS)]).toEqual([mode, 3, AT.STACK3, SEL.DATA3]);
    expect([Seg.DS, Seg.ES, Seg.FS, Seg.GS].map((s) => rig.selector(s))).toEqual([0, 0, SEL.DATA3, SEL.CONFORMING]);
    expect(rig.state.segAttributes[Seg.DS]! & SegAttr.UNUSABLE).toBe(SegAttr.UNUSABLE);
  });
});

describe('where IP can go', () => {
  // An EIP beyond the limit of 16-bit code; an offset of 16 bits never is.
  it('a 32-bit offset into 16-bit code', () => {
    const rig = rigIn(false, 32);
    expect(rig.call('farJump', { size: 4 }, 0x1_0000n, BigInt(CODE16)).fault).toEqual([13, 0]);
    expect(rig.call('farJump', { size: 2 }, 0x1_7000n, BigInt(CODE16)).fault).toBeNull();
    expect(rig.cpu.nextRip).toBe(0x7000);
  });

  it('compatibility mode has the limit of its segment, 64-bit mode canonical addresses', () => {
    const rig = rigIn(true, 64);
    expect(rig.call('farJump', { size: 8 }, 0x1_0000_7000n, BigInt(SEL.CODE0)).fault).toEqual([13, 0]);
    expect(rig.call('farJump', { size: 8 }, 0x8000_0000_7000n, BigInt(SEL.CODE64)).fault).toEqual([13, 0]);
    expect(rig.call('farJump', { size: 8 }, 0xffff_ff80_0000_7000n, BigInt(SEL.CODE64)).fault).toBeNull();
  });
});

describe('a 16-bit stack on the way out', () => {
  // SDM vol. 2, RET: SP alone comes from the frame when the outer SS has B = 0.
  it.each(['RET', 'IRET'] as const)('%s leaves the upper half of ESP', (name) => {
    const rig = rigIn(false, 32);
    rig.descriptor(SEL16.DATA, segment({ type: 2, dpl: 3, limit: 0xffff, pages: false, big: false }));
    rig.state.gpr[4] = 0x12_8000n;
    const stack = [0x5678_1000, SEL16.DATA | 3];
    pushWords(rig, 4, name === 'RET' ? [TARGET, SEL.CODE3, ...stack] : [TARGET, SEL.CODE3, 2, ...stack]);
    expect(rig.call(name === 'RET' ? 'farReturn' : 'iret', { size: 4 }, 0n).fault).toBeNull();
    expect([rig.rsp, rig.cpu.stackSize]).toEqual([0x12_1000, 2]);
  });
});

describe('SYSENTER', () => {
  // SDM vol. 2, SYSENTER: from any level of protected, virtual-8086 and IA-32e mode; VM and IF are cleared, nothing is saved.
  it.each(MODES.map((mode) => [mode.name, mode] as const))('from %s', (name, mode) => {
    const rig = name === 'virtual-8086 mode' ? virtual(IF | AC) : mode.make();
    rig.state.sysenterCs[0] = BigInt(rig.cpu.longMode ? SEL.CODE64 : SEL.CODE0);
    rig.state.sysenterEsp[0] = 0x7700n;
    rig.state.sysenterEip[0] = BigInt(TARGET);
    const before = rig.cpu.flags.read() | IF | TF | CF;
    rig.cpu.flags.write(before);
    const { fault } = rig.call('sysenter');
    if (name === 'real-address mode') {
      expect(fault).toEqual([13, 0]);
      return;
    }
    expect([fault, rig.cpu.mode, rig.cpu.cpl, rig.cpu.nextRip, rig.rsp]).toEqual([null, rig.cpu.longMode ? 8 : 4, 0, TARGET, 0x7700]);
    expect(rig.cpu.flags.read()).toBe(before & ~(IF | VM));
    expect([rig.state.segLimit[Seg.SS], rig.state.segBase[Seg.SS]]).toEqual([0xffffffff, 0n]);
  });

  it.each([
    ['SYSENTER', 'sysenter'],
    ['SYSEXIT', 'sysexit'],
  ] as const)('%s with a null IA32_SYSENTER_CS is #GP(0)', (_name, helper) => {
    const rig = protectedMode();
    rig.state.sysenterCs[0] = 3n;
    expect(rig.call(helper, { size: 4 }).fault).toEqual([13, 0]);
  });

  // Flags are not SYSEXIT's matter; IOPL 3 does not help to execute it.
  it('SYSEXIT is for level 0', () => {
    for (const rig of [protectedMode(3), longMode(3), virtual(3 << IOPL_SHIFT)]) {
      rig.state.sysenterCs[0] = 8n;
      expect(rig.call('sysexit', { size: 4 }).fault).toEqual([13, 0]);
    }
  });
});
