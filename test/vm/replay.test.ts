// A run that was recorded happens again, to the bit: under the other engine and the other tracking method, from its start and from a
// checkpoint in the middle, whatever came from outside and when.

import { describe, expect, it } from 'vitest';
import { loadImage } from '../../src/boot/image.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { Pc, PcConfig } from '../../src/machine/pc.ts';
import { KvmError } from '../../src/base/errors.ts';
import type { VmConfig } from '../../src/vm/config.ts';
import { comparePositions } from '../../src/vm/journal.ts';
import { DivergenceError, Replay } from '../../src/vm/replay.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { random } from '../devices/wires.ts';
import { assemble, u16, u32 } from '../support/code.ts';
import { CODE, MIB, STACK, machine32, setIdt } from './support.ts';
import { OTHERS, RECORDED, SERIAL, describeRandomInputs, finish, outcome, record, serialCode } from './random-inputs.ts';
import type { Recorded, Setting } from './random-inputs.ts';

describeRandomInputs([1]);

it('stops at a moment that it is asked to stop at, before the inputs of that moment', () => {
  const { journal, outcome: whole } = record(SERIAL, 1, 40);
  const said: number[] = [];
  const { vm } = SERIAL.build(OTHERS[1]!, (value) => void said.push(value));
  const replay = new Replay(vm, journal);
  journal.entries.forEach(({ at }) => {
    const left = journal.entries.filter((entry) => comparePositions(entry.at, at) >= 0).length;
    const until = { ...at, waiting: false };
    for (let slices = 0; comparePositions(vm.moment.at, at) < 0 && slices < 1000; slices++) replay.runSlice(50_000, { until });
    expect([vm.moment.at, replay.left]).toEqual([at, left]);
    replay.runSlice(50_000, { until });
    expect([vm.moment.at, replay.left]).toEqual([at, left]);
  });
  finish(replay, () => 50_000);
  expect(outcome(vm, said)).toEqual(whole);
});

/** Single-steps itself, touches an unclaimed port and a page that nobody has, and is interrupted on the way. */
const stepping = assemble(
  CODE,
  [0x9c, 0x81, 0x0c, 0x24, ...u32(0x100), 0x9d],
  { label: 'loop' },
  [0xe4, 0x11],
  [0x01, 0xc3],
  [0xa5],
  [0xe6, 0x12],
  0xfb,
  [0xeb],
  { rel8: 'loop' },
  { label: 'handler' },
  [0xff, 0x05, ...u32(0x9000)],
  [0xe5, 0x13],
  0xcf,
);

function steppingMachine(setting: Partial<VmConfig>): Vm {
  const vm = machine32(stepping.bytes, { ...setting, regs: { rsi: 0xfee00000n, rdi: 0xa000n } });
  setIdt(vm, { 1: stepping.at['handler']!, 0x40: stepping.at['handler']! });
  return vm;
}

it.each([1, 2, 3, 4, 5])('single steps, answers to accesses, interrupts and kicks of a bare machine replay to the bit, seed %i', (seed) => {
  const next = random(seed);
  const vm = steppingMachine({ engine: 'interpreter' });
  const journal = vm.record();
  for (let n = 0; n < 400; n++) {
    if (next() % 4 === 0) vm.kick();
    const { exit } = vm.runSlice(next() % 4);
    if (next() % 5 === 0) vm.writeMemory(0x9100, Uint8Array.of(next() & 0xff));
    if (next() % 6 === 0 && vm.save().vcpus[0]!.registers['injected'] === 0) vm.vcpus[0].interrupt(0x40);
    // Before and after the answer, and in its place.
    if ((exit.kind === 'io' || exit.kind === 'mmio') && exit.access.direction === 'read') exit.access.value = next() & 0xff;
    if (next() % 40 === 0) vm.vcpus[0].setRegs({ rip: BigInt(stepping.at['loop']!) });
    vm.vcpus[0].setRegs({ rsi: 0xfee00000n, rdi: 0xa000n });
  }
  journal.stop();
  const data = structuredClone(journal.data());
  expect(data.entries.filter(({ input }) => input.kind === 'answer').length).toBeGreaterThan(50);
  for (const engine of ['translator', 'interpreter'] as const) {
    const other = steppingMachine({ engine });
    const replay = new Replay(other, data);
    finish(replay, () => next() % 50);
    expect(outcome(other, [])).toEqual(outcome(vm, []));
  }
});

