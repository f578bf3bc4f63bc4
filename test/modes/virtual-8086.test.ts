// Virtual-8086 mode (SDM vol. 3, "Virtual-8086 Mode").

import { describe, expect, it } from 'vitest';
import { Seg } from '../../src/base/state/vcpu.ts';
import { CodeMode } from '../../src/cpu/builder/insn.ts';
import { AC, IF, IOPL_SHIFT, NT, RF, VM } from '../../src/cpu/arch/rflags.ts';
import { gate, protectedMode } from '../system/support.ts';
import { AT, EAX, EDX, ESP, HLT, IRET, NOP, SEL, d, reg, rip, run, setReg, stack16, w } from './support.ts';
import { V86, frame, virtual } from './virtual-support.ts';

const IOPL3 = 3 << IOPL_SHIFT;
const { CS, SS, DS, ES, FS, GS, SP } = V86;
const SEGMENTS = [Seg.CS, Seg.SS, Seg.DS, Seg.ES, Seg.FS, Seg.GS];

describe('entering by IRET', () => {
  it('loads all segments as in real-address mode, with level 3 and 64 KiB', () => {
    const rig = virtual(IOPL3 | IF | NT | AC, NOP);
    expect([rip(rig), reg(rig, ESP), rig.cpu.cpl, rig.cpu.mode]).toEqual([0, SP, 3, CodeMode.BITS16]);
    expect(rig.cpu.flags.read()).toBe(IOPL3 | IF | NT | AC | VM | 2);
    expect(SEGMENTS.map((s) => rig.selector(s))).toEqual([CS, SS, DS, ES, FS, GS]);
    for (const s of SEGMENTS) {
      expect([rig.state.segBase[s], rig.state.segLimit[s], rig.state.segAttributes[s]]).toEqual([
        BigInt(16 * rig.selector(s)),
        0xffff,
        0xf3,
      ]);
    }
  });

  it('an EIP beyond 64 KiB is #GP(0), and nothing has changed', () => {
    const rig = protectedMode();
    setReg(rig, ESP, AT.STACK0 - 36);
    [0x1_0000, CS, VM | 2, SP, SS, ES, DS, FS, GS].forEach((word, n) => rig.set32(AT.STACK0 - 36 + 4 * n, word));
    expect(rig.call('iret', { size: 4 }).fault).toEqual([13, 0]);
  });

  // SDM vol. 2, IRET: VM is looked at when CPL is 0 only, and a 16-bit IRET has none.
  it.each([
    ['at level 3', 3, 4, SEL.CODE3],
    ['of words', 0, 2, SEL.CODE0],
  ] as const)('VM means nothing %s', (_name, cpl, size, selector) => {
    const rig = protectedMode(cpl);
    const at = Number(rig.state.gpr[4]) - 3 * size;
    setReg(rig, ESP, at);
    const words = [AT.CODE, selector, size === 4 ? VM | 2 : 2];
    words.forEach((word, n) => (size === 4 ? rig.set32(at + 4 * n, word) : rig.set16(at + 2 * n, word)));
    expect(rig.call('iret', { size }).fault).toBeNull();
    expect(rig.cpu.flags.read()).toBe(2);
  });
});

describe('inside', () => {
  it('loads segments as real-address mode does, and far transfers too', () => {
    const rig = virtual(IOPL3, 0xb8, ...w(0x1234), 0x8e, 0xd8, 0x9a, ...w(0x10), ...w(0x600));
    rig.code(0x6010, 0xa0, ...w(0x20), 0xcb);
    rig.code(0x12360, 0x5a);
    run(rig, 5);
    expect([rip(rig), rig.selector(Seg.CS), reg(rig, EAX), reg(rig, ESP)]).toEqual([10, CS, 0x125a, SP]);
    expect([rig.state.segBase[Seg.DS], rig.state.segAttributes[Seg.DS]]).toEqual([0x12340n, 0xf3]);
  });

  // SDM vol. 3, "Sensitive Instructions".
  const SENSITIVE: readonly (readonly [string, readonly number[]])[] = [
    ['CLI', [0xfa]],
    ['STI', [0xfb]],
    ['PUSHF', [0x9c]],
    ['POPF', [0x9d]],
    ['INT n', [0xcd, 0x30]],
    ['IRET', [IRET]],
    ['PUSHFD', [0x66, 0x9c]],
    ['IRETD', [0x66, IRET]],
  ];
  it.each(SENSITIVE)('%s is #GP(0) with IOPL below 3', (_name, bytes) => {
    const rig = virtual(2 << IOPL_SHIFT, ...bytes);
    // Not even the stack is looked at before.
    setReg(rig, ESP, 0xffff);
    expect(run(rig).reason).toBe('halted');
    expect(rip(rig)).toBe(rig.handler(13) + 1);
    expect(frame(rig, 5)).toEqual([0, 0, CS, (2 << IOPL_SHIFT) | VM | RF | 2, 0xffff]);
  });

  it('with IOPL = 3, POPF and IRET change neither IOPL nor VM', () => {
    const rig = virtual(IOPL3, 0x6a, IF / 0x200, 0x9d, 0x9c, 0x58, 0x68, ...w(IF), 0x0e, 0x68, ...w(0x20), IRET);
    run(rig, 8);
    expect([rip(rig), reg(rig, EAX)]).toEqual([0x20, IOPL3 | 1 | 2]);
    expect(rig.cpu.flags.read()).toBe(IOPL3 | VM | IF | 2);
  });

  // SDM vol. 2: privileged at level 3 all are #GP(0); what wants protected mode is #UD.
  it.each([
    ['HLT', [HLT], 13],
    ['MOV CR0', [0x0f, 0x22, 0xc0], 13],
    ['LGDT', [0x0f, 0x01, 0x16, 0, 0], 13],
    ['CLTS', [0x0f, 0x06], 13],
    ['LLDT', [0x0f, 0x00, 0xd0], 6],
    ['SLDT', [0x0f, 0x00, 0xc0], 6],
    ['LAR', [0x0f, 0x02, 0xc0], 6],
    ['ARPL', [0x63, 0xc0], 6],
    ['SYSEXIT', [0x0f, 0x35], 13],
  ] as const)('%s', (_name, bytes, vector) => {
    const rig = virtual(IOPL3, ...bytes);
    expect(run(rig).reason).toBe('halted');
    expect(rip(rig)).toBe(rig.handler(vector) + 1);
  });

  // SDM vol. 1, "I/O Permission Bit Map": in virtual-8086 mode IOPL does not matter for ports.
  it.each([
    [0x80, 13],
    [0x81, null],
  ])('port %i', (port, vector) => {
    const rig = virtual(IOPL3, 0xb0, 0x5a, 0xe6, port, NOP);
    rig.host.ports.set(port, 0);
    rig.set16(AT.TSS + 102, 0x70);
    rig.code(AT.TSS + 0x70, ...new Array<number>(16).fill(0), 0x01, 0xff);
    run(rig, 2);
    expect(rig.host.written.length).toBe(vector === null ? 1 : 0);
    if (vector !== null) expect(rip(rig)).toBe(rig.handler(vector));
  });
});

