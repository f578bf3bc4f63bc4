import { describe, expect, it } from 'vitest';
import { Activity, Seg } from '../../src/base/state/vcpu.ts';
import { SegAttr } from '../../src/cpu/arch/segment-attributes.ts';
import type { Cpu } from '../../src/cpu/cpu.ts';
import { deliverEvent, deliverFault } from '../../src/cpu/events/deliver.ts';
import { EventType, Escalation, escalation, makeEvent } from '../../src/cpu/events/event.ts';
import { AC, IF, IOPL_SHIFT, NT, RF, TF } from '../../src/cpu/arch/rflags.ts';
import { Vector } from '../../src/cpu/arch/vectors.ts';
import { AT, SEL, UNMAPPED, gate, longMode, operand, protectedMode, segment } from '../system/support.ts';
import type { Rig } from '../system/support.ts';

/** The instruction at CODE raised this. */
function fault(rig: Rig, vector: number, errorCode: number | null = null, linear = 0): void {
  const { cpu } = rig;
  cpu.rip = AT.CODE;
  cpu.nextRip = AT.CODE + 2;
  Object.assign(cpu.fault, { vector, errorCode, linear });
  deliverFault(cpu);
}

const external = (rig: Rig, vector: number): boolean =>
  deliverEvent(rig.cpu, makeEvent(EventType.EXTERNAL_INTERRUPT, vector, null, AT.CODE));

const words = (rig: Rig, count: number): number[] => Array.from({ length: count }, (_, n) => rig.word(n));

const setGate = (rig: Rig, vector: number, value: bigint): void => rig.set64(AT.IDT + (rig.cpu.longMode ? 16 : 8) * vector, value);

describe('protected mode', () => {
  // SDM vol. 3, "Exception- or Interrupt-Handler Procedures": EFLAGS, CS, EIP and the error code, if any, are pushed.
  it('same level, with an error code', () => {
    const rig = protectedMode();
    rig.cpu.flags.write(IF | TF | NT | AC);
    fault(rig, Vector.GP, 0x18);
    expect(rig.cpu.rip).toBe(rig.handler(13));
    expect(rig.rsp).toBe(AT.STACK0 - 16);
    // SDM vol. 3, "Resume Flag": the image has RF = 1 for a fault.
    expect(words(rig, 4)).toEqual([0x18, AT.CODE, SEL.CODE0, IF | TF | NT | AC | RF | 2]);
    // An interrupt gate clears IF; TF, NT, RF and VM go with every gate; AC stays.
    expect(rig.cpu.flags.read()).toBe(AC | 2);
    expect(rig.cpu.exceptionCounts[13]).toBe(1);
  });

  it('a trap gate leaves IF', () => {
    const rig = protectedMode();
    setGate(rig, 6, gate(SEL.CODE0, rig.handler(6), 15));
    rig.cpu.flags.write(IF);
    fault(rig, Vector.UD);
    expect(rig.cpu.flags.read()).toBe(IF | 2);
    expect(rig.rsp).toBe(AT.STACK0 - 12);
  });

  // SDM vol. 3, "Resume Flag": for interrupts and traps the image has the RF that there was.
  it('an interrupt does not set RF in its frame', () => {
    const rig = protectedMode();
    external(rig, 33);
    expect(words(rig, 3)).toEqual([AT.CODE, SEL.CODE0, 2]);
    expect(rig.cpu.exceptionCounts.reduce((x, y) => x + y)).toBe(0);
  });

  // SDM vol. 3, "Exception- or Interrupt-Handler Procedures": to an inner level SS:ESP come from the TSS and the old ones are pushed.
  it('from level 3 to level 0', () => {
    const rig = protectedMode(3);
    fault(rig, Vector.PF, 6, 0x12345);
    expect([rig.cpu.cpl, rig.selector(Seg.SS), rig.selector(Seg.CS), rig.rsp]).toEqual([0, SEL.DATA0, SEL.CODE0, AT.STACK0 - 24]);
    expect(words(rig, 6)).toEqual([6, AT.CODE, SEL.CODE3, RF | 2, AT.STACK3, SEL.DATA3]);
    expect(rig.state.cr2[0]).toBe(0x12345n);
  });

  it('to level 1', () => {
    const rig = protectedMode(3);
    setGate(rig, 6, gate(SEL.CODE1, 0x7000, 14));
    fault(rig, Vector.UD);
    expect([rig.cpu.cpl, rig.selector(Seg.SS), rig.selector(Seg.CS), rig.rsp]).toEqual([1, SEL.DATA1, SEL.CODE1, AT.STACK0 - 0x400 - 20]);
  });

  // SDM vol. 3, "Protection of Exception- and Interrupt-Handler Procedures": conforming code runs at the interrupted level.
  it('a conforming handler keeps the level', () => {
    const rig = protectedMode(3);
    setGate(rig, 6, gate(SEL.CONFORMING, 0x7000, 14));
    fault(rig, Vector.UD);
    expect([rig.cpu.cpl, rig.selector(Seg.CS), rig.rsp]).toEqual([3, SEL.CONFORMING | 3, AT.STACK3 - 12]);
  });

  it('a 16-bit gate pushes words and ignores the upper offset', () => {
    const rig = protectedMode();
    setGate(rig, 6, gate(SEL.CODE0, 0xabcd7000, 6));
    rig.cpu.flags.write(IF);
    fault(rig, Vector.UD);
    expect([rig.cpu.rip, rig.rsp]).toEqual([0x7000, AT.STACK0 - 6]);
    expect([rig.get16(rig.rsp), rig.get16(rig.rsp + 2), rig.get16(rig.rsp + 4)]).toEqual([AT.CODE, SEL.CODE0, IF | 2]);
  });

  it('a 16-bit stack segment moves SP only', () => {
    const rig = protectedMode();
    rig.descriptor(SEL.FREE, segment({ type: 2, big: false, limit: 0xffff, pages: false }));
    rig.load(Seg.SS, SEL.FREE);
    rig.cpu.refresh();
    rig.state.gpr[4] = 0x12340004n;
    fault(rig, Vector.UD);
    expect(rig.state.gpr[4]).toBe(0x1234fff8n);
    expect(rig.get32(0xfff8)).toBe(AT.CODE);
    expect(rig.get32(0)).toBe(RF | 2);
  });
});

