// Far JMP, CALL, RET and IRET.

import { describe, expect, it } from 'vitest';
import { Seg } from '../../src/base/state/vcpu.ts';
import { SegAttr } from '../../src/cpu/arch/segment-attributes.ts';
import { AC, CF, IF, IOPL_SHIFT, NT, RF } from '../../src/cpu/arch/rflags.ts';
import { AT, SEL, UNMAPPED, gate, longMode, protectedMode, segment } from './support.ts';
import type { Rig } from './support.ts';

const TARGET = 0x7000n;
const jump = (rig: Rig, selector: number, offset = TARGET, size: 2 | 4 | 8 = 4): readonly [number, number | null] | null =>
  rig.call('farJump', { size }, offset, BigInt(selector)).fault;

/** Puts words on the stack, the last at the top. */
function push(rig: Rig, size: 4 | 8, ...words: (number | bigint)[]): void {
  for (const word of words) {
    rig.state.gpr[4] -= BigInt(size);
    if (size === 8) rig.set64(rig.rsp, BigInt(word));
    else rig.set32(rig.rsp, Number(word));
  }
}

describe('far JMP', () => {
  // SDM vol. 2, JMP: to non-conforming code RPL ≤ CPL and DPL = CPL; to conforming code DPL ≤ CPL.
  it.each([
    ['code', 0, SEL.CODE0, null],
    ['code of level 3', 3, SEL.CODE3, null],
    ['RPL below CPL', 3, SEL.CODE3 & ~3, null],
    ['null', 0, 0, [13, 0]],
    ['RPL above CPL', 0, SEL.CODE0 | 1, [13, SEL.CODE0]],
    ['DPL below CPL', 3, SEL.CODE0, [13, SEL.CODE0]],
    ['DPL above CPL', 0, SEL.CODE3 & ~3, [13, SEL.CODE3 & ~3]],
    ['conforming', 3, SEL.CONFORMING | 3, null],
    ['absent', 0, SEL.ABSENT_CODE, [11, SEL.ABSENT_CODE]],
    ['data', 0, SEL.DATA0, [13, SEL.DATA0]],
    ['beyond the GDT', 0, SEL.OUTSIDE, [13, SEL.OUTSIDE]],
    ['an LDT', 0, SEL.LDT, [13, SEL.LDT]],
    ['beyond the segment limit', 0, SEL.SHORT_CODE, [13, 0]],
  ] as const)('%s', (_name, cpl, selector, fault) => {
    const rig = protectedMode(cpl);
    expect(jump(rig, selector)).toEqual(fault);
    if (fault) return;
    expect(rig.cpu.nextRip).toBe(Number(TARGET));
    expect(rig.selector(Seg.CS)).toBe((selector & ~3) | cpl);
    expect(rig.cpu.cpl).toBe(cpl);
  });

  it('a 16-bit operand keeps 16 bits of the offset', () => {
    const rig = protectedMode();
    jump(rig, SEL.CODE0, 0x12345678n, 2);
    expect(rig.cpu.nextRip).toBe(0x5678);
  });

  // SDM vol. 2, JMP: in IA-32e mode L and D both set give #GP(selector).
  it('between 64-bit and compatibility mode', () => {
    const rig = longMode();
    expect(jump(rig, SEL.LD)).toEqual([13, SEL.LD]);
    expect(jump(rig, SEL.CODE0)).toBeNull();
    expect([rig.cpu.mode, rig.cpu.stackSize]).toEqual([4, 4]);
    expect(jump(rig, SEL.CODE64)).toBeNull();
    expect([rig.cpu.mode, rig.cpu.stackSize]).toEqual([8, 8]);
    expect(jump(rig, SEL.CODE64, 1n << 47n, 8)).toEqual([13, 0]);
  });

  it('L means nothing outside IA-32e mode', () => {
    const rig = protectedMode();
    expect(jump(rig, SEL.LD)).toBeNull();
    expect(rig.cpu.mode).toBe(4);
  });

  // SDM vol. 2, JMP: "if the segment type is … a task gate or TSS" in IA-32e mode, #GP(selector). Legacy tasks: test/modes.
  it('IA-32e mode has no tasks', () => {
    expect(jump(longMode(), SEL.TASK_GATE)).toEqual([13, SEL.TASK_GATE]);
    expect(jump(longMode(), SEL.TSS)).toEqual([13, SEL.TSS]);
  });
});

