// CR4.VME and CR4.PVI: VIF and VIP in place of IF, and the software interrupt redirection bit map (SDM vol. 3, "Virtual-8086
// Mode", "Protected-Mode Virtual Interrupts"; vol. 2, CLI, STI, PUSHF, POPF, IRET, INT n).

import { describe, expect, it } from 'vitest';
import { Seg } from '../../src/base/state/vcpu.ts';
import { CR4 } from '../../src/cpu/arch/control-bits.ts';
import { AC, CF, DF, IF, IOPL_SHIFT, NT, RF, TF, VIF, VIP, VM } from '../../src/cpu/arch/rflags.ts';
import { gate, longMode, protectedMode, segment } from '../system/support.ts';
import type { Rig } from '../system/support.ts';
import { AT, EAX, EBX, ESP, HLT, IRET, NOP, SEL, d, reg, rip, run, setReg, stack16, w } from './support.ts';
import { V86, frame, virtual } from './virtual-support.ts';

const iopl = (n: number): number => n << IOPL_SHIFT;
const IOPL3 = iopl(3);
const GP = 13;

/** In virtual-8086 mode with CR4.VME as given. */
function vme(on: boolean, flags: number, ...bytes: number[]): Rig {
  const rig = virtual(flags, ...bytes);
  rig.state.cr4[0] = on ? CR4.VME : 0n;
  return rig;
}

/** The flags after one instruction, or 'GP' if the handler of #GP was reached. */
function after(rig: Rig): number | 'GP' {
  run(rig, 1);
  if (rip(rig) !== rig.handler(GP)) return rig.cpu.flags.read() & ~VM;
  expect(rig.word(0)).toBe(0);
  return 'GP';
}

/** One word under SP, with the processor in virtual-8086 mode. */
function pushed(rig: Rig, ...words: number[]): Rig {
  setReg(rig, ESP, V86.SP - 2 * words.length);
  words.forEach((word, n) => rig.set16(V86.SS * 16 + V86.SP - 2 * (words.length - n), word));
  return rig;
}

describe('CLI and STI', () => {
  // SDM vol. 2, CLI and STI, decision tables: [name, CR4.VME, flags, after CLI, after STI], in virtual-8086 mode.
  it.each([
    ['IOPL 3: IF', false, IOPL3 | IF, IOPL3, IOPL3 | IF],
    ['IOPL 3 with VME: IF, whatever VIP is', true, IOPL3 | VIP, IOPL3 | VIP, IOPL3 | VIP | IF],
    ['IOPL 2 without VME', false, iopl(2) | IF, 'GP', 'GP'],
    ['IOPL 2 with VME: VIF', true, iopl(2) | IF | VIF, iopl(2) | IF, iopl(2) | IF | VIF],
    ['IOPL 0 with VME: VIF', true, 0, 0, VIF],
    ['IOPL 0 with VME, an interrupt pending: STI traps', true, VIP, VIP, 'GP'],
  ] as const)('%s', (_name, on, flags, cleared, set) => {
    const value = (x: number | 'GP'): number | 'GP' => (x === 'GP' ? x : x | 2);
    expect(after(vme(on, flags, 0xfa))).toBe(value(cleared));
    expect(after(vme(on, flags, 0xfb))).toBe(value(set));
  });

  // The same tables, protected mode: [name, CPL 3?, CR4.PVI, flags, after CLI, after STI].
  const PROTECTED = [
    ['level 0 sees IF', 0, true, VIF | VIP, VIF | VIP, VIF | VIP | IF],
    ['level 3 with IOPL 3 sees IF', 3, true, IOPL3 | VIP, IOPL3 | VIP, IOPL3 | VIP | IF],
    ['level 3 without PVI', 3, false, iopl(1), 'GP', 'GP'],
    ['level 3 with PVI: VIF', 3, true, iopl(2) | VIF, iopl(2), iopl(2) | VIF],
    ['level 3 with PVI, an interrupt pending: STI traps', 3, true, VIP, VIP, 'GP'],
  ] as const;
  it.each(PROTECTED)('protected mode: %s', (_name, cpl, pvi, flags, cleared, set) => {
    for (const [helper, expected] of [
      ['cli', cleared],
      ['sti', set],
    ] as const) {
      const rigs = [protectedMode(cpl), longMode(cpl), longMode(cpl, { compat: true })];
      for (const rig of rigs) {
        rig.state.cr4[0] |= pvi ? CR4.PVI : 0n;
        rig.cpu.flags.write(flags);
        const { fault } = rig.call(helper);
        expect(fault).toEqual(expected === 'GP' ? [GP, 0] : null);
        expect(rig.cpu.flags.read()).toBe((expected === 'GP' ? flags : expected) | 2);
      }
    }
  });

  it('PVI is for level 3: levels 1 and 2 trap', () => {
    const rig = protectedMode();
    rig.state.cr4[0] |= CR4.PVI;
    rig.load(Seg.CS, SEL.CODE1);
    rig.load(Seg.SS, SEL.DATA1);
    rig.cpu.refresh();
    expect(rig.call('cli').fault).toEqual([GP, 0]);
  });

  it('VME means nothing in protected mode, and PVI nothing in virtual-8086 mode', () => {
    const user = protectedMode(3);
    user.state.cr4[0] |= CR4.VME;
    expect(user.call('cli').fault).toEqual([GP, 0]);
    const rig = virtual(0, 0xfa);
    rig.state.cr4[0] = CR4.PVI;
    expect(after(rig)).toBe('GP');
  });

  it('setting VIF casts no shadow', () => {
    const rig = vme(true, 0, 0xfb);
    run(rig, 1);
    expect(rig.state.interruptibility[0]).toBe(0);
  });
});

