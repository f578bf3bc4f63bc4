// Hardware task switches (SDM vol. 3, "Task Management").

import { describe, expect, it } from 'vitest';
import { Seg } from '../../src/base/state/vcpu.ts';
import { CR0 } from '../../src/cpu/arch/control-bits.ts';
import { IF, NT, RF, TF, VM } from '../../src/cpu/arch/rflags.ts';
import { gate, protectedMode, segment } from '../system/support.ts';
import type { Rig } from '../system/support.ts';
import { AT, EAX, EBX, ECX, HLT, IRET, NOP, SEL, d, reg, rip, run, setReg, w } from './support.ts';

/** The other task: its TSS, its code and its stack. */
const OTHER = 0xd8;
const TSS2 = 0x3400;
const CODE2 = 0x7000;
const STACK2 = 0xb000;
const GATE_VECTOR = 0x30;
const TASK_CODE0 = SEL.CODE0;
const BUSY = 2;
const JMP = 0xea;
const CALL = 0x9a;
const far = (opcode: number, selector: number): number[] => [opcode, ...d(0), ...w(selector)];

const typeOf = (rig: Rig, selector: number): number => rig.get8(AT.GDT + (selector & ~7) + 5) & 15;

interface TaskFields {
  cs?: number;
  ss?: number;
  ds?: number;
  flags?: number;
  ldt?: number;
  cr3?: number;
  trap?: boolean;
  link?: number;
}

/** A 32-bit TSS whose general registers hold 100H, 101H …, but ESP. */
function writeTask(rig: Rig, fields: TaskFields = {}): void {
  const { cs = TASK_CODE0, ss = SEL.DATA0, ds = SEL.DATA0, flags = 2, ldt = 0, cr3 = 0, trap = false, link = 0 } = fields;
  rig.set32(TSS2, link);
  rig.set32(TSS2 + 28, cr3);
  rig.set32(TSS2 + 32, CODE2);
  rig.set32(TSS2 + 36, flags);
  for (let n = 0; n < 8; n++) rig.set32(TSS2 + 40 + 4 * n, n === 4 ? STACK2 : 0x100 + n);
  [SEL.DATA0, cs, ss, ds, 0, SEL.DATA3].forEach((selector, n) => rig.set32(TSS2 + 72 + 4 * n, selector));
  rig.set16(TSS2 + 96, ldt);
  rig.set16(TSS2 + 100, trap ? 1 : 0);
}

function tasks(fields: TaskFields = {}, ...bytes: number[]): Rig {
  const rig = protectedMode();
  rig.descriptor(SEL.TSS, segment({ type: 11, system: true, base: AT.TSS, limit: 0x2ff, pages: false, big: false }));
  rig.descriptor(OTHER, segment({ type: 9, system: true, base: TSS2, limit: 0x67, pages: false, big: false }));
  rig.descriptor(SEL.TASK_GATE, gate(OTHER, 0, 5, { dpl: 3 }));
  rig.set64(AT.IDT + 8 * GATE_VECTOR, gate(OTHER, 0, 5, { dpl: 3 }));
  for (let vector = 0; vector < 64; vector++) rig.code(rig.handler(vector), HLT);
  writeTask(rig, fields);
  rig.code(CODE2, HLT);
  rig.code(AT.CODE, ...bytes);
  return rig;
}

/** What the handler of a fault finds on its stack, from the top. */
const frame = (rig: Rig, count: number): number[] => Array.from({ length: count }, (_, n) => rig.word(n));