describe('far CALL and RET', () => {
  it('at one level', () => {
    const rig = protectedMode();
    expect(rig.call('farCall', { size: 4 }, TARGET, BigInt(SEL.CONFORMING)).fault).toBeNull();
    expect(rig.rsp).toBe(AT.STACK0 - 8);
    expect([rig.word(0), rig.word(1)]).toEqual([AT.CODE + 2, SEL.CODE0]);
    expect(rig.call('farReturn', { size: 4 }, 4n).fault).toBeNull();
    expect(rig.cpu.nextRip).toBe(AT.CODE + 2);
    expect(rig.rsp).toBe(AT.STACK0 + 4);
  });

  it('with 8-byte words in 64-bit mode', () => {
    const rig = longMode();
    expect(rig.call('farCall', { size: 8 }, TARGET, BigInt(SEL.CODE64)).fault).toBeNull();
    expect([rig.word(0), rig.word(1), rig.rsp]).toEqual([AT.CODE + 2, SEL.CODE64, AT.STACK0 - 16]);
  });

  // SDM vol. 2, CALL: no room on the stack gives #SS(0); nothing has been pushed.
  it('a stack that is too small', () => {
    const rig = protectedMode();
    rig.descriptor(SEL.FREE, segment({ type: 2, limit: 0x8000, pages: false }));
    rig.load(Seg.SS, SEL.FREE);
    rig.cpu.refresh();
    rig.state.gpr[4] = 0x8004n;
    rig.set32(0x8000, 0x1234);
    expect(rig.call('farCall', { size: 4 }, TARGET, BigInt(SEL.CODE0)).fault).toEqual([12, 0]);
    rig.state.gpr[4] = 4n;
    expect(rig.call('farCall', { size: 4 }, TARGET, BigInt(SEL.CODE0)).fault).toEqual([12, 0]);
    expect(rig.get32(0)).toBe(0);
  });

  // A push that faults on its second page leaves the first as it was.
  it('probes every page before the first push', () => {
    const rig = longMode();
    rig.state.gpr[4] = BigInt(UNMAPPED + 8);
    rig.set64(UNMAPPED - 8, 0x55n);
    expect(rig.call('farCall', { size: 8 }, TARGET, BigInt(SEL.CODE64)).fault).toEqual([14, 2]);
    expect(rig.get64(UNMAPPED - 8)).toBe(0x55n);
  });

  // SDM vol. 2, RET: RPL below CPL gives #GP(selector); so does an SS whose RPL is not the new level.
  it.each([
    ['to an inner level', 3, [SEL.DATA3, AT.STACK3, SEL.CODE0, 0x7000], [13, SEL.CODE0]],
    ['null CS', 0, [SEL.DATA3, AT.STACK3, 0, 0x7000], [13, 0]],
    ['null SS', 0, [0, AT.STACK3, SEL.CODE3, 0x7000], [13, 0]],
    ['SS of another level', 0, [SEL.DATA0, AT.STACK3, SEL.CODE3, 0x7000], [13, SEL.DATA0]],
    ['to an outer level', 0, [SEL.DATA3, AT.STACK3, SEL.CODE3, 0x7000], null],
  ] as const)('RET %s', (_name, cpl, words, fault) => {
    const rig = protectedMode(cpl);
    push(rig, 4, ...words);
    expect(rig.call('farReturn', { size: 4 }, 0n).fault).toEqual(fault);
    if (fault) return;
    expect([rig.cpu.cpl, rig.rsp, rig.cpu.nextRip]).toEqual([3, AT.STACK3, 0x7000]);
    // SDM vol. 2, RET: segments the outer level may not use become null.
    expect(rig.selector(Seg.DS)).toBe(0);
    expect(rig.state.segAttributes[Seg.DS] & SegAttr.UNUSABLE).toBe(SegAttr.UNUSABLE);
  });

  it('RET n to an outer level releases on both stacks', () => {
    const rig = protectedMode();
    push(rig, 4, SEL.DATA3, AT.STACK3, 0xaa, 0xbb, SEL.CODE3, 0x7000);
    expect(rig.call('farReturn', { size: 4 }, 8n).fault).toBeNull();
    expect(rig.rsp).toBe(AT.STACK3 + 8);
  });

  it('keeps usable segments on the way out', () => {
    const rig = protectedMode();
    rig.load(Seg.ES, SEL.DATA3);
    rig.load(Seg.FS, SEL.CONFORMING);
    push(rig, 4, SEL.DATA3, AT.STACK3, SEL.CODE3, 0x7000);
    rig.call('farReturn', { size: 4 }, 0n);
    expect([rig.selector(Seg.ES), rig.selector(Seg.FS), rig.selector(Seg.GS)]).toEqual([SEL.DATA3, SEL.CONFORMING, 0]);
  });
});