describe('what comes while a slice runs', () => {
  /** Types "x" whenever the guest says "!". */
  const expectLike = (setting: Setting, said: number[], types: boolean): Pc => {
    const pc: Pc = SERIAL.build(setting, (value) => {
      said.push(value);
      if (types && value === 0x41) expect(pc.board.serialInput([0x62, 0x63])).toBe(2);
    });
    return pc;
  };

  it('takes effect at the boundary after the instruction, and replays without the one who typed', () => {
    const said: number[] = [];
    const { vm, board } = expectLike(RECORDED, said, true);
    const journal = vm.record();
    vm.runSlice(5000);
    board.serialInput([0x61, 0x61, 0x21]);
    vm.runSlice(200_000);
    journal.stop();
    expect(String.fromCharCode(...said)).toBe('AA\x01BCBC');
    for (const setting of OTHERS) {
      const again: number[] = [];
      const other = expectLike(setting, again, false);
      const replay = new Replay(other.vm, journal.data());
      finish(replay, () => 7000);
      expect(outcome(other.vm, again)).toEqual(outcome(vm, said));
    }
  });
});

function thrownBy(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return null;
}

describe('a run that is another one', () => {
  const recorded = (): Recorded => record(SERIAL, 6, 12);

  it.each<[string, (pc: Pc) => void, RegExp]>([
    ['other registers at the start', ({ vm }) => vm.vcpus[0].setRegs({ rdx: 7n }), /diverges|registers differ/],
    ['other code', ({ vm }) => vm.writeMemory(CODE + 90, Uint8Array.of(0x90, 0x90, 0x90)), /diverges between tick \d+ .* and tick \d+/],
  ])('%s: says where', (_name, change, message) => {
    const { journal } = recorded();
    const pc = SERIAL.build(RECORDED, () => {});
    change(pc);
    const run = (): void => {
      const replay = new Replay(pc.vm, journal);
      finish(replay, () => 100_000);
    };
    const error = thrownBy(run);
    expect(error).toBeInstanceOf(DivergenceError);
    expect((error as Error).message).toMatch(message);
  });

  it('halts where the recorded one went on', () => {
    const { journal } = recorded();
    const pc = SERIAL.build(RECORDED, () => {});
    pc.vm.writeMemory(CODE + 120, Uint8Array.of(0xfa, 0xf4));
    const replay = (): void => {
      const running = new Replay(pc.vm, journal);
      finish(running, () => 100_000);
    };
    expect(replay).toThrow(DivergenceError);
  });
});

it('is recorded once at a time, is not left by a restore, and costs nothing afterwards', () => {
  const { vm } = createPc({ memory: MIB });
  const state = vm.save();
  const journal = vm.record();
  expect(() => vm.record()).toThrow(KvmError);
  expect(() => vm.restore(state)).toThrow(/EBUSY/);
  vm.writeMemory(0, Uint8Array.of(...u16(0x1234)));
  journal.stop();
  vm.writeMemory(0, Uint8Array.of(1));
  vm.restore(state);
  expect(journal.data().entries.map(({ input }) => input)).toEqual([{ kind: 'memory', gpa: 0, bytes: Uint8Array.of(0x34, 0x12) }]);
});

const config: Partial<PcConfig> = { engine: 'interpreter' };
it('several vCPUs that sleep and are woken by input keep their turns', () => {
  const build = (setting: Partial<PcConfig>): Pc => {
    const pc = createPc({ memory: 2 * MIB, vcpus: 3, quantum: 7, ...setting });
    const { bytes, at } = assemble(CODE, ...serialCode);
    loadImage('code', bytes, bootTarget(pc.vm), { at: CODE });
    setIdt(pc.vm, { 0x20: at['timer']!, 0x24: at['com1']!, 0x30: at['timer']! });
    const sregs = pc.vm.vcpus[0]!.getSregs();
    pc.vm.vcpus.forEach((vcpu, n) => {
      vcpu.setSregs(sregs);
      vcpu.setRegs({ rip: BigInt(n === 0 ? CODE : at['loop']!), rbx: BigInt(n * 0x1000), rsp: BigInt(STACK - n * 0x400), rflags: 0x202n });
      vcpu.activity = 'active';
    });
    return pc;
  };
  const next = random(77);
  const { vm, board } = build(config);
  const journal = vm.record();
  for (let n = 0; n < 60; n++) {
    vm.runSlice(next() % 3000);
    board.serialInput([next() & 0x7f]);
    const vcpu = vm.vcpus[next() % 3]!;
    if (vcpu.halted) vcpu.interrupt(0x30);
  }
  vm.runSlice(10_000);
  journal.stop();
  const other = build({ engine: 'translator', tracking: 'pml' });
  const replay = new Replay(other.vm, structuredClone(journal.data()));
  finish(replay, () => 11_111);
  expect(outcome(other.vm, [])).toEqual(outcome(vm, []));
});
