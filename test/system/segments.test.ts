import { describe, expect, it } from 'vitest';
import { Seg } from '../../src/base/state/vcpu.ts';
import { SegAttr } from '../../src/cpu/arch/segment-attributes.ts';
import { ZF } from '../../src/cpu/arch/rflags.ts';
import { AT, SEL, UNMAPPED, longMode, protectedMode, segment } from './support.ts';
import type { Rig } from './support.ts';

type Loader = 'loadSegment' | 'loadPointerSegment';

const load = (rig: Rig, register: number, selector: number, helper: Loader = 'loadSegment'): readonly [number, number | null] | null =>
  rig.call(helper, {}, BigInt(selector), BigInt(register)).fault;

describe('data segments', () => {
  // SDM vol. 2, MOV: the segment must be data or readable code; #GP(selector) else, #NP(selector) if absent.
  it.each([
    ['flat data', 0, SEL.DATA0, null],
    ['data of level 3 from level 0', 0, SEL.DATA3, null],
    ['data of level 3 with RPL 0', 3, SEL.DATA3 & ~3, null],
    ['read-only data', 0, SEL.READ_ONLY, null],
    ['readable code', 0, SEL.CODE0, null],
    ['execute-only code', 0, SEL.EXECUTE_ONLY, [13, SEL.EXECUTE_ONLY]],
    ['a system segment', 0, SEL.TSS, [13, SEL.TSS]],
    ['RPL above DPL', 0, SEL.DATA0 | 3, [13, SEL.DATA0]],
    ['CPL above DPL', 3, SEL.DATA0, [13, SEL.DATA0]],
    ['conforming code from any level', 3, SEL.CONFORMING | 3, null],
    ['absent', 0, SEL.ABSENT_DATA, [11, SEL.ABSENT_DATA]],
    ['beyond the GDT', 0, SEL.OUTSIDE, [13, SEL.OUTSIDE]],
    ['beyond the LDT', 0, 0x24, [13, 0x24]],
    ['an empty slot', 0, SEL.FREE, [13, SEL.FREE]],
  ] as const)('%s', (_name, cpl, selector, fault) => {
    const rig = protectedMode(cpl);
    expect(load(rig, Seg.DS, selector)).toEqual(fault);
    if (!fault) expect(rig.selector(Seg.DS)).toBe(selector);
  });

  // SDM vol. 2, MOV: a null selector loads without a fault, and a use of it gives #GP.
  it('null', () => {
    const rig = protectedMode(3);
    expect(load(rig, Seg.DS, 3)).toBeNull();
    expect(rig.state.segAttributes[Seg.DS] & SegAttr.UNUSABLE).toBe(SegAttr.UNUSABLE);
    expect(rig.cpu.flat[Seg.DS]).toBe(0);
  });

  // SDM vol. 3, "Code- and Data-Segment Descriptor Types": the processor sets the accessed bit when it loads a selector.
  it('sets the accessed bit in memory', () => {
    const rig = protectedMode();
    rig.descriptor(SEL.FREE, segment({ type: 2, base: 0x12345678, limit: 0xabc, pages: false }));
    expect(load(rig, Seg.ES, SEL.FREE)).toBeNull();
    expect(rig.get8(AT.GDT + SEL.FREE + 5) & 1).toBe(1);
    expect(rig.state.segBase[Seg.ES]).toBe(0x12345678n);
    expect(rig.state.segLimit[Seg.ES]).toBe(0xabc);
    expect(rig.state.segAttributes[Seg.ES]).toBe(0x4093);
  });

  it('comes from the LDT with TI set', () => {
    const rig = protectedMode();
    rig.set64(AT.LDT + 8, segment({ type: 2, base: 0x777000 }));
    expect(load(rig, Seg.GS, 0xc)).toBeNull();
    expect(rig.cpu.base[Seg.GS]).toBe(0x777000);
  });

  // SDM vol. 3, "Access Rights": accesses to descriptor tables are supervisor accesses whatever the CPL; a fault is #PF.
  it('a GDT that is not mapped gives #PF', () => {
    const rig = longMode(3);
    rig.state.gdtrBase[0] = BigInt(UNMAPPED);
    expect(load(rig, Seg.DS, SEL.DATA3)).toEqual([14, 0]);
  });

  it('CS cannot be loaded', () => {
    expect(load(protectedMode(), Seg.CS, SEL.CODE0)).toEqual([6, null]);
  });
});

