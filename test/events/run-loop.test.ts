// The run loop over the real interpreter: guest code in bytes.

import { describe, expect, it } from 'vitest';
import { Request } from '../../src/base/request.ts';
import { Activity, Seg } from '../../src/base/state/vcpu.ts';
import { deliverFault } from '../../src/cpu/events/deliver.ts';
import { EventType, hasQueuedEvent, queueEvent } from '../../src/cpu/events/inject.ts';
import { IF, RF, TF } from '../../src/cpu/arch/rflags.ts';
import { Interpreter } from '../../src/cpu/interpreter/interpreter.ts';
import { runVcpu } from '../../src/cpu/run-loop.ts';
import type { RunReason } from '../../src/cpu/run-loop.ts';
import { AT, SEL, longMode, protectedMode } from '../system/support.ts';
import type { Rig } from '../system/support.ts';

const NOP = 0x90;
const HLT = 0xf4;
const STI = 0xfb;
const IRET = 0xcf;
const MOV_SS_AX = [0x8e, 0xd0];
const INC_EAX = [0xff, 0xc0];
const OUT_80 = [0xe6, 0x80];
const IN_60 = [0xe4, 0x60];

function start(rig: Rig, ...bytes: number[]): (limit?: number) => { retired: number; reason: RunReason } {
  rig.code(AT.CODE, ...bytes);
  rig.state.rip[0] = BigInt(AT.CODE);
  const engine = new Interpreter({ physical: rig.mmu.physical, deliverFault });
  return (limit = 100) => runVcpu(rig.cpu, engine, limit);
}

const rip = (rig: Rig): number => Number(rig.state.rip[0]);

describe('ends', () => {
  it('limit, exactly', () => {
    const rig = protectedMode();
    const run = start(rig, ...INC_EAX, ...INC_EAX, ...INC_EAX, HLT);
    expect(run(2)).toEqual({ retired: 2, reason: 'limit' });
    expect([rip(rig), rig.state.gpr[0]]).toEqual([AT.CODE + 4, 2n]);
    expect(run()).toEqual({ retired: 2, reason: 'halted' });
    expect(run()).toEqual({ retired: 0, reason: 'halted' });
    expect(rig.state.retired[0]).toBe(4n);
  });

  it('a request of the caller’s, left set', () => {
    const rig = protectedMode();
    const run = start(rig, NOP, HLT);
    rig.cpu.request(Request.KICK | Request.EVENT);
    expect(run()).toEqual({ retired: 0, reason: 'request' });
    expect(rig.state.request[0]).toBe(Request.KICK);
    rig.state.request[0] = 0;
    expect(run().reason).toBe('halted');
  });

  it('shutdown', () => {
    const rig = protectedMode();
    rig.state.idtrLimit[0] = 0;
    const run = start(rig, 0x0f, 0x0b);
    expect(run().reason).toBe('shutdown');
    expect(rig.cpu.exceptionChain.length).toBe(4);
  });

  it('outside access, answered and replayed once', () => {
    const rig = protectedMode();
    const run = start(rig, ...IN_60, ...OUT_80, HLT);
    expect(run()).toEqual({ retired: 0, reason: 'outside-access' });
    expect(run().reason).toBe('outside-access');
    rig.cpu.replay.pending!.value = 0x5a;
    rig.cpu.replay.answer();
    rig.state.request[0] = 0;
    expect(run()).toEqual({ retired: 1, reason: 'outside-access' });
    expect(rig.cpu.replay.pending).toMatchObject({ direction: 'write', address: 0x80, value: 0x5a });
    rig.cpu.replay.answer();
    rig.state.request[0] = 0;
    expect(run()).toEqual({ retired: 2, reason: 'halted' });
    expect(rig.cpu.replay.idle).toBe(true);
  });
});