describe('JMP and CALL', () => {
  // SDM vol. 3, "Task Switching": what is saved, what is loaded, and which descriptor is busy afterwards.
  it.each([
    ['to a TSS', OTHER],
    ['through a task gate', SEL.TASK_GATE],
  ])('JMP %s', (_name, selector) => {
    const rig = tasks({ flags: IF | 2 }, ...far(JMP, selector));
    for (let n = 0; n < 8; n++) if (n !== 4) setReg(rig, n, 0x200 + n);
    rig.cpu.flags.write(1);
    rig.state.dr[7] = 0x7ffn;
    expect(run(rig)).toEqual({ retired: 2, reason: 'halted' });
    expect(rip(rig)).toBe(CODE2 + 1);
    expect(Array.from({ length: 8 }, (_, n) => reg(rig, n))).toEqual([0x100, 0x101, 0x102, 0x103, STACK2, 0x105, 0x106, 0x107]);
    expect([0, 1, 2, 3, 4, 5].map((s) => rig.selector(s))).toEqual([SEL.DATA0, SEL.CODE0, SEL.DATA0, SEL.DATA0, 0, SEL.DATA3]);
    expect(rig.cpu.flags.read()).toBe(IF | 2);
    expect([rig.selector(Seg.TR), rig.state.segBase[Seg.TR]]).toEqual([OTHER, BigInt(TSS2)]);
    expect([typeOf(rig, SEL.TSS), typeOf(rig, OTHER)]).toEqual([9, 11]);
    expect(rig.state.cr0[0] & CR0.TS).toBe(CR0.TS);
    // L0 to L3 and LE are clear.
    expect(rig.state.dr[7]).toBe(0x7ffn & ~0x155n);
    // The old task: where it goes on, its flags and registers.
    expect([rig.get32(AT.TSS + 32), rig.get32(AT.TSS + 36), rig.get32(AT.TSS + 40), rig.get32(AT.TSS + 56)]).toEqual([
      AT.CODE + 7,
      3,
      0x200,
      AT.STACK0,
    ]);
    expect([0, 1, 2, 3, 4, 5].map((n) => rig.get16(AT.TSS + 72 + 4 * n))).toEqual([0x10, 8, 0x10, 0x10, 0x10, 0x10]);
    expect(rig.get32(TSS2)).toBe(0);
  });

  // SDM vol. 3, "Task Linking".
  it('CALL nests, and IRET goes back', () => {
    const rig = tasks({}, ...far(CALL, OTHER), 0x40, HLT);
    rig.code(CODE2, IRET, 0x43, HLT);
    run(rig, 1);
    expect([rig.get16(TSS2), rig.cpu.flags.read(), typeOf(rig, SEL.TSS), typeOf(rig, OTHER)]).toEqual([SEL.TSS, NT | 2, 11, 11]);
    setReg(rig, ECX, 0x77);
    expect(run(rig)).toEqual({ retired: 3, reason: 'halted' });
    expect([rip(rig), reg(rig, EAX), rig.selector(Seg.TR), rig.rsp]).toEqual([AT.CODE + 9, 1, SEL.TSS, AT.STACK0]);
    expect([typeOf(rig, SEL.TSS), typeOf(rig, OTHER)]).toEqual([11, 9]);
    // The nested task is saved with NT clear, after its IRET: the next CALL goes on there.
    expect([rig.get32(TSS2 + 32), rig.get32(TSS2 + 36), rig.get32(TSS2 + 44)]).toEqual([CODE2 + 1, 2, 0x77]);
  });

  it('CR3 and the LDT come with the task', () => {
    const rig = tasks({ ldt: SEL.LDT, cr3: 0x20000, ds: 0x0c }, ...far(JMP, OTHER));
    rig.set64(AT.LDT + 8, segment({ type: 2, base: 0x100 }));
    for (const directory of [0x20000, 0x21000]) rig.set32(directory, 0x83);
    rig.state.cr4[0] = 0x10n;
    rig.state.cr3[0] = 0x21000n;
    rig.state.cr0[0] |= CR0.PG;
    expect(run(rig)).toEqual({ retired: 2, reason: 'halted' });
    expect([rig.state.cr3[0], rig.selector(Seg.LDTR), rig.state.segBase[Seg.LDTR], rig.state.segBase[Seg.DS]]).toEqual([
      0x20000n,
      SEL.LDT,
      BigInt(AT.LDT),
      0x100n,
    ]);
  });

  it('to virtual-8086 mode', () => {
    const rig = tasks({ flags: VM | 2, cs: 0x700, ss: 0x900, ds: 0x123 }, ...far(JMP, OTHER));
    rig.set32(TSS2 + 32, 0);
    rig.code(0x7000, NOP);
    expect(run(rig, 2).retired).toBe(2);
    expect([rip(rig), rig.cpu.cpl, rig.cpu.mode, rig.state.segBase[Seg.DS], rig.state.segAttributes[Seg.CS]]).toEqual([
      1,
      3,
      2,
      0x1230n,
      0xf3,
    ]);
  });

  // SDM vol. 3, "16-Bit Task-State Segment (TSS)".
  it('between a 16-bit and a 32-bit task', () => {
    const rig = tasks({}, ...far(CALL, OTHER), HLT);
    rig.descriptor(OTHER, segment({ type: 1, system: true, base: TSS2, limit: 0x2b, pages: false, big: false }));
    const words = [
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      CODE2,
      2,
      0x10,
      0x11,
      0x12,
      0x13,
      STACK2,
      0x15,
      0x16,
      0x17,
      SEL.DATA0,
      SEL.CODE0,
      SEL.DATA0,
      SEL.DATA0,
      0,
    ];
    words.forEach((word, n) => rig.set16(TSS2 + 2 * n, word));
    rig.code(CODE2, IRET);
    run(rig, 1);
    const registers = [0x10, 0x11, 0x12, 0x13, STACK2, 0x15, 0x16, 0x17].map((word) => 0xffff0000 + word);
    expect(registers.map((_, n) => reg(rig, n))).toEqual(registers);
    expect([rip(rig), rig.selector(Seg.FS), rig.cpu.flags.read()]).toEqual([CODE2, 0, NT | 2]);
    setReg(rig, EAX, 0xabcd1234);
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), rig.get16(TSS2 + 14), rig.get16(TSS2 + 18), rig.get16(TSS2 + 20)]).toEqual([AT.CODE + 8, CODE2 + 1, 0x1234, 0x11]);
    expect(typeOf(rig, OTHER)).toBe(1);
  });

  it('T: a debug trap before the first instruction', () => {
    const rig = tasks({ trap: true }, ...far(JMP, OTHER));
    rig.code(CODE2, 0x43, HLT);
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), ...frame(rig, 3), reg(rig, EBX)]).toEqual([rig.handler(1) + 1, CODE2, SEL.CODE0, 2, 0x103]);
    expect(rig.state.dr[6] & 0x8000n).toBe(0x8000n);
  });

  it('a single step ends with its task, and TF of the new one counts', () => {
    const rig = tasks({ flags: TF | 2 }, ...far(JMP, OTHER));
    rig.code(CODE2, 0x43, HLT);
    rig.cpu.flags.write(TF);
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), ...frame(rig, 3), reg(rig, EBX)]).toEqual([rig.handler(1) + 1, CODE2 + 1, SEL.CODE0, TF | 2, 0x104]);
  });
});

