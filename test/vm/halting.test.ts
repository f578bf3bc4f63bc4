// How a machine stops: HLT with and without something that wakes it, shutdown, the debug-exit port.

import { describe, expect, it } from 'vitest';
import { loadImage } from '../../src/boot/image.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { Pc, PcConfig } from '../../src/machine/pc.ts';
import type { Exit } from '../../src/vm/exit.ts';
import { assemble } from '../support/code.ts';
import type { Item } from '../support/code.ts';
import { CODE, ENGINE_NAMES, MIB, STACK, machine32, setIdt } from './support.ts';

const HLT = 0xf4;
const STI = 0xfb;
const CLI = 0xfa;
const IRET = 0xcf;
const NOP = 0x90;
const INC_EAX = 0x40;
const INC_EBX = 0x43;
const OUT = (port: number, value: number): Item => [0xb0, value, 0xe6, port];
/** Both PICs initialised with vectors 0x20 and 0x28; only the master's `mask` bits are masked. */
const PICS = (mask: number): Item[] => [
  OUT(0x20, 0x11),
  OUT(0x21, 0x20),
  OUT(0x21, 4),
  OUT(0x21, 1),
  OUT(0xa0, 0x11),
  OUT(0xa1, 0x28),
  OUT(0xa1, 2),
  OUT(0xa1, 1),
  OUT(0x21, mask),
  OUT(0xa1, 0xff),
];
/** PIT channel 0, mode 2, the slowest rate: an interrupt each 65536 PIT clocks (55 ms, five and a half million ticks). */
const PIT: Item[] = [OUT(0x43, 0x34), OUT(0x40, 0), OUT(0x40, 0)];
const EOI = OUT(0x20, 0x20);

function pc(config: Partial<PcConfig>, ...items: Item[]): Pc {
  const machine = createPc({ memory: MIB, ...config });
  const { bytes, at } = assemble(CODE, ...items);
  loadImage('code', bytes, bootTarget(machine.vm), { at: CODE });
  machine.vm.vcpus[0].setRegs({ rbx: 0n, rsp: BigInt(STACK) });
  if (at.timer) setIdt(machine.vm, { 0x20: at.timer });
  return machine;
}