describe('interrupts', () => {
  it('need IF', () => {
    const rig = protectedMode();
    const run = start(rig, NOP, HLT);
    rig.host.pending = 33;
    expect(run()).toEqual({ retired: 2, reason: 'halted' });
    expect(rig.host.acknowledged).toEqual([]);
  });

  it('come in before the next instruction and retire nothing themselves', () => {
    const rig = protectedMode();
    rig.cpu.flags.write(IF);
    rig.code(rig.handler(33), ...INC_EAX, IRET);
    const run = start(rig, NOP, HLT);
    rig.host.pending = 33;
    expect(run()).toEqual({ retired: 4, reason: 'halted' });
    expect([rig.state.gpr[0], rig.rsp, rip(rig)]).toEqual([1n, AT.STACK0, AT.CODE + 2]);
  });

  // SDM vol. 2, STI: not recognised until the instruction after STI is over; so STI HLT does not lose a wake-up.
  it('wait for the end of the instruction after STI', () => {
    const rig = protectedMode();
    rig.code(rig.handler(33), HLT);
    const run = start(rig, STI, ...INC_EAX, NOP, HLT);
    rig.host.pending = 33;
    expect(run()).toEqual({ retired: 3, reason: 'halted' });
    expect([rig.state.gpr[0], rig.word(0)]).toEqual([1n, AT.CODE + 3]);
  });

  it('the shadow survives the end of a run', () => {
    const rig = protectedMode();
    rig.code(rig.handler(33), HLT);
    const run = start(rig, STI, NOP, NOP);
    rig.host.pending = 33;
    run(1);
    expect(rig.state.interruptibility[0]).toBe(1);
    run(1);
    expect([rip(rig), rig.state.interruptibility[0]]).toEqual([AT.CODE + 2, 0]);
    run(1);
    expect(rig.word(0)).toBe(AT.CODE + 2);
  });

  // SDM vol. 3, "Masking Exceptions and Interrupts When Switching Stacks": neither interrupts nor NMIs after MOV SS.
  it('wait for the end of the instruction after MOV SS', () => {
    const rig = protectedMode();
    rig.state.gpr[0] = BigInt(SEL.DATA0);
    rig.state.gpr[1] = BigInt(AT.STACK0 - 0x100);
    rig.code(rig.handler(2), HLT);
    const run = start(rig, ...MOV_SS_AX, 0x89, 0xcc /* mov esp, ecx */, NOP, HLT);
    run(1);
    rig.state.pendingNmi[0] = 1;
    rig.cpu.request(Request.EVENT);
    expect(run().reason).toBe('halted');
    expect([rig.rsp, rig.word(0)]).toEqual([AT.STACK0 - 0x100 - 12, AT.CODE + 4]);
  });

  it('wake from HLT', () => {
    const rig = protectedMode();
    rig.cpu.flags.write(IF);
    rig.code(rig.handler(33), IRET);
    const run = start(rig, HLT, ...INC_EAX, HLT);
    expect(run().retired).toBe(1);
    rig.host.pending = 33;
    rig.cpu.request(Request.EVENT);
    expect(run()).toEqual({ retired: 3, reason: 'halted' });
    expect(rig.state.gpr[0]).toBe(1n);
  });

  // SDM vol. 3, "Handling Multiple NMIs": a second one waits for IRET.
  it('NMIs are blocked until IRET', () => {
    const rig = protectedMode();
    rig.code(rig.handler(2), ...INC_EAX, IRET);
    const run = start(rig, NOP, HLT);
    rig.state.pendingNmi[0] = 1;
    expect(run(1)).toEqual({ retired: 1, reason: 'limit' });
    expect(rig.state.interruptibility[0]).toBe(8);
    rig.state.pendingNmi[0] = 1;
    rig.cpu.request(Request.EVENT);
    run(1);
    expect([rig.state.pendingNmi[0], rig.state.interruptibility[0]]).toEqual([1, 0]);
    run();
    expect([rig.state.gpr[0], rig.state.pendingNmi[0]]).toEqual([2n, 0]);
  });

  it('POPF that sets IF opens the window after itself', () => {
    const rig = protectedMode();
    rig.code(rig.handler(33), HLT);
    const run = start(rig, 0x68, 0x02, 0x02, 0, 0 /* push IF */, 0x9d, NOP);
    rig.host.pending = 33;
    run();
    expect(rig.word(0)).toBe(AT.CODE + 6);
  });
});