describe('refused before the switch: nothing has changed', () => {
  const tss =
    (type: number, limit = 0x67, present = true) =>
    (rig: Rig): void =>
      rig.descriptor(OTHER, segment({ type, system: true, base: TSS2, limit, pages: false, big: false, present }));
  const busy = tss(11);
  const absent = tss(9, 0x67, false);
  const short = tss(9, 0x66);
  const gateTo =
    (selector: number, present = true) =>
    (rig: Rig): void =>
      rig.descriptor(SEL.TASK_GATE, gate(selector, 0, 5, { dpl: 3, present }));
  it.each([
    ['busy', busy, OTHER, [13, OTHER]],
    ['absent', absent, OTHER, [11, OTHER]],
    ['too short', short, OTHER, [10, OTHER]],
    ['busy behind a gate', busy, SEL.TASK_GATE, [13, OTHER]],
    ['absent gate', gateTo(OTHER, false), SEL.TASK_GATE, [11, SEL.TASK_GATE]],
    ['a gate to the LDT', gateTo(OTHER | 4), SEL.TASK_GATE, [13, OTHER | 4]],
    ['a gate to code', gateTo(SEL.CODE0), SEL.TASK_GATE, [13, SEL.CODE0]],
    ['a gate beyond the GDT', gateTo(SEL.OUTSIDE), SEL.TASK_GATE, [13, SEL.OUTSIDE]],
  ] as const)('%s', (_name, prepare, selector, fault) => {
    for (const helper of ['farJump', 'farCall'] as const) {
      const rig = tasks();
      prepare(rig);
      const before = rig.get64(AT.GDT + OTHER);
      expect(rig.call(helper, { size: 4 }, 0n, BigInt(selector)).fault).toEqual(fault);
      expect([rig.get64(AT.GDT + OTHER), typeOf(rig, SEL.TSS), rig.get32(AT.TSS + 32)]).toEqual([before, 11, 0]);
    }
  });

  it('a TSS of level 0 from level 3: #GP(selector)', () => {
    const rig = protectedMode(3);
    expect(rig.call('farJump', { size: 4 }, 0n, BigInt(SEL.TSS)).fault).toEqual([13, SEL.TSS]);
  });

  // SDM vol. 2, IRET, TASK-RETURN: all #TS, with the link as error code.
  it.each([
    ['not busy', OTHER, [10, OTHER]],
    ['in the LDT', OTHER | 4, [10, OTHER | 4]],
    ['beyond the GDT', SEL.OUTSIDE, [10, SEL.OUTSIDE]],
    ['no TSS', SEL.DATA0, [10, SEL.DATA0]],
  ] as const)('IRET to a link that is %s', (_name, link, fault) => {
    const rig = tasks();
    rig.cpu.flags.write(NT);
    rig.set16(AT.TSS, link);
    expect(rig.call('iret', { size: 4 }).fault).toEqual(fault);
  });

  it('a TSS that is not mapped for writing is #PF in the old task', () => {
    const rig = tasks();
    rig.set32(0x20000, 0x21000 | 3);
    for (let n = 0; n < 1024; n++) rig.set32(0x21000 + 4 * n, (n << 12) | (n === TSS2 >> 12 ? 1 : 3));
    rig.state.cr3[0] = 0x20000n;
    rig.state.cr0[0] |= CR0.PG | CR0.WP;
    rig.cpu.enterGuest();
    expect(rig.call('farCall', { size: 4 }, 0n, BigInt(OTHER)).fault).toEqual([14, 3]);
    expect(typeOf(rig, OTHER) & BUSY).toBe(0);
  });
});