describe('SS', () => {
  // SDM vol. 2, MOV: RPL and DPL must equal CPL and the segment be writable data: #GP(selector); absent: #SS(selector).
  it.each([
    ['data', 0, SEL.DATA0, null],
    ['null', 0, 0, [13, 0]],
    ['RPL not CPL', 0, SEL.DATA0 | 3, [13, SEL.DATA0]],
    ['DPL not CPL', 0, SEL.DATA3 & ~3, [13, SEL.DATA3 & ~3]],
    ['read-only', 0, SEL.READ_ONLY, [13, SEL.READ_ONLY]],
    ['code', 0, SEL.CODE0, [13, SEL.CODE0]],
    ['absent', 0, SEL.ABSENT_DATA, [12, SEL.ABSENT_DATA]],
    ['beyond the GDT', 0, SEL.OUTSIDE, [13, SEL.OUTSIDE]],
  ] as const)('%s', (_name, cpl, selector, fault) => {
    expect(load(protectedMode(cpl), Seg.SS, selector)).toEqual(fault);
  });

  // SDM vol. 2, MOV: in 64-bit mode a null SS is allowed below level 3 when RPL is CPL.
  it('null in 64-bit mode', () => {
    const rig = longMode();
    expect(load(rig, Seg.SS, 0)).toBeNull();
    expect(rig.cpu.cpl).toBe(0);
    expect(load(longMode(), Seg.SS, 1)).toEqual([13, 0]);
    expect(load(longMode(3), Seg.SS, 3)).toEqual([13, 0]);
    expect(load(longMode(0, { compat: true }), Seg.SS, 0)).toEqual([13, 0]);
  });

  // SDM vol. 3, "Masking Exceptions and Interrupts When Switching Stacks": MOV and POP inhibit; LSS need not.
  it('MOV shadows the next instruction, LSS does not', () => {
    const rig = protectedMode();
    load(rig, Seg.SS, SEL.DATA0, 'loadPointerSegment');
    expect(rig.state.interruptibility[0]).toBe(0);
    load(rig, Seg.SS, SEL.DATA0);
    expect(rig.state.interruptibility[0]).toBe(2);
  });
});

describe('real-address mode', () => {
  it('the base is 16 times the selector and nothing is checked', () => {
    const rig = protectedMode();
    rig.state.cr0[0] = 0x10n;
    rig.cpu.refresh();
    expect(load(rig, Seg.DS, 0xf123)).toBeNull();
    expect(rig.cpu.base[Seg.DS]).toBe(0xf1230);
    expect(rig.state.segLimit[Seg.DS]).toBe(0xffffffff);
  });
});

describe('descriptor tables', () => {
  // SDM vol. 2, LGDT: a 16-bit operand loads 24 bits of the base.
  it('LGDT by operand size', () => {
    const rig = protectedMode();
    rig.call('loadGdt', { size: 2 }, 0xfe001000n, 0x77n);
    expect([rig.state.gdtrBase[0], rig.state.gdtrLimit[0]]).toEqual([0x1000n, 0x77]);
    expect(longMode().call('loadIdt', { size: 8 }, 1n << 47n, 0n).fault).toEqual([13, 0]);
    expect(longMode(3).call('loadIdt', { size: 8 }, 0n, 0n).fault).toEqual([13, 0]);
  });

  // SDM vol. 2, LTR: the TSS must be available and in the GDT; it becomes busy.
  it.each([
    ['null', 0, [13, 0]],
    ['in the LDT', 0x44, [13, 0x44]],
    ['not a TSS', SEL.DATA0, [13, SEL.DATA0]],
    ['an LDT', SEL.LDT, [13, SEL.LDT]],
    ['a TSS', SEL.TSS, null],
  ] as const)('LTR: %s', (_name, selector, fault) => {
    const rig = protectedMode();
    expect(rig.call('loadTaskRegister', {}, BigInt(selector)).fault).toEqual(fault);
    if (fault) return;
    expect(rig.get8(AT.GDT + SEL.TSS + 5)).toBe(0x8b);
    expect(rig.state.segAttributes[Seg.TR]).toBe(0x8b);
    expect(rig.call('loadTaskRegister', {}, BigInt(selector)).fault).toEqual([13, SEL.TSS]);
  });

  // SDM vol. 3, "LDT and TSS Descriptors in 64-bit mode": 16 bytes, the base has 64 bits, the upper type is 0.
  it('long-mode system descriptors have 16 bytes', () => {
    const rig = longMode();
    rig.set64(AT.GDT + SEL.LDT + 8, 0xffffff80n);
    expect(rig.call('loadLdt', {}, BigInt(SEL.LDT)).fault).toBeNull();
    expect(rig.state.segBase[Seg.LDTR]).toBe(0xffffff8000003800n);
    rig.set64(AT.GDT + SEL.LDT + 8, 0x10000000000n);
    expect(rig.call('loadLdt', {}, BigInt(SEL.LDT)).fault).toEqual([13, SEL.LDT]);
    rig.set64(AT.GDT + SEL.LDT + 8, 0x8000n);
    expect(rig.call('loadLdt', {}, BigInt(SEL.LDT)).fault).toEqual([13, SEL.LDT]);
  });

  // SDM vol. 2, LLDT: a null selector makes LDTR invalid; uses of it give #GP.
  it('a null LDT holds nothing', () => {
    const rig = protectedMode();
    expect(rig.call('loadLdt', {}, 0n).fault).toBeNull();
    expect(load(rig, Seg.DS, 4 | 8)).toEqual([13, 12]);
  });

  it.each(['loadLdt', 'loadTaskRegister', 'loadGdt', 'loadIdt'] as const)('%s is for level 0', (helper) => {
    expect(protectedMode(3).call(helper, {}, BigInt(SEL.TSS)).fault).toEqual([13, 0]);
  });
});