describe('PUSHF', () => {
  // SDM vol. 2, PUSHF: with VME and IOPL below 3 a word with VIF for IF and IOPL 3; a doubleword traps to the monitor.
  it.each([
    ['IOPL 3', false, IOPL3 | IF | CF, IOPL3 | IF | CF, IOPL3 | IF | CF],
    ['IOPL 3 with VME: IF itself', true, IOPL3 | VIF | VIP, IOPL3, IOPL3 | VIF | VIP],
    ['IOPL 2 without VME', false, iopl(2), 'GP', 'GP'],
    ['IOPL 0 with VME, VIF clear', true, IF | CF | NT, IOPL3 | CF | NT, 'GP'],
    ['IOPL 1 with VME, VIF set', true, iopl(1) | VIF | DF, IOPL3 | IF | DF, 'GP'],
  ] as const)('%s', (_name, on, flags, word, double) => {
    const short = vme(on, flags, 0x9c);
    expect(after(short)).toBe(word === 'GP' ? 'GP' : flags | 2);
    if (word !== 'GP') expect([reg(short, ESP), short.get16(V86.SS * 16 + V86.SP - 2)]).toEqual([V86.SP - 2, word | 2]);
    const long = vme(on, flags, 0x66, 0x9c);
    expect(after(long)).toBe(double === 'GP' ? 'GP' : flags | 2);
    if (double !== 'GP') expect([reg(long, ESP), long.get32(V86.SS * 16 + V86.SP - 4)]).toEqual([V86.SP - 4, double | 2]);
  });

  it('under PVI pushes IF and IOPL as they are', () => {
    const rig = protectedMode(3);
    rig.state.cr4[0] |= CR4.PVI;
    rig.cpu.flags.write(VIF | iopl(1));
    expect(rig.call('pushfValue', { stackSize: 2 }).value & 0xffffn).toBe(BigInt(iopl(1) | 2));
  });
});

// SDM vol. 2, POPF and IRET: with VME and IOPL below 3 the image's IF goes to VIF; IF and IOPL stay. An image with TF, or with IF
// while VIP is set, traps to the monitor, and so does a 32-bit operand.
const IMAGES = [
  ['IOPL 3', false, IOPL3, CF | IF | NT, IOPL3 | CF | IF | NT],
  ['IOPL 3 with VME: IF itself, VIP or not', true, IOPL3 | VIP, IF, IOPL3 | VIP | IF],
  ['IOPL 3 with VME: TF too', true, IOPL3, TF, IOPL3 | TF],
  ['IOPL 1 without VME', false, iopl(1), 0, 'GP'],
  ['IOPL 1 with VME: VIF set', true, iopl(1), IF | CF | DF | iopl(3), iopl(1) | VIF | CF | DF],
  ['IOPL 1 with VME: VIF cleared, IF and IOPL stay', true, iopl(1) | VIF | IF | CF, 0, iopl(1) | IF],
  ['IOPL 0 with VME: IF with an interrupt pending', true, VIP, IF, 'GP'],
  ['IOPL 0 with VME: no IF with an interrupt pending', true, VIP | (VIF ^ VIF), NT, VIP | NT],
  ['IOPL 0 with VME: TF', true, 0, TF, 'GP'],
] as const;