describe('long mode', () => {
  // SDM vol. 3, "64-Bit Mode Stack Frame": SS:RSP are pushed always, 8 bytes each, on a stack aligned to 16 bytes.
  it('same level: aligned, SS kept', () => {
    const rig = longMode();
    rig.state.gpr[4] = BigInt(AT.STACK0 - 3);
    fault(rig, Vector.GP, 0);
    expect([rig.cpu.rip, rig.rsp, rig.selector(Seg.SS)]).toEqual([rig.handler(13), AT.STACK0 - 16 - 48, SEL.DATA0]);
    expect(words(rig, 6)).toEqual([0, AT.CODE, SEL.CODE64, RF | 2, AT.STACK0 - 3, SEL.DATA0]);
  });

  // SDM vol. 3, "Stack Switching in IA-32e Mode": on a change of level SS becomes null with the new level as RPL.
  it('from level 3', () => {
    const rig = longMode(3);
    external(rig, 32);
    expect([rig.cpu.cpl, rig.selector(Seg.SS), rig.rsp]).toEqual([0, 0, AT.STACK0 - 40]);
    expect(rig.state.segAttributes[Seg.SS] & SegAttr.UNUSABLE).toBe(SegAttr.UNUSABLE);
    expect(words(rig, 5)).toEqual([AT.CODE, SEL.CODE64_3, 2, AT.STACK3, SEL.DATA3]);
  });

  it('from compatibility mode', () => {
    const rig = longMode(3, { compat: true });
    external(rig, 32);
    expect([rig.cpu.mode, rig.cpu.cpl]).toEqual([8, 0]);
    expect(rig.word(1)).toBe(SEL.CODE3);
  });

  // SDM vol. 3, "Interrupt Stack Table": an IST index switches stacks whatever the levels.
  it('the interrupt stack table', () => {
    const rig = longMode();
    setGate(rig, 8, gate(SEL.CODE64, 0x7000, 14, { low: 1 }));
    rig.cpu.rip = AT.CODE;
    expect(deliverEvent(rig.cpu, makeEvent(EventType.HARDWARE_EXCEPTION, Vector.DF, 0, AT.CODE))).toBe(true);
    expect([rig.rsp, rig.selector(Seg.SS)]).toEqual([AT.IST1 - 48, SEL.DATA0]);
  });

  it('a handler in the upper half', () => {
    const rig = longMode();
    rig.set64(AT.IDT + 16 * 6 + 8, 0xffffff80n);
    fault(rig, Vector.UD);
    expect(rig.cpu.rip).toBe(-0x8000000000 + rig.handler(6));
  });

  // SDM vol. 3, "64-Bit Mode IDT": the target must be 64-bit code; 16-bit gates do not exist.
  it.each([
    ['a 32-bit handler', gate(SEL.CODE0, 0x7000, 14), SEL.CODE0 | 1],
    ['L and D', gate(SEL.LD, 0x7000, 14), SEL.LD | 1],
    ['a 16-bit gate', gate(SEL.CODE64, 0x7000, 6), (6 << 3) | 3],
    ['null', gate(0, 0x7000, 14), 1],
  ])('%s gives #GP', (_name, value, code) => {
    const rig = longMode();
    setGate(rig, 6, value);
    fault(rig, Vector.UD);
    expect([rig.cpu.rip, rig.word(0)]).toEqual([rig.handler(13), code]);
  });
});