describe.each(ENGINE_NAMES)('engine %s', (engine) => {
  describe('HLT', () => {
    it('without a board comes back at once, and again', () => {
      const vm = machine32([INC_EAX, HLT, INC_EAX, HLT], { engine });
      expect(vm.runSlice()).toEqual({ vcpu: 0, exit: { kind: 'hlt' }, retired: 2 });
      expect(vm.runSlice()).toEqual({ vcpu: 0, exit: { kind: 'hlt' }, retired: 0 });
      expect([vm.vcpus[0].halted, vm.vcpus[0].activity]).toEqual([true, 'hlt']);
      vm.vcpus[0].activity = 'active';
      expect(vm.runSlice().retired).toBe(2);
    });

    it('with IF 0 is an exit, though a timer runs', () => {
      const { vm } = pc({ engine }, CLI, ...PICS(0xfe), ...PIT, CLI, HLT);
      expect(vm.runSlice(1000).exit).toEqual({ kind: 'hlt' });
    });

    it('with IF 1 skips to the next interrupt: virtual time passes, instructions do not', () => {
      // The PIT first: its output rises when the mode is set, and initialising the PIC forgets that.
      const { vm } = pc(
        { engine },
        ...PIT,
        ...PICS(0xfe),
        // again: STI; HLT; INC EBX; CMP EBX, 3; JNE again
        { label: 'again' },
        STI,
        HLT,
        INC_EBX,
        0x83,
        0xfb,
        3,
        0x75,
        { rel8: 'again' },
        CLI,
        HLT,
        { label: 'timer' },
        EOI,
        IRET,
      );
      const { exit, retired } = vm.runSlice(1000);
      expect(exit).toEqual({ kind: 'hlt' });
      expect(vm.vcpus[0].getRegs().rbx).toBe(3n);
      expect(retired).toBeLessThan(100);
      // Three periods of 65536 / 1193182 s; the first begins a few instructions in.
      expect(vm.clock.nanoseconds() / 1e6).toBeCloseTo(3 * 54.9254, 1);
    });

    it('with every interrupt masked comes back at once, however often: no timer will wake it', () => {
      const { vm } = pc({ engine }, ...PICS(0xff), ...PIT, STI, HLT);
      for (let times = 0; times < 3; times++) expect(vm.runSlice(5000).exit).toEqual({ kind: 'hlt' });
      expect([vm.vcpus[0].activity, vm.clock.ticks]).toEqual(['hlt', Number(vm.retired)]);
    });

    it('with nothing that will ever interrupt is an exit; serial input wakes it later', () => {
      // COM1: interrupt on received data (port 0x3F9).
      const code: Item[] = [...PICS(0xef), 0xba, 0xf9, 3, 0, 0, 0xb0, 1, 0xee, STI, HLT, INC_EBX, CLI, HLT, { label: 'handler' }, IRET];
      const { vm, board } = pc({ engine }, ...code);
      const { at } = assemble(CODE, ...code);
      setIdt(vm, { 0x24: at.handler });
      expect(vm.runSlice(1000).exit).toEqual({ kind: 'hlt' });
      expect(vm.vcpus[0].getRegs().rbx).toBe(0n);
      board.serialInput([0x41]);
      expect(vm.runSlice(1000).exit).toEqual({ kind: 'hlt' });
      expect(vm.vcpus[0].getRegs().rbx).toBe(1n);
    });

    it('an interrupt that IF holds off does not wake it, and does not keep a slice from ending', () => {
      const vm = machine32([CLI, HLT, INC_EBX, HLT], { engine });
      expect(vm.runSlice().exit.kind).toBe('hlt');
      vm.vcpus[0].interrupt(0x40);
      expect(vm.runSlice()).toEqual({ vcpu: 0, exit: { kind: 'hlt' }, retired: 0 });
    });

    it('an NMI that the handler of another holds off does not wake it either', () => {
      const { bytes, at } = assemble(CODE, HLT, INC_EBX, HLT, { label: 'nmi' }, HLT, IRET);
      const vm = machine32(bytes, { engine });
      setIdt(vm, { 2: at.nmi });
      vm.vcpus[0].nmi();
      expect(vm.runSlice()).toEqual({ vcpu: 0, exit: { kind: 'hlt' }, retired: 1 });
      vm.vcpus[0].nmi();
      expect(vm.runSlice()).toEqual({ vcpu: 0, exit: { kind: 'hlt' }, retired: 0 });
      vm.vcpus[0].activity = 'active';
      // IRET ends the blocking: the second NMI is delivered at once, to a handler that halts.
      expect(vm.runSlice()).toEqual({ vcpu: 0, exit: { kind: 'hlt' }, retired: 2 });
      expect(vm.vcpus[0].getRegs().rip).toBe(BigInt(at.nmi + 1));
    });

    it('a second vCPU that sleeps with IF 1 has no pin: the machine stands still', () => {
      const code: Item[] = [...PICS(0xfe), ...PIT, CLI, HLT, { label: 'second' }, STI, HLT];
      const { vm } = pc({ engine, vcpus: 2 }, ...code);
      const { at } = assemble(CODE, ...code);
      vm.vcpus[1].setSregs(vm.vcpus[0].getSregs());
      vm.vcpus[1].setRegs({ rip: BigInt(at.second) });
      vm.vcpus[1].activity = 'active';
      expect(vm.runSlice(1000).exit).toEqual({ kind: 'hlt' });
    });
  });

  describe('shutdown', () => {
    // UD2 with an empty IDT.
    const crash = (): ReturnType<typeof machine32> => machine32([NOP, 0x0f, 0x0b], { engine });

    it('tells the exceptions that led to it: #GP at the gates of #UD, #GP and #DF', () => {
      const vm = crash();
      vm.vcpus[0].setSregs({ idt: { base: 0n, limit: 0 } });
      const { exit } = vm.runSlice();
      expect(exit.kind).toBe('shutdown');
      const chain = exit.kind === 'shutdown' ? exit.chain : [];
      expect(chain.slice(-3).map(({ vector, errorCode }) => [vector, errorCode])).toEqual([
        [13, 6 * 8 + 3],
        [13, 13 * 8 + 3],
        [13, 8 * 8 + 3],
      ]);
    });

    it('is final: each further slice says so', () => {
      const vm = crash();
      vm.vcpus[0].setSregs({ idt: { base: 0n, limit: 0 } });
      const { exit } = vm.runSlice();
      expect(vm.runSlice()).toEqual({ vcpu: 0, exit, retired: 0 });
      expect(vm.vcpus[0].activity).toBe('shutdown');
    });
  });

  describe('debug-exit', () => {
    it.each([
      { name: 'a byte', code: [0xb0, 0x2a, 0xe6, 0xf4], value: 0x2a },
      { name: 'a dword', code: [0xb8, 0x78, 0x56, 0x34, 0x12, 0xe7, 0xf4], value: 0x12345678 },
    ])('$name', ({ code, value }) => {
      const { vm } = pc({ engine }, code, INC_EBX, HLT);
      const { exit, retired } = vm.runSlice();
      expect([exit, retired]).toEqual([{ kind: 'debug-exit', value }, 2]);
      // The instruction is done; the machine could go on.
      expect(vm.runSlice()).toEqual({ vcpu: 0, exit: { kind: 'hlt' }, retired: 2 });
    });

    it('does not swallow a kick that came with it', () => {
      const kicked: { vm?: Pc['vm'] } = {};
      const machine = pc({ engine, debugcon: () => kicked.vm!.kick() }, 0xe6, 0xe9, 0xe6, 0xf4, HLT);
      kicked.vm = machine.vm;
      const kinds: Exit['kind'][] = [];
      for (let n = 0; n < 3; n++) kinds.push(machine.vm.runSlice().exit.kind);
      expect(kinds).toEqual(['interrupted', 'debug-exit', 'hlt']);
      machine.vm.exitWith({ kind: 'debug-exit', value: 1 });
      machine.vm.kick();
      expect([machine.vm.runSlice().exit.kind, machine.vm.runSlice().exit.kind]).toEqual(['debug-exit', 'interrupted']);
    });
  });

  it('an interrupt line that stays up through a gate that leaves IF set cannot keep a slice from ending', () => {
    const { bytes, at } = assemble(CODE, STI, { label: 'loop' }, 0xeb, { rel8: 'loop' }, { label: 'handler' }, IRET);
    const vm = machine32(bytes, {
      engine,
      platform: (host) => ({
        ports: { read: () => null, write: () => false },
        mmio: { read: () => null, write: () => false },
        timeline: { deadline: () => Infinity, advance() {} },
        save: () => ({}),
        restore() {},
        reset() {},
        interruptPending: () => true,
        canInterrupt: () => true,
        acknowledgeInterrupt() {
          host.interruptChanged(0);
          return 0x20;
        },
      }),
    });
    // A trap gate; the stack wraps through memory that is not RAM, so that nothing ever faults.
    setIdt(vm, { 0x20: at.handler }, { gateType: 0x8f });
    vm.vcpus[0].setRegs({ rsp: 0xf0000000n });
    expect(vm.runSlice(10).exit).toEqual({ kind: 'limit' });
  });
});