describe('faults in the new task', () => {
  // SDM vol. 3, "Task Switching", table: the exception is raised with EIP at the first instruction of the new task.
  it.each([
    ['CS null', { cs: 0 }, 10, 0],
    ['CS data', { cs: SEL.DATA0 }, 10, SEL.DATA0],
    ['CS of another level', { cs: SEL.CODE3 & ~3 }, 10, SEL.CODE3 & ~3],
    ['CS absent', { cs: SEL.ABSENT_CODE }, 11, SEL.ABSENT_CODE],
    ['CS beyond', { cs: SEL.OUTSIDE }, 10, SEL.OUTSIDE],
    ['SS null', { ss: 0 }, 10, 0],
    ['SS absent', { ss: SEL.ABSENT_DATA }, 12, SEL.ABSENT_DATA],
    ['SS of another level', { ss: SEL.DATA3 }, 10, SEL.DATA3 & ~3],
    ['DS execute-only', { ds: SEL.EXECUTE_ONLY }, 10, SEL.EXECUTE_ONLY],
    ['DS absent', { ds: SEL.ABSENT_DATA }, 11, SEL.ABSENT_DATA],
    ['LDT no LDT', { ldt: SEL.DATA0 }, 10, SEL.DATA0],
  ] as const)('%s', (_name, fields, vector, errorCode) => {
    const rig = tasks(fields, ...far(JMP, OTHER));
    // A handler that is a task of its own sees the fault whatever the stack is.
    const third = 0xe0;
    const tss3 = 0x3600;
    const code3 = 0x7800;
    rig.descriptor(third, segment({ type: 9, system: true, base: tss3, limit: 0x67, pages: false, big: false }));
    for (let n = 0; n < 26; n++) rig.set32(tss3 + 4 * n, rig.get32(TSS2 + 4 * n));
    rig.set32(tss3 + 32, code3);
    [SEL.DATA0, SEL.CODE0, SEL.DATA0, SEL.DATA0, 0, 0].forEach((selector, n) => rig.set32(tss3 + 72 + 4 * n, selector));
    rig.set32(tss3 + 96, 0);
    rig.set64(AT.IDT + 8 * vector, gate(third, 0, 5));
    rig.code(code3, HLT);
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), rig.selector(Seg.TR), rig.word(0), rig.get16(tss3)]).toEqual([code3 + 1, third, errorCode, OTHER]);
    // The failed task is saved at its first instruction, with its own selectors.
    expect([rig.get32(TSS2 + 32), rig.get32(TSS2 + 36), rig.get16(TSS2 + 76)]).toEqual([
      CODE2,
      RF | 2,
      'cs' in fields ? fields.cs : SEL.CODE0,
    ]);
  });

  it('an EIP beyond the limit of CS is #GP(0) there', () => {
    const rig = tasks({ cs: SEL.SHORT_CODE }, ...far(JMP, OTHER));
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), ...frame(rig, 3)]).toEqual([rig.handler(13) + 1, 0, CODE2, SEL.SHORT_CODE]);
  });
});