describe('POPF', () => {
  it.each(IMAGES)('%s', (_name, on, flags, image, expected) => {
    const rig = pushed(vme(on, flags, 0x9d, NOP), image);
    expect(after(rig)).toBe(expected === 'GP' ? 'GP' : expected | 2);
    if (expected !== 'GP') expect(reg(rig, ESP)).toBe(V86.SP);
    else expect(frame(rig, 5)).toEqual([0, 0, V86.CS, flags | VM | RF | 2, V86.SP - 2]);
  });

  it('of a doubleword traps with IOPL below 3, with VME too', () => {
    expect(after(pushed(vme(true, 0, 0x66, 0x9d), 0, 0))).toBe('GP');
    expect(after(pushed(vme(true, IOPL3, 0x66, 0x9d), CF, AC >>> 16))).toBe(IOPL3 | CF | AC | 2);
  });

  it('under PVI leaves IF and VIF', () => {
    const rig = protectedMode(3);
    rig.state.cr4[0] |= CR4.PVI;
    rig.cpu.flags.write(VIP);
    expect(rig.call('popf', { stackSize: 4 }, BigInt(IF | VIF | CF | TF)).fault).toBeNull();
    expect(rig.cpu.flags.read()).toBe(VIP | CF | TF | 2);
  });
});

describe('IRET', () => {
  it.each(IMAGES)('%s', (_name, on, flags, image, expected) => {
    const rig = pushed(vme(on, flags, IRET), 0x20, 0x600, image);
    rig.code(0x6020, NOP);
    expect(after(rig)).toBe(expected === 'GP' ? 'GP' : expected | 2);
    if (expected !== 'GP') expect([rip(rig), rig.selector(Seg.CS), reg(rig, ESP)]).toEqual([0x20, 0x600, V86.SP]);
    else expect(frame(rig, 5)).toEqual([0, 0, V86.CS, flags | VM | RF | 2, V86.SP - 6]);
  });

  it('of doublewords traps with IOPL below 3, with VME too; with IOPL 3 it loads neither VIF nor VIP', () => {
    expect(after(pushed(vme(true, 0, 0x66, IRET), 0x20, 0, 0x600, 0, 0, 0))).toBe('GP');
    const rig = pushed(vme(true, IOPL3, 0x66, IRET), 0x20, 0, 0x600, 0, CF, (VIF | VIP | AC) >>> 16);
    expect(after(rig)).toBe(IOPL3 | CF | AC | 2);
  });

  // SDM vol. 2, IRET: at level 0 all of EFLAGS is taken, VIF and VIP too, with any IOPL.
  it('at level 0 loads VIF and VIP', () => {
    expect(vme(true, VIF, NOP).cpu.flags.read()).toBe(VIF | VM | 2);
    expect(vme(true, VIP, NOP).cpu.flags.read()).toBe(VIP | VM | 2);
  });
});