describe('call gates', () => {
  // SDM vol. 3, "Stack Switching": SS:ESP, parameters, CS:EIP on the stack that the TSS gives for the new level.
  it('switch level and stack and copy parameters', () => {
    const rig = protectedMode(3);
    rig.descriptor(SEL.GATE, gate(SEL.CODE0, 0x7000, 12, { dpl: 3, low: 2 }));
    push(rig, 4, 0x111, 0x222);
    expect(rig.call('farCall', { size: 4 }, 0xdeadn, BigInt(SEL.GATE | 3)).fault).toBeNull();
    expect([rig.cpu.cpl, rig.cpu.nextRip, rig.rsp]).toEqual([0, 0x7000, AT.STACK0 - 24]);
    expect([rig.selector(Seg.CS), rig.selector(Seg.SS)]).toEqual([SEL.CODE0, SEL.DATA0]);
    expect([0, 1, 2, 3, 4, 5].map((n) => rig.word(n))).toEqual([AT.CODE + 2, SEL.CODE3, 0x222, 0x111, AT.STACK3 - 8, SEL.DATA3]);
  });

  it('of 16 bits push 16-bit words', () => {
    const rig = protectedMode(3);
    rig.descriptor(SEL.GATE16, gate(SEL.CODE0, 0xabcd7000, 4, { dpl: 3 }));
    expect(rig.call('farCall', { size: 4 }, 0n, BigInt(SEL.GATE16)).fault).toBeNull();
    expect([rig.rsp, rig.cpu.nextRip, rig.get16(rig.rsp)]).toEqual([AT.STACK0 - 8, 0x7000, AT.CODE + 2]);
  });

  it.each([
    ['gate DPL below CPL', gate(SEL.CODE0, 0x7000, 12), [13, SEL.GATE]],
    ['absent gate', gate(SEL.CODE0, 0x7000, 12, { dpl: 3, present: false }), [11, SEL.GATE]],
    ['null target', gate(0, 0x7000, 12, { dpl: 3 }), [13, 0]],
    ['data target', gate(SEL.DATA0, 0x7000, 12, { dpl: 3 }), [13, SEL.DATA0]],
    ['absent target', gate(SEL.ABSENT_CODE, 0x7000, 12, { dpl: 3 }), [11, SEL.ABSENT_CODE]],
  ] as const)('%s', (_name, descriptor, fault) => {
    const rig = protectedMode(3);
    rig.descriptor(SEL.GATE, descriptor);
    expect(rig.call('farCall', { size: 4 }, 0n, BigInt(SEL.GATE | 3)).fault).toEqual(fault);
  });

  // SDM vol. 2, CALL: errors in the TSS's stack are #TS.
  it('a bad inner stack gives #TS', () => {
    const rig = protectedMode(3);
    rig.descriptor(SEL.GATE, gate(SEL.CODE0, 0x7000, 12, { dpl: 3 }));
    rig.set16(AT.TSS + 8, SEL.DATA3);
    expect(rig.call('farCall', { size: 4 }, 0n, BigInt(SEL.GATE)).fault).toEqual([10, SEL.DATA3 & ~3]);
    rig.state.segLimit[Seg.TR] = 8;
    expect(rig.call('farCall', { size: 4 }, 0n, BigInt(SEL.GATE)).fault).toEqual([10, SEL.TSS]);
  });

  // SDM vol. 2, JMP: through a gate the level stays, so non-conforming code must have DPL = CPL.
  it('JMP keeps the level', () => {
    const rig = protectedMode(3);
    rig.descriptor(SEL.GATE, gate(SEL.CODE0, 0x7000, 12, { dpl: 3 }));
    expect(jump(rig, SEL.GATE)).toEqual([13, SEL.CODE0]);
    rig.descriptor(SEL.GATE, gate(SEL.CONFORMING, 0x7000, 12, { dpl: 3 }));
    expect(jump(rig, SEL.GATE)).toBeNull();
    expect(rig.cpu.cpl).toBe(3);
  });

  // SDM vol. 3, "IA-32e Mode Call Gates": 16 bytes, 64-bit target, null SS, 8-byte words, no parameters.
  it('of 64 bits', () => {
    const rig = longMode(3);
    rig.descriptor(SEL.GATE, gate(SEL.CODE64, 0x7000, 12, { dpl: 3, low: 5 }));
    rig.set64(AT.GDT + SEL.GATE + 8, 0xffffff80n);
    expect(rig.call('farCall', { size: 4 }, 0n, BigInt(SEL.GATE)).fault).toBeNull();
    expect([rig.cpu.cpl, rig.selector(Seg.SS), rig.rsp, rig.cpu.nextRip]).toEqual([0, 0, AT.STACK0 - 32, -0x8000000000 + 0x7000]);
    expect([0, 1, 2, 3].map((n) => rig.word(n))).toEqual([AT.CODE + 2, SEL.CODE64_3, AT.STACK3, SEL.DATA3]);
    const other = longMode(3);
    other.descriptor(SEL.GATE, gate(SEL.CODE0, 0x7000, 12, { dpl: 3 }));
    other.set64(AT.GDT + SEL.GATE + 8, 0n);
    expect(other.call('farCall', { size: 4 }, 0n, BigInt(SEL.GATE)).fault).toEqual([13, SEL.CODE0]);
  });
});