describe('task gates in the IDT', () => {
  // SDM vol. 3, "Interrupt Tasks": nested, with the error code on the new task's stack; the new task's flags stay as loaded.
  it('an exception with an error code, and back to the instruction', () => {
    const rig = tasks({ flags: IF | 2 }, 0x8e, 0xd8, HLT);
    rig.set64(AT.IDT + 8 * 13, gate(OTHER, 0, 5));
    setReg(rig, EAX, SEL.OUTSIDE);
    rig.code(CODE2, 0x58, 0xc7, 0x05, ...d(AT.TSS + 40), ...d(SEL.DATA3), IRET);
    run(rig, 1);
    expect([rip(rig), rig.word(0), rig.cpu.flags.read()]).toEqual([CODE2, SEL.OUTSIDE, IF | NT | 2]);
    expect([rig.get32(AT.TSS + 32), rig.get32(AT.TSS + 36)]).toEqual([AT.CODE, RF | 2]);
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), rig.selector(Seg.DS), typeOf(rig, OTHER)]).toEqual([AT.CODE + 3, SEL.DATA3, 9]);
  });

  it('an external interrupt, and INT n from level 3', () => {
    const rig = tasks({}, NOP, HLT);
    rig.set64(AT.IDT + 8 * 0x21, gate(OTHER, 0, 5));
    rig.cpu.flags.write(IF);
    rig.code(CODE2, IRET);
    rig.host.pending = 0x21;
    expect(run(rig)).toEqual({ retired: 3, reason: 'halted' });
    expect([rip(rig), rig.rsp, rig.get32(AT.TSS + 36)]).toEqual([AT.CODE + 2, AT.STACK0, IF | 2]);
    const user = tasks({}, NOP);
    user.load(Seg.CS, SEL.CODE3);
    user.load(Seg.SS, SEL.DATA3);
    user.code(AT.CODE, 0xcd, GATE_VECTOR);
    expect(run(user).reason).toBe('halted');
    expect([rip(user), user.cpu.cpl, user.get32(AT.TSS + 32), user.get16(AT.TSS + 76)]).toEqual([CODE2 + 1, 0, AT.CODE + 2, SEL.CODE3]);
  });

  // SDM vol. 2, INT n: #GP(TSS selector + EXT) when it is not available.
  it('a busy TSS', () => {
    const rig = tasks({}, 0x0f, 0x0b);
    rig.set64(AT.IDT + 8 * 6, gate(SEL.TSS, 0, 5));
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), ...frame(rig, 2)]).toEqual([rig.handler(13) + 1, SEL.TSS | 1, AT.CODE]);
  });

  it('a double fault with a task of its own survives a broken stack', () => {
    const rig = tasks({}, 0x50);
    rig.set64(AT.IDT + 8 * 8, gate(OTHER, 0, 5));
    rig.state.segLimit[Seg.SS] = 0xfff;
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), rig.word(0), rig.get32(AT.TSS + 32), rig.get32(AT.TSS + 36)]).toEqual([CODE2 + 1, 0, AT.CODE, 2]);
  });

  it('the debug trap of a task that an interrupt switched to', () => {
    const rig = tasks({ trap: true, flags: 2 }, NOP);
    rig.set64(AT.IDT + 8 * 0x21, gate(OTHER, 0, 5));
    rig.cpu.flags.write(IF);
    rig.host.pending = 0x21;
    expect(run(rig).reason).toBe('halted');
    expect([rip(rig), ...frame(rig, 3)]).toEqual([rig.handler(1) + 1, CODE2, SEL.CODE0, NT | 2]);
  });
});