describe('INT n', () => {
  const IO_MAP = 0x88;
  const VECTOR = 0x30;
  const HANDLER_CS = 0x700;
  const HANDLER_IP = 0x10;
  /** A redirection bit map in which VECTOR has `bit`, every other bit being the opposite. */
  function redirecting(bit: 0 | 1, on: boolean, flags: number): Rig {
    const rig = vme(on, flags, 0xcd, VECTOR);
    rig.set16(AT.TSS + 102, IO_MAP);
    for (let n = 0; n < 32; n++) rig.code(AT.TSS + IO_MAP - 32 + n, bit ? 0 : 0xff);
    rig.code(AT.TSS + IO_MAP - 32 + VECTOR / 8, bit ? 1 : 0xfe);
    rig.set32(4 * VECTOR, (HANDLER_CS << 16) | HANDLER_IP);
    return rig;
  }
  const OWN = 'own';
  const GATE = 'gate';
  const TRAP = 'GP';

  // SDM vol. 3, "Software Interrupt Handling Methods While in Virtual-8086 Mode": the six rows.
  it.each([
    ['1: VME 0, IOPL 3', false, 3, 0, GATE],
    ['1: VME 0, IOPL 3', false, 3, 1, GATE],
    ['2: VME 0, IOPL 2', false, 2, 0, TRAP],
    ['2: VME 0, IOPL 2', false, 2, 1, TRAP],
    ['3: VME 1, IOPL 2', true, 2, 1, TRAP],
    ['4: VME 1, IOPL 3', true, 3, 1, GATE],
    ['5: VME 1, IOPL 3', true, 3, 0, OWN],
    ['6: VME 1, IOPL 2', true, 2, 0, OWN],
    ['6: VME 1, IOPL 0', true, 0, 0, OWN],
  ] as const)('method %s, IOPL %s %i, bit %i: %s', (_name, on, level, bit, target) => {
    const rig = redirecting(bit, on, iopl(level));
    run(rig, 1);
    const inside = (rig.cpu.flags.read() & VM) !== 0;
    expect(inside).toBe(target === OWN);
    if (target === OWN) expect([rip(rig), rig.selector(Seg.CS), rig.state.segBase[Seg.CS]]).toEqual([HANDLER_IP, HANDLER_CS, 0x7000n]);
    else expect(rip(rig)).toBe(rig.handler(target === TRAP ? GP : VECTOR));
  });

  // Method 5: FLAGS, CS and IP as words; IF and TF are cleared, nothing else is.
  it('redirected with IOPL 3', () => {
    const flags = IOPL3 | IF | NT | AC | VIF | CF;
    const rig = redirecting(0, true, flags);
    run(rig, 1);
    expect(stack16(rig, 3)).toEqual([2, V86.CS, (flags & 0xffff) | 2]);
    expect([rig.cpu.flags.read(), reg(rig, ESP)]).toEqual([(flags & ~IF) | VM | 2, V86.SP - 6]);
  });

  // Method 6: the image has IOPL 3 and VIF for IF; VIF and TF are cleared, IF stays.
  it.each([
    [VIF, IF],
    [0, 0],
  ])('redirected with IOPL 1, VIF = %i', (vif, pushedIf) => {
    const rig = redirecting(0, true, iopl(1) | IF | vif | CF);
    run(rig, 1);
    expect(stack16(rig, 3)).toEqual([2, V86.CS, IOPL3 | pushedIf | CF | 2]);
    expect(rig.cpu.flags.read()).toBe(iopl(1) | IF | CF | VM | 2);
  });

  it('and back by IRET, which brings VIF back', () => {
    const rig = redirecting(0, true, VIF);
    rig.code(HANDLER_CS * 16 + HANDLER_IP, IRET);
    run(rig, 2);
    expect([rip(rig), rig.selector(Seg.CS), rig.cpu.flags.read()]).toEqual([2, V86.CS, VIF | VM | 2]);
  });

  it('TF is in the image, and the handler runs without', () => {
    const rig = redirecting(0, true, IOPL3 | TF);
    rig.code(HANDLER_CS * 16 + HANDLER_IP, NOP);
    run(rig, 2);
    expect([rip(rig), stack16(rig, 3)[2], rig.cpu.flags.read() & TF]).toEqual([HANDLER_IP + 1, IOPL3 | TF | 2, 0]);
  });

  // The bit map is the 32 bytes below the I/O permission bit map, of a 32-bit TSS.
  it.each([
    [
      'the limit ends before it',
      (rig: Rig) => {
        rig.state.segLimit[Seg.TR] = IO_MAP - 32 + VECTOR / 8 - 1;
      },
      TRAP,
    ],
    [
      'the limit ends with it',
      (rig: Rig) => {
        rig.state.segLimit[Seg.TR] = IO_MAP - 32 + VECTOR / 8;
      },
      OWN,
    ],
    [
      'no I/O map base',
      (rig: Rig) => {
        rig.state.segLimit[Seg.TR] = 102;
      },
      TRAP,
    ],
    ['an I/O map base below 32', (rig: Rig) => rig.set16(AT.TSS + 102, 20), TRAP],
    [
      'a 16-bit TSS',
      (rig: Rig) => {
        rig.state.segAttributes[Seg.TR] = 0x83;
        rig.set16(AT.TSS + 2, AT.STACK0);
        rig.set16(AT.TSS + 4, SEL.DATA0);
      },
      TRAP,
    ],
  ] as const)('%s', (_name, prepare, target) => {
    const rig = redirecting(0, true, IOPL3);
    prepare(rig);
    run(rig, 1);
    expect(rip(rig)).toBe(target === OWN ? HANDLER_IP : rig.handler(GP));
  });

  it('without room on the stack is #SS(0), and nothing has changed', () => {
    const rig = redirecting(0, true, 0);
    setReg(rig, ESP, 1);
    run(rig, 1);
    expect([rip(rig), ...frame(rig, 5)]).toEqual([rig.handler(12), 0, 0, V86.CS, VM | RF | 2, 1]);
  });

  // The bit map is for INT n alone; INT3, INTO, INT1, faults and interrupts go through the IDT.
  it.each([
    ['INT3', [0xcc], 3],
    ['INTO', [0xce], 4],
    ['INT1', [0xf1], 1],
    ['a fault', [0x0f, 0x0b], 6],
  ] as const)('%s is not redirected', (_name, bytes, vector) => {
    const rig = redirecting(0, true, 0x800);
    for (let n = 0; n < 32; n++) rig.code(AT.TSS + IO_MAP - 32 + n, 0);
    rig.set64(AT.IDT + 8 * vector, gate(SEL.CODE0, rig.handler(vector), 14, { dpl: 3 }));
    rig.code(V86.CS * 16, ...bytes);
    run(rig, 1);
    expect([rip(rig), rig.cpu.cpl]).toEqual([rig.handler(vector), 0]);
  });
});