describe('faults of delivery', () => {
  // SDM vol. 3, "Error Code": index, bit 1 for the IDT, EXT for what came from outside the program.
  it.each([
    ['absent gate', gate(SEL.CODE0, 0, 14, { present: false }), 11, (6 << 3) | 3],
    ['not a gate', gate(SEL.CODE0, 0, 12), 13, (6 << 3) | 3],
    ['null selector', gate(0, 0, 14), 13, 1],
    ['data selector', gate(SEL.DATA0, 0, 14), 13, SEL.DATA0 | 1],
    ['outer code', gate(SEL.CODE3, 0, 14), 13, (SEL.CODE3 & ~3) | 1],
    ['absent code', gate(SEL.ABSENT_CODE, 0, 14), 11, SEL.ABSENT_CODE | 1],
    ['beyond the limit', gate(SEL.SHORT_CODE, 0x7000, 14), 13, 1],
  ])('%s', (_name, value, vector, code) => {
    const rig = protectedMode();
    setGate(rig, 6, value);
    fault(rig, Vector.UD);
    expect([rig.cpu.rip, rig.word(0), rig.word(1)]).toEqual([rig.handler(vector), code, AT.CODE]);
  });

  it('INT n beyond the IDT or its gate’s DPL: #GP without EXT, and nothing has changed', () => {
    const rig = protectedMode(3);
    const int = (vector: number): ReturnType<Rig['call']>['fault'] =>
      rig.call('interrupt', { mnemonic: 'INT', dst: operand({ imm: vector }) }).fault;
    expect(int(33)).toEqual([13, (33 << 3) | 2]);
    expect(int(200)).toEqual([13, (200 << 3) | 2]);
    expect(int(48)).toBeNull();
    expect([rig.cpu.nextRip, rig.cpu.cpl, rig.word(0)]).toEqual([rig.handler(48), 0, AT.CODE + 2]);
    expect(rig.cpu.suppressTrap).toBe(true);
  });

  // SDM vol. 3, "Protection of Exception- and Interrupt-Handler Procedures": DPL is ignored for hardware events, and for INT1.
  it('INT3 checks the DPL, INT1 does not', () => {
    const rig = protectedMode(3);
    expect(rig.call('breakpoint').fault).toEqual([13, (3 << 3) | 2]);
    expect(rig.call('overflow').fault).toEqual([13, (4 << 3) | 2]);
    expect(rig.call('icebp').fault).toBeNull();
    expect(rig.word(0)).toBe(AT.CODE + 2);
  });

  // SDM vol. 2, INT n: errors in the TSS's stack are #TS(EXT); an absent one is #SS(EXT).
  it.each([
    ['null SS', 0, 10, 0x1],
    ['SS of another level', SEL.DATA3, 10, (SEL.DATA3 & ~3) | 1],
    ['absent SS', SEL.ABSENT_DATA, 12, SEL.ABSENT_DATA | 1],
  ])('inner stack: %s', (_name, selector, vector, code) => {
    const rig = protectedMode(3);
    rig.set16(AT.TSS + 8, selector);
    setGate(rig, vector, gate(SEL.CONFORMING, rig.handler(vector), 14));
    external(rig, 32);
    expect([rig.cpu.rip, rig.word(0), rig.cpu.cpl]).toEqual([rig.handler(vector), code, 3]);
  });

  // SDM vol. 3, "64-Bit Mode Stack Frame" and INT n: a non-canonical stack gives #SS(EXT).
  it('a non-canonical stack in long mode', () => {
    const rig = longMode();
    rig.state.gpr[4] = (1n << 47n) + 0x1000n;
    setGate(rig, 12, gate(SEL.CODE64, rig.handler(12), 14, { low: 1 }));
    external(rig, 32);
    expect([rig.cpu.rip, rig.word(0)]).toEqual([rig.handler(12), 1]);
  });

  it('a stack that faults in its second page is not written in its first', () => {
    const rig = longMode();
    rig.state.gpr[4] = BigInt(UNMAPPED + 16);
    rig.set64(UNMAPPED - 8, 0x77n);
    setGate(rig, 14, gate(SEL.CODE64, rig.handler(14), 14, { low: 1 }));
    external(rig, 32);
    expect([rig.cpu.rip, rig.word(0), rig.get64(UNMAPPED - 8)]).toEqual([rig.handler(14), 2, 0x77n]);
    expect(rig.state.cr2[0]).toBe(BigInt(UNMAPPED + 8));
    expect(rig.word(4)).toBe(UNMAPPED + 16);
  });
});