describe('between two iterations of REP STOS', () => {
  // SDM vol. 3, "Instruction-Breakpoint Exception Condition": what comes after any iteration but the last has RF in its image.
  const code = [0xf3, 0xaa, HLT];
  function repeating(count: number): { rig: Rig; run: ReturnType<typeof start> } {
    const rig = protectedMode();
    const run = start(rig, ...code);
    rig.code(rig.handler(0x21), HLT);
    rig.state.gpr[1] = BigInt(count);
    rig.state.gpr[7] = 0xb000n;
    rig.cpu.flags.write(IF);
    return { rig, run };
  }

  it.each([
    [1, AT.CODE, RF],
    [2, AT.CODE, RF],
    [3, AT.CODE + 2, 0],
  ])('an interrupt after %i of 3', (done, ip, rf) => {
    const { rig, run } = repeating(3);
    run(done);
    rig.host.pending = 0x21;
    expect(run().reason).toBe('halted');
    expect([rip(rig), rig.word(0), rig.word(2), rig.state.gpr[1]]).toEqual([rig.handler(0x21) + 1, ip, IF | rf | 2, BigInt(3 - done)]);
  });

  it('an interrupt before the first', () => {
    const { rig, run } = repeating(3);
    rig.host.pending = 0x21;
    expect(run().reason).toBe('halted');
    expect([rig.word(0), rig.word(2)]).toEqual([AT.CODE, IF | 2]);
  });

  it('the handler’s IRET goes on with RF set, and an interrupt after the end has none', () => {
    const { rig, run } = repeating(3);
    rig.code(rig.handler(0x21), IRET);
    run(1);
    rig.host.pending = 0x21;
    run(3);
    expect([rip(rig), rig.state.gpr[1]]).toEqual([AT.CODE + 2, 0n]);
    rig.host.pending = 0x21;
    run(1);
    expect(rig.word(2, 4) & RF).toBe(0);
  });

  it('is part of the state', () => {
    const { rig, run } = repeating(3);
    run(1);
    expect(rig.state.interruptibility[0]).toBe(0x10000);
    run(2);
    expect(rig.state.interruptibility[0]).toBe(0);
  });
});

describe('queued events', () => {
  it('are delivered first, and one at a time', () => {
    const rig = protectedMode();
    rig.code(rig.handler(13), HLT);
    const run = start(rig, NOP, HLT);
    queueEvent(rig.cpu, { type: EventType.HARDWARE_EXCEPTION, vector: 13, errorCode: 0x28 });
    expect(() => queueEvent(rig.cpu, { type: EventType.EXTERNAL_INTERRUPT, vector: 33, errorCode: null })).toThrow('EBUSY');
    expect(run()).toEqual({ retired: 1, reason: 'halted' });
    expect([rig.word(0), rig.word(1), hasQueuedEvent(rig.cpu)]).toEqual([0x28, AT.CODE, false]);
  });

  it('an external interrupt waits for IF', () => {
    const rig = protectedMode();
    rig.code(rig.handler(40), HLT);
    const run = start(rig, NOP, STI, NOP, NOP);
    queueEvent(rig.cpu, { type: EventType.EXTERNAL_INTERRUPT, vector: 40, errorCode: null });
    expect(run()).toEqual({ retired: 4, reason: 'halted' });
    expect(rig.word(0)).toBe(AT.CODE + 3);
  });
});

