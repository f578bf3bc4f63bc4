// A run that was recorded happens again, to the bit: under the other engine and the other tracking method, from its start and from a
// checkpoint in the middle, whatever came from outside and when.

import { describe, expect, it } from 'vitest';
import { loadImage } from '../../src/boot/image.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { KEY_NAMES } from '../../src/devices/scan-codes.ts';
import type { KeyName } from '../../src/devices/scan-codes.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { Pc, PcConfig } from '../../src/machine/pc.ts';
import { pressKeys } from '../../src/machine/us-keyboard.ts';
import { MtEnable, MtFlag, MtOp } from '../../src/mt/abi.ts';
import { hashMemory } from '../../src/snapshot/hash.ts';
import { KvmError } from '../../src/base/errors.ts';
import type { VmConfig } from '../../src/vm/config.ts';
import { comparePositions } from '../../src/vm/journal.ts';
import type { JournalData } from '../../src/vm/journal.ts';
import { DivergenceError, Replay } from '../../src/vm/replay.ts';
import type { VmState } from '../../src/vm/save.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { diskImage } from '../bios/support.ts';
import { random } from '../devices/wires.ts';
import { assemble, u16, u32 } from '../support/code.ts';
import type { Item } from '../support/code.ts';
import { CODE, MIB, STACK, machine32, setIdt } from './support.ts';

type Setting = Pick<VmConfig, 'engine' | 'tracking'>;
const RECORDED: Setting = { engine: 'interpreter', tracking: 'write-protect' };
const OTHERS: readonly Setting[] = [
  { engine: 'translator', tracking: 'pml' },
  { engine: 'interpreter', tracking: 'none' },
];

interface Checkpoint {
  readonly state: VmState;
  readonly memory: Uint8Array;
  readonly slots: number;
}

const checkpoint = (vm: Vm): Checkpoint => ({
  state: structuredClone(vm.save()),
  memory: vm.readMemory(0, vm.config.memory),
  slots: vm.memslots.length,
});

/** A memslot that comes and goes. */
const EXTRA = { slot: 5, guestPhysAddr: 4 * MIB, memorySize: 4096 };

function startTracking({ mt, config }: Vm): void {
  if ((config.tracking ?? 'none') === 'none') return;
  mt.initMt({ op: MtOp.INIT, flags: MtFlag.NO_DUPS, maxDirty: 4096 });
  mt.enableMt(MtEnable.ON);
}

/** What must be equal: everything saved, all memory, and what was said. */
const outcome = (vm: Vm, said: readonly number[]): object => {
  const { vcpus, platform, ticks, events, turns } = vm.save();
  // A TLB keeps write permission as tracking wants it.
  return {
    registers: vcpus.map(({ registers }) => ({ ...registers, pmlIndex: 0 })),
    platform,
    ticks,
    events,
    turns,
    memory: hashMemory(vm),
    said,
  };
};

/** Runs the rest of it in slices of `size`; a replay that makes no progress is a mistake. */
function finish(replay: Replay, size: () => number): void {
  for (let n = 0; !replay.done; n++) {
    if (n === 20_000) throw new Error(`no end: ${replay.left} entries are left`);
    replay.runSlice(size());
  }
}

interface Guest {
  build(setting: Setting, said: (value: number) => void): Pc;
  /** One thing from outside. */
  act(pc: Pc, next: () => number): void;
}

/** Echoes what COM1 gives, by interrupt and HLT, and counts timer interrupts. */
const serialCode: readonly Item[] = [
  ...[
    [0x20, 0x11],
    [0x21, 0x20],
    [0x21, 4],
    [0x21, 1],
    [0x21, 0xee],
    [0xa0, 0x11],
    [0xa1, 0x28],
    [0xa1, 2],
    [0xa1, 1],
    [0xa1, 0xff],
  ].map(([port, value]) => [0xb0, value!, 0xe6, port!]),
  [0xb0, 0x34, 0xe6, 0x43, 0xb0, 0x00, 0xe6, 0x40, 0xb0, 0x10, 0xe6, 0x40],
  [0xba, ...u32(0x3f9), 0xb0, 1, 0xee],
  0xfb,
  { label: 'loop' },
  // INC EBX; MOV [100000H + 8 * BX], EBX; every 64th time HLT.
  0x43,
  [0x0f, 0xb7, 0xf3],
  [0x89, 0x1c, 0xf5, ...u32(0x100000)],
  [0xf6, 0xc3, 0x3f, 0x75],
  { rel8: 'loop' },
  0xf4,
  0xeb,
  { rel8: 'loop' },
  { label: 'timer' },
  0x50,
  [0xff, 0x05, ...u32(0x9000)],
  [0xb0, 0x20, 0xe6, 0x20],
  0x58,
  0xcf,
  { label: 'com1' },
  [0x50, 0x52],
  { label: 'more' },
  [0xba, ...u32(0x3f8), 0xec],
  [0x34, 0x20, 0xee],
  // The status of the line: more?
  [0xba, ...u32(0x3fd), 0xec, 0xa8, 1, 0x75],
  { rel8: 'more' },
  [0xb0, 0x20, 0xe6, 0x20],
  [0x5a, 0x58],
  0xcf,
];