describe('VIF and VIP both set at the beginning of an instruction', () => {
  // SDM vol. 3, the same section: #GP(0) before the instruction, so that the monitor serves what is pending.
  it('after IRET into virtual-8086 mode', () => {
    const rig = vme(true, VIF | VIP, 0x40, HLT);
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), ...frame(rig, 4), reg(rig, EAX)]).toEqual([rig.handler(GP) + 1, 0, 0, V86.CS, VIF | VIP | VM | RF | 2, 0]);
  });

  it.each([
    ['without VME', false, VIF | VIP],
    ['with IOPL 3', true, IOPL3 | VIF | VIP],
    ['VIF alone', true, VIF],
    ['VIP alone', true, VIP],
  ] as const)('%s nothing happens', (_name, on, flags) => {
    const rig = vme(on, flags, 0x40);
    run(rig, 1);
    expect([rip(rig), reg(rig, EAX)]).toEqual([1, 1]);
  });

  it('after a task switch', () => {
    const other = 0xd8;
    const tss = 0x3400;
    const rig = protectedMode();
    rig.state.cr4[0] |= CR4.VME;
    rig.descriptor(other, segment({ type: 9, system: true, base: tss, limit: 0x67, pages: false, big: false }));
    rig.set32(tss + 36, VM | VIF | VIP | 2);
    for (let n = 0; n < 6; n++) rig.set32(tss + 72 + 4 * n, 0x700);
    rig.code(AT.CODE, 0xea, ...d(0), ...w(other));
    rig.code(0x7000, 0x43);
    rig.set32(tss + 4, AT.STACK0);
    rig.set32(tss + 8, SEL.DATA0);
    rig.code(rig.handler(GP), HLT);
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), reg(rig, EBX), ...frame(rig, 3)]).toEqual([rig.handler(GP) + 1, 0, 0, 0, 0x700]);
  });

  // PVI: what returns to level 3 need not touch EFLAGS.
  it.each([
    ['RETF', [0xcb]],
    ['SYSEXIT', [0x0f, 0x35]],
    ['IRET', [IRET]],
  ] as const)('at level 3 with PVI, after %s', (name, bytes) => {
    const rig = protectedMode();
    rig.state.cr4[0] |= CR4.PVI;
    rig.cpu.flags.write(name === 'IRET' ? 0 : VIF | VIP);
    rig.state.sysenterCs[0] = 8n;
    setReg(rig, 1, AT.STACK3);
    setReg(rig, 2, 0x7000);
    const words = name === 'IRET' ? [0x7000, SEL.CODE3, VIF | VIP | 2, AT.STACK3, SEL.DATA3] : [0x7000, SEL.CODE3, AT.STACK3, SEL.DATA3];
    words.forEach((word, n) => rig.set32(AT.STACK0 - 64 + 4 * n, word));
    setReg(rig, ESP, AT.STACK0 - 64);
    rig.code(AT.CODE, ...bytes);
    rig.code(0x7000, 0x43, HLT);
    rig.code(rig.handler(GP), HLT);
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), reg(rig, EBX), ...frame(rig, 2)]).toEqual([rig.handler(GP) + 1, 0, 0, 0x7000]);
  });
});