describe('single step', () => {
  const DB_HANDLER = [...INC_EAX, IRET];

  // SDM vol. 3, "Single-Step Exception Condition": #DB after each instruction begun with TF = 1; DR6.BS is set.
  it('traps after every instruction', () => {
    const rig = protectedMode();
    rig.cpu.flags.write(TF);
    rig.code(rig.handler(1), ...DB_HANDLER);
    const run = start(rig, NOP, NOP, NOP);
    run(1);
    expect(rip(rig)).toBe(rig.handler(1));
    expect([rig.word(0), rig.word(2) & (TF | RF), rig.state.dr[6] & 0x4000n]).toEqual([AT.CODE + 1, TF, 0x4000n]);
    run(6);
    expect([rig.state.gpr[0], rip(rig)]).toEqual([2n, rig.handler(1)]);
    expect(rig.word(0)).toBe(AT.CODE + 3);
  });

  it('begins after the instruction that follows POPF', () => {
    const rig = protectedMode();
    rig.code(rig.handler(1), HLT);
    const run = start(rig, 0x68, 0x02, 0x01, 0, 0 /* push TF */, 0x9d, NOP, NOP);
    run();
    expect(rig.word(0)).toBe(AT.CODE + 7);
  });

  it('a faulting instruction does not trap', () => {
    const rig = protectedMode();
    rig.cpu.flags.write(TF);
    rig.code(rig.handler(6), HLT);
    const run = start(rig, 0x0f, 0x0b);
    run();
    expect([rig.state.activity[0], rig.cpu.exceptionCounts[1], rig.word(2) & TF]).toEqual([Activity.HLT, 0, TF]);
  });

  it('INT n does not trap after itself', () => {
    const rig = protectedMode();
    rig.cpu.flags.write(TF);
    rig.code(rig.handler(48), HLT);
    start(rig, 0xcd, 48)();
    expect([rig.cpu.exceptionCounts[1], rig.word(0)]).toEqual([0, AT.CODE + 2]);
  });

  // SDM vol. 3, "Masking Exceptions and Interrupts When Switching Stacks": no trap between MOV SS and the next instruction.
  it('MOV SS postpones', () => {
    const rig = protectedMode();
    rig.cpu.flags.write(TF);
    rig.state.gpr[0] = BigInt(SEL.DATA0);
    rig.code(rig.handler(1), HLT);
    start(rig, ...MOV_SS_AX, NOP, NOP)();
    expect([rig.cpu.exceptionCounts[1], rig.word(0)]).toEqual([1, AT.CODE + 3]);
  });

  it('a pending exit comes first and the trap is kept', () => {
    const rig = protectedMode();
    rig.cpu.flags.write(TF);
    rig.code(rig.handler(1), HLT);
    const run = start(rig, ...OUT_80, NOP);
    rig.host.ports.set(0x80, 0);
    rig.host.writePort = () => {
      rig.cpu.request(Request.MT);
      return true;
    };
    expect(run()).toEqual({ retired: 1, reason: 'request' });
    expect([rip(rig), hasQueuedEvent(rig.cpu)]).toEqual([AT.CODE + 2, true]);
    rig.state.request[0] = 0;
    run();
    expect([rig.word(0), rig.word(2) & RF]).toEqual([AT.CODE + 2, 0]);
  });
});

describe('RF and faults', () => {
  // SDM vol. 3, "Resume Flag": cleared after every instruction but IRET, which loads it.
  it('IRET’s RF lasts one instruction', () => {
    const rig = protectedMode();
    rig.code(rig.handler(6), 0x83, 0x04, 0x24, 0x02 /* add dword [esp], 2 */, IRET);
    const run = start(rig, 0x0f, 0x0b, NOP, HLT);
    const delivery = run(3);
    expect([delivery.reason, rip(rig), rig.state.rflags[0] & RF]).toEqual(['limit', AT.CODE + 2, RF]);
    run(1);
    expect([rip(rig), rig.state.rflags[0] & RF]).toEqual([AT.CODE + 3, 0]);
  });

  it('a page fault in 64-bit mode reaches its handler with CR2', () => {
    const rig = longMode();
    rig.state.gpr[0] = 0x200008n;
    rig.code(rig.handler(14), HLT);
    start(rig, 0x48, 0x89, 0x18 /* mov [rax], rbx */)();
    expect([rig.state.cr2[0], rig.word(0), rig.word(1), rig.selector(Seg.CS)]).toEqual([0x200008n, 2, AT.CODE, SEL.CODE64]);
  });
});
