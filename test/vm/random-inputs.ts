// A PC that hears of input at random moments: the recorded run happens again, to the bit, under the other engine and the other
// tracking method, from its start and from a checkpoint in the middle.

import { describe, expect, it } from 'vitest';
import { loadImage } from '../../src/boot/image.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { KEY_NAMES } from '../../src/devices/scan-codes.ts';
import type { KeyName } from '../../src/devices/scan-codes.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { Pc } from '../../src/machine/pc.ts';
import { pressKeys } from '../../src/machine/us-keyboard.ts';
import { MtEnable, MtFlag, MtOp } from '../../src/mt/abi.ts';
import { hashMemory } from '../../src/snapshot/hash.ts';
import type { VmConfig } from '../../src/vm/config.ts';
import type { JournalData } from '../../src/vm/journal.ts';
import { Replay } from '../../src/vm/replay.ts';
import type { VmState } from '../../src/vm/save.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { diskImage } from '../bios/support.ts';
import { random } from '../devices/wires.ts';
import { assemble, u32 } from '../support/code.ts';
import type { Item } from '../support/code.ts';
import { CODE, MIB, STACK, setIdt } from './support.ts';

export type Setting = Pick<VmConfig, 'engine' | 'tracking'>;
export const RECORDED: Setting = { engine: 'interpreter', tracking: 'write-protect' };
export const OTHERS: readonly Setting[] = [
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
export const outcome = (vm: Vm, said: readonly number[]): object => {
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
export function finish(replay: Replay, size: () => number): void {
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
export const serialCode: readonly Item[] = [
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

export const SERIAL: Guest = {
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

export interface Recorded {
  readonly journal: JournalData;
  readonly outcome: object;
  /** One in the middle, with what had been said by then. */
  readonly middle: Checkpoint & { readonly said: number };
}

export function record({ build, act }: Guest, seed: number, inputs: number): Recorded {
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
/** Defines the tests, for each of these seeds. */
export function describeRandomInputs(seeds: readonly number[]): void {
  describe.each<[string, Guest, number]>([
    ['serial input', SERIAL, 40],
    ['keys for the BIOS', KEYBOARD, 12],
  ])('%s at random moments', (_name, guest, inputs) => {
    it.each(seeds)('replays to the bit, seed %i', (seed) => {
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
}