describe('IRET', () => {
  it('to the same level', () => {
    const rig = protectedMode();
    push(rig, 4, IF | CF | RF | AC, SEL.CODE0, 0x7000);
    expect(rig.call('iret', { size: 4 }).fault).toBeNull();
    expect([rig.cpu.nextRip, rig.rsp, rig.cpu.flags.read()]).toEqual([0x7000, AT.STACK0, IF | CF | RF | AC | 2]);
  });

  // SDM vol. 2, IRET: IF needs CPL ≤ IOPL, IOPL needs level 0: the level before the return.
  it('level 3 changes neither IF nor IOPL', () => {
    const rig = protectedMode(3);
    rig.cpu.flags.write(IF);
    push(rig, 4, 3 << IOPL_SHIFT, SEL.CODE3, 0x7000);
    rig.call('iret', { size: 4 });
    expect(rig.cpu.flags.read()).toBe(IF | 2);
  });

  it('level 0 gives the outer level its flags', () => {
    const rig = protectedMode();
    push(rig, 4, SEL.DATA3, AT.STACK3, IF | (3 << IOPL_SHIFT), SEL.CODE3, 0x7000);
    expect(rig.call('iret', { size: 4 }).fault).toBeNull();
    expect([rig.cpu.cpl, rig.rsp, rig.cpu.flags.read()]).toEqual([3, AT.STACK3, IF | (3 << IOPL_SHIFT) | 2]);
  });

  // SDM vol. 2, IRET: 64-bit mode pops SS:RSP without a change of level too; a null SS is fine below level 3.
  it('always pops the stack in 64-bit mode', () => {
    const rig = longMode();
    push(rig, 8, 0, 0x7f00, IF, SEL.CODE64, 0x7000);
    expect(rig.call('iret', { size: 8 }).fault).toBeNull();
    expect([rig.rsp, rig.selector(Seg.SS), rig.cpu.cpl, rig.cpu.nextRip]).toEqual([0x7f00, 0, 0, 0x7000]);
  });

  it.each([
    ['null SS at level 3', [0, 0x7f00, 0, SEL.CODE64_3, 0x7000], [13, 0]],
    ['null SS in compatibility mode', [0, 0x7f00, 0, SEL.CODE0, 0x7000], [13, 0]],
    ['non-canonical RIP', [SEL.DATA0, 0x7f00, 0, SEL.CODE64, 1n << 47n], [13, 0]],
    ['compatibility mode', [SEL.DATA3, 0x7f00, 0, SEL.CODE3, 0x7000], null],
    ['64-bit mode at level 3', [SEL.DATA3, 0x7f00, 0, SEL.CODE64_3, 0x7000], null],
  ] as const)('from 64-bit mode: %s', (_name, words, fault) => {
    const rig = longMode();
    push(rig, 8, ...words);
    expect(rig.call('iret', { size: 8 }).fault).toEqual(fault);
    if (!fault) expect([rig.cpu.cpl, rig.cpu.mode]).toEqual([3, words[3] === SEL.CODE3 ? 4 : 8]);
  });

  // SDM vol. 3, "Handling Multiple NMIs": IRET unblocks NMIs even when it faults.
  it('unblocks NMIs', () => {
    const rig = protectedMode();
    rig.state.interruptibility[0] = 8;
    push(rig, 4, 0, 0, 0x7000);
    expect(rig.call('iret', { size: 4 }).fault).toEqual([13, 0]);
    expect(rig.state.interruptibility[0]).toBe(0);
  });

  it('NT in IA-32e mode', () => {
    const long = longMode();
    long.cpu.flags.write(NT);
    // SDM vol. 2, IRET: NT in IA-32e mode gives #GP(0).
    expect(long.call('iret', { size: 8 }).fault).toEqual([13, 0]);
  });

  it('in real-address mode', () => {
    const rig = protectedMode();
    rig.state.cr0[0] = 0x10n;
    rig.cpu.refresh();
    rig.state.gpr[4] = 0x8000n;
    rig.set16(0x8000, 0x100);
    rig.set16(0x8002, 0x2000);
    rig.set16(0x8004, IF);
    expect(rig.call('iret', { size: 2 }).fault).toBeNull();
    expect([rig.cpu.nextRip, rig.cpu.base[Seg.CS], rig.rsp]).toEqual([0x100, 0x20000, 0x8006]);
  });
});