describe('double and triple faults', () => {
  // SDM vol. 3, table "Conditions for Generating a Double Fault".
  const first = (vector: number, type: EventType = EventType.HARDWARE_EXCEPTION): ReturnType<typeof makeEvent> =>
    makeEvent(type, vector, null, 0);
  it.each([
    ['benign then contributory', first(Vector.UD), Vector.GP, Escalation.SERIAL],
    ['benign then page fault', first(Vector.DB), Vector.PF, Escalation.SERIAL],
    ['contributory then contributory', first(Vector.DE), Vector.NP, Escalation.DOUBLE_FAULT],
    ['contributory then page fault', first(Vector.GP), Vector.PF, Escalation.SERIAL],
    ['contributory then benign', first(Vector.GP), Vector.UD, Escalation.SERIAL],
    ['page fault then contributory', first(Vector.PF), Vector.TS, Escalation.DOUBLE_FAULT],
    ['page fault then page fault', first(Vector.PF), Vector.PF, Escalation.DOUBLE_FAULT],
    ['page fault then benign', first(Vector.PF), Vector.DB, Escalation.SERIAL],
    ['double fault then contributory', first(Vector.DF), Vector.GP, Escalation.SHUTDOWN],
    ['double fault then page fault', first(Vector.DF), Vector.PF, Escalation.SHUTDOWN],
    ['external interrupt 13 then contributory', first(13, EventType.EXTERNAL_INTERRUPT), Vector.GP, Escalation.SERIAL],
    ['INT 14 then page fault', first(14, EventType.SOFTWARE_INTERRUPT), Vector.PF, Escalation.SERIAL],
  ] as const)('%s', (_name, event, second, expected) => {
    expect(escalation(event, second)).toBe(expected);
  });

  it('#GP with an absent #GP gate becomes #DF with error code 0', () => {
    const rig = protectedMode();
    setGate(rig, 13, gate(SEL.CODE0, 0, 14, { present: false }));
    fault(rig, Vector.GP, 0x18);
    expect([rig.cpu.rip, rig.word(0), rig.word(1)]).toEqual([rig.handler(8), 0, AT.CODE]);
    expect(rig.cpu.exceptionChain).toEqual([]);
  });

  it('without a usable IDT everything ends in shutdown, with the chain', () => {
    const rig = protectedMode();
    rig.state.idtrLimit[0] = 0;
    fault(rig, Vector.UD);
    const { cpu } = rig;
    expect(rig.state.activity[0]).toBe(Activity.SHUTDOWN);
    expect(chain(cpu)).toEqual([
      [Vector.UD, null],
      [13, (6 << 3) | 3],
      [13, (13 << 3) | 3],
      [13, (8 << 3) | 3],
    ]);
    expect([cpu.rip, rig.rsp]).toEqual([AT.CODE, AT.STACK0]);
  });

  // A #PF that turns into #DF has loaded CR2 all the same.
  it('#PF during #PF loads CR2 and becomes #DF', () => {
    const rig = longMode();
    rig.state.gpr[4] = BigInt(UNMAPPED + 0x1000);
    setGate(rig, 8, gate(SEL.CODE64, rig.handler(8), 14, { low: 1 }));
    fault(rig, Vector.PF, 0, UNMAPPED + 0x5000);
    expect(rig.cpu.rip).toBe(rig.handler(8));
    expect(rig.state.cr2[0]).toBe(BigInt(UNMAPPED + 0x1000 - 8));
  });

  function chain(cpu: Cpu): (readonly [number, number | null])[] {
    return cpu.exceptionChain.map(({ vector, errorCode }) => [vector, errorCode]);
  }
});

describe('real-address mode', () => {
  it('pushes FLAGS, CS and IP and reads the vector table', () => {
    const rig = protectedMode();
    rig.state.cr0[0] = 0x10n;
    rig.state.idtrBase[0] = 0n;
    rig.state.idtrLimit[0] = 0x3ff;
    rig.cpu.refresh();
    rig.set32(4 * 0x21, 0x10002345);
    rig.cpu.flags.write(IF | TF | (1 << IOPL_SHIFT));
    external(rig, 0x21);
    expect([rig.cpu.rip, rig.cpu.base[Seg.CS], rig.rsp]).toEqual([0x2345, 0x10000, AT.STACK0 - 6]);
    const pushed = [rig.get16(rig.rsp), rig.get16(rig.rsp + 2), rig.get16(rig.rsp + 4)];
    expect(pushed).toEqual([AT.CODE, SEL.CODE0, IF | TF | (1 << IOPL_SHIFT) | 2]);
    expect(rig.cpu.flags.read()).toBe((1 << IOPL_SHIFT) | 2);
  });
});