describe('LAR, LSL, VERR, VERW, ARPL', () => {
  const zf = (rig: Rig): boolean => (rig.cpu.flags.read() & ZF) !== 0;

  // SDM vol. 2, LAR and LSL: ZF tells whether the descriptor is visible at CPL and RPL and of a valid type.
  it.each([
    ['lar', 0, SEL.CODE0, true, 0xc09a00n],
    ['lar', 0, SEL.CODE0 | 3, false, 0n],
    ['lar', 3, SEL.DATA0, false, 0n],
    ['lar', 3, SEL.CONFORMING, true, 0xc09e00n],
    ['lar', 0, 0, false, 0n],
    ['lar', 0, SEL.OUTSIDE, false, 0n],
    ['lar', 0, SEL.TASK_GATE, true, 0xe500n],
    ['lsl', 0, SEL.CODE0, true, 0xffffffffn],
    ['lsl', 0, SEL.SHORT_CODE, true, 0xfffn],
    ['lsl', 0, SEL.TASK_GATE, false, 0n],
    ['verr', 0, SEL.CODE0, true, 0n],
    ['verr', 0, SEL.EXECUTE_ONLY, false, 0n],
    ['verr', 0, SEL.TSS, false, 0n],
    ['verw', 0, SEL.DATA0, true, 0n],
    ['verw', 0, SEL.READ_ONLY, false, 0n],
    ['verw', 3, SEL.DATA0, false, 0n],
  ] as const)('%s at level %i of selector %i', (helper, cpl, selector, ok, value) => {
    const rig = protectedMode(cpl);
    const result = rig.call(helper, { size: 4 }, BigInt(selector));
    expect(result.fault).toBeNull();
    expect([zf(rig), result.value]).toEqual([ok, value]);
  });

  // SDM vol. 2, LAR: task gates and 16-bit system types are not valid in IA-32e mode.
  it('long mode knows fewer types', () => {
    const rig = longMode();
    rig.call('lar', { size: 4 }, BigInt(SEL.TASK_GATE));
    expect(zf(rig)).toBe(false);
  });

  it('ARPL raises the RPL', () => {
    const rig = protectedMode(3);
    expect(rig.call('arpl', {}, 0x10n, 0x3n).value).toBe(0x13n);
    expect(zf(rig)).toBe(true);
    expect(rig.call('arpl', {}, 0x13n, 0x2n).value).toBe(0x13n);
    expect(zf(rig)).toBe(false);
  });

  it('real-address mode does not know them', () => {
    const rig = protectedMode();
    rig.state.cr0[0] = 0x10n;
    rig.cpu.refresh();
    const helpers = ['lar', 'verr', 'arpl', 'loadLdt', 'storeTaskRegister'] as const;
    for (const helper of helpers) expect(rig.call(helper).fault).toEqual([6, null]);
  });
});