const SERIAL: Guest = {
  build(setting, said) {
    const pc = createPc({ memory: 2 * MIB, spareMemory: 4096, gpaLimit: 8 * MIB, serial: said, ...setting });
    const { bytes, at } = assemble(CODE, ...serialCode);
    loadImage('code', bytes, bootTarget(pc.vm), { at: CODE });
    pc.vm.vcpus[0].setRegs({ rbx: 0n, rsp: BigInt(STACK) });
    setIdt(pc.vm, { 0x20: at['timer']!, 0x24: at['com1']!, 0x30: at['timer']!, 2: at['timer']! });
    return pc;
  },
  act({ vm, board }, next) {
    switch (next() % 16) {
      case 15:
        // The guest hears nothing more then.
        if (next() % 16 === 0) board.reset();
        return;
      case 14:
        return vm.vcpus[0].setSregs({ fs: { selector: 0, base: BigInt(next()), limit: 0xffff, attributes: 0x93 } });
      case 13:
        vm.vcpus[0].activity = 'active';
        return;
      case 0:
        return vm.writeMemory(0x9100 + (next() % 64), Uint8Array.of(next() & 0xff, 1));
      case 1:
        return vm.vcpus[0].setRegs({ rdi: BigInt(next()) });
      case 2:
        return board.a20.set((next() & 1) === 1);
      case 3:
        if (vm.save().vcpus[0]!.registers['injected'] === 0) vm.vcpus[0].interrupt(0x30);
        return;
      case 4:
        return vm.kick();
      case 5:
        return vm.vcpus[0].nmi();
      case 6:
        vm.setUserMemoryRegion(vm.memslots.length === 1 ? EXTRA : { ...EXTRA, memorySize: 0 });
        return;
      default:
        board.serialInput(Array.from({ length: 1 + (next() % 20) }, () => 65 + (next() % 26)));
    }
  },
};

/** A boot sector that reads keys by INT 16H and types each by INT 10H and at port E9. */
const KEYBOARD: Guest = {
  build(setting, said) {
    const code = assemble(0x7c00, { label: 'loop' }, [0x31, 0xc0, 0xcd, 0x16], [0xe6, 0xe9], [0xb4, 0x0e, 0xcd, 0x10], 0xeb, {
      rel8: 'loop',
    });
    const pc = createPc({ memory: 2 * MIB, debugcon: said, disk: { name: 'disk', bytes: diskImage(2880, code.bytes) }, ...setting });
    // Past the firmware's power-on, which masks the interrupt of a key that is pressed meanwhile.
    pc.vm.runSlice(8000);
    return pc;
  },
  act({ board }, next) {
    board.keyboardInput(pressKeys(KEY_NAMES[next() % KEY_NAMES.length] as KeyName));
  },
};

interface Recorded {
  readonly journal: JournalData;
  readonly outcome: object;
  /** One in the middle, with what had been said by then. */
  readonly middle: Checkpoint & { readonly said: number };
}

function record({ build, act }: Guest, seed: number, inputs: number): Recorded {
  const next = random(seed);
  const said: number[] = [];
  const pc = build(RECORDED, (value) => void said.push(value));
  const { vm } = pc;
  startTracking(vm);
  const journal = vm.record();
  let middle: Recorded['middle'] | null = null;
  for (let n = 0; n < inputs; n++) {
    vm.runSlice(next() % 3 === 0 ? next() % 20 : next() % 30_000);
    const before = n === inputs >>> 1 && seed % 2 === 0;
    if (before) middle = { ...checkpoint(vm), said: said.length };
    for (let more = next() % 3; more >= 0; more--) {
      act(pc, next);
      // Between two inputs of the same moment.
      if (n === inputs >>> 1 && !before && more === 1) middle = { ...checkpoint(vm), said: said.length };
    }
    if (n === inputs >>> 1) middle ??= { ...checkpoint(vm), said: said.length };
  }
  vm.runSlice(20_000);
  journal.stop();
  return { journal: structuredClone(journal.data()), outcome: outcome(vm, said), middle: middle! };
}

function replayed(guest: Guest, { journal, middle }: Recorded, setting: Setting, from: 'start' | 'middle'): object {
  const said: number[] = [];
  const { vm } = guest.build(setting, (value) => void said.push(value));
  if (from === 'middle') {
    if (middle.slots > vm.memslots.length) vm.setUserMemoryRegion(EXTRA);
    vm.writeMemory(0, middle.memory);
    vm.restore(middle.state);
  }
  startTracking(vm);
  const replay = new Replay(vm, journal);
  finish(replay, () => 50_000);
  return outcome(vm, said);
}

describe.each<[string, Guest, number]>([
  ['serial input', SERIAL, 40],
  ['keys for the BIOS', KEYBOARD, 12],
])('%s at random moments', (_name, guest, inputs) => {
  it.each([1, 2, 3, 4])('replays to the bit, seed %i', (seed) => {
    const recorded = record(guest, seed, inputs);
    expect(recorded.journal.entries.length).toBeGreaterThan(inputs / 2);
    const said = (recorded.outcome as { said: number[] }).said;
    expect(said.length).toBeGreaterThan(3);
    for (const setting of OTHERS) {
      expect(replayed(guest, recorded, setting, 'start')).toEqual(recorded.outcome);
      expect(replayed(guest, recorded, setting, 'middle')).toEqual({ ...recorded.outcome, said: said.slice(recorded.middle.said) });
    }
  });
});

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