describe('leaving for a handler', () => {
  // SDM vol. 3, "Handling an Interrupt or Exception Through a Protected-Mode Trap or Interrupt Gate".
  it('pushes GS FS DS ES SS ESP EFLAGS CS EIP; data segments become null', () => {
    const rig = virtual(IOPL3 | IF, NOP, NOP);
    rig.host.pending = 0x21;
    expect(run(rig, 1)).toEqual({ retired: 1, reason: 'limit' });
    expect(frame(rig, 9)).toEqual([0, CS, IOPL3 | IF | VM | 2, SP, SS, ES, DS, FS, GS]);
    expect([rig.cpu.cpl, rig.selector(Seg.CS), rig.selector(Seg.SS), rig.rsp]).toEqual([0, SEL.CODE0, SEL.DATA0, AT.STACK0 - 36]);
    expect([Seg.DS, Seg.ES, Seg.FS, Seg.GS].map((s) => [rig.selector(s), rig.state.segAttributes[s]! >>> 16])).toEqual(
      new Array(4).fill([0, 1]),
    );
    expect(rig.cpu.flags.read()).toBe(IOPL3 | 2);
  });

  it('and IRET goes back', () => {
    const rig = virtual(IOPL3 | IF, 0xcd, 0x30, 0x40, NOP);
    rig.code(rig.handler(0x30), 0xba, ...d(0x1234), IRET);
    run(rig, 4);
    expect([rip(rig), rig.cpu.flags.read(), reg(rig, EAX), reg(rig, EDX)]).toEqual([3, IOPL3 | IF | VM | 2, 1, 0x1234]);
    expect(SEGMENTS.map((s) => rig.selector(s))).toEqual([CS, SS, DS, ES, FS, GS]);
    expect(stack16(rig, 1)).toEqual([rig.get16(SS * 16 + SP)]);
  });

  it('an exception with an error code, by a 16-bit gate: words', () => {
    const rig = virtual(IOPL3, 0xa1, ...w(0xffff));
    rig.set64(AT.IDT + 8 * 13, gate(SEL.CODE0, rig.handler(13), 6));
    expect(run(rig).reason).toBe('halted');
    expect(Array.from({ length: 10 }, (_, n) => rig.get16(rig.rsp + 2 * n))).toEqual([0, 0, CS, IOPL3 | 2, SP, SS, ES, DS, FS, GS]);
  });

  // SDM vol. 2, INT n: #GP(new code segment selector + EXT) unless the handler is non-conforming code of level 0.
  it.each([
    ['conforming', SEL.CONFORMING],
    ['of level 1', SEL.CODE1],
    ['of level 3', SEL.CODE3],
  ])('a handler that is %s is #GP', (_name, selector) => {
    const rig = virtual(IOPL3, 0xcd, 0x30);
    rig.set64(AT.IDT + 8 * 0x30, gate(selector, 0x7000, 14, { dpl: 3 }));
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), ...frame(rig, 2)]).toEqual([rig.handler(13) + 1, selector & ~3, 0]);
  });

  // SDM vol. 2, INT n: the gate's DPL must be 3, as for every INT n at level 3.
  it('INT n through a gate of level 0 is #GP(vector)', () => {
    const rig = virtual(IOPL3, 0xcd, 0x20);
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), ...frame(rig, 2)]).toEqual([rig.handler(13) + 1, (0x20 << 3) | 2, 0]);
  });
});
