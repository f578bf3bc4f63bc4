// One soup under both engines in lockstep.

import { INTERNALS } from '../../../src/base/internals.ts';
import { CodeMode } from '../../../src/cpu/builder/insn.ts';
import type { TrackingMethod } from '../../../src/mmu/tracking.ts';
import type { Regs } from '../../../src/vm/registers.ts';
import type { VmConfig } from '../../../src/vm/config.ts';
import { Vm } from '../../../src/vm/vm.ts';
import type { VmState } from '../../../src/vm/save.ts';
import { createTestBoard } from '../../lockstep/random/test-board.ts';
import { lockstep } from '../../lockstep/support/lockstep.ts';
import { translatorOf } from '../../lockstep/support/share.ts';
import { randomOf } from '../../mt/laws/machine.ts';
import type { Random } from '../random-code.ts';
import { HANDLER_INSTRUCTIONS, TIMER_VECTOR } from './handlers.ts';
import { CODE, DATA, EXTRA, MEMORY, STACK, SYSTEM_PAGES, TABLES } from './layout.ts';
import type { Image } from './layout.ts';
import type { Mode } from './modes.ts';
import { soup } from './soup.ts';

const GPRS = ['rax', 'rcx', 'rdx', 'rbx', 'rsi', 'rdi', 'rbp', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const;
const INT3 = 0xcc;

/** Mostly pointers to data, often near the ends of pages and segments; else small, or anything. */
function register({ addressing, code }: Mode, random: Random): bigint {
  const base = addressing === 'flat' ? DATA : 0;
  switch (random(12)) {
    case 0:
      return BigInt(random(40));
    case 1:
      return BigInt(random(2 ** 31)) << BigInt(code === CodeMode.BITS64 ? random(33) : random(2));
    case 2:
      return BigInt(addressing === 'segments' ? 0xffff - random(24) : base + 0x2fff - random(32));
    case 3:
      return BigInt(base + 0x1000 * (1 + random(7)) - random(10));
    case 4:
      return BigInt(addressing === 'flat' ? 0x800000 + DATA + random(0x8000) : random(0x10000) + random(2) * 0x5a0000);
    default:
      return BigInt(base + random(0x3000));
  }
}

function stackPointer({ addressing }: Mode, random: Random): bigint {
  const near = random(12) === 0 ? random(12) : 0x2000 + random(0xe00);
  return BigInt(addressing === 'flat' ? STACK + near : near);
}

/** Sets the processor up in the mode, at one of the soup's instructions; descriptors, handlers and stacks as they were. */
function enter(vm: Vm, mode: Mode, image: Image, starts: readonly number[], random: Random): void {
  const [vcpu] = vm.vcpus;
  const { from, to } = SYSTEM_PAGES;
  const regs: Partial<Record<keyof Regs, bigint>> = {};
  for (const name of GPRS) regs[name] = register(mode, random);
  if (random(3) > 0) regs.rcx = BigInt(random(30));
  vm.writeMemory(from, image.bytes.subarray(from, to));
  const rip = starts[random(starts.length)]! + (mode.addressing === 'flat' ? CODE : 0);
  vcpu.activity = 'active';
  vcpu.setSregs(mode.sregs);
  const rflags = BigInt(2 | mode.rflags | (random(2) * 0x200) | (random(0x1000) & 0x8d5));
  vcpu.setRegs({ ...regs, rsp: stackPointer(mode, random), rip: BigInt(rip), rflags });
}

export interface Pair {
  readonly reference: Vm;
  readonly subject: Vm;
  /** The state of both from the beginning. */
  readonly fresh: VmState;
  /** What each wrote to ports and devices. */
  readonly writes: readonly [string[], string[]];
  /** Contents of data and stack. */
  readonly noise: Uint8Array;
}

/** Two machines for any number of soups; `period`: ticks between timer interrupts, 0 for none. */
export function makePair(tracking: TrackingMethod, period: number, engine: 'translator' | 'auto' = 'translator'): Pair {
  const make = (engine: NonNullable<VmConfig['engine']>, writes: string[]): Vm => {
    const vm: Vm = new Vm({
      memory: MEMORY,
      engine,
      tracking,
      platform: (host) => createTestBoard(host, { period, vector: TIMER_VECTOR, writes, kick: () => vm.kick() }),
    });
    return vm;
  };
  const writes = [[], []] as [string[], string[]];
  const random = randomOf(period);
  const reference = make('interpreter', writes[0]);
  const noise = Uint8Array.from({ length: STACK + 0x10000 - DATA }, () => random(256));
  return { reference, subject: make(engine, writes[1]), fresh: reference.save(), writes, noise };
}

export interface SoupEnd {
  /** Random instructions that retired or faulted, without those of handlers. */
  readonly executed: number;
  readonly faults: number;
  readonly translated: number;
  readonly interpreted: number;
  /** Slices, and those at whose end the processor still was in the mode. */
  readonly slices: number;
  readonly inMode: number;
}

const MODE_CR0 = 0x80000001n;

/** The processor executes code of the mode's kind at its level, or is in a handler of it. */
function isInMode(vm: Vm, { sregs }: Mode): boolean {
  const now = vm.vcpus[0].getSregs();
  return (now.cr0 & MODE_CR0) === (sregs.cr0! & MODE_CR0) && now.efer === sregs.efer && now.cs.attributes === sregs.cs!.attributes;
}

/** Slices between which the processor is set up anew, so that runs do not drift out of the mode. */
const ANEW_EVERY = 6;
const SLICES = [1, 2, 3, 17, 60, 150, 400, 1000] as const;

/** Error, with what differs, unless both engines do the same. */
export function runSoup(pair: Pair, mode: Mode, seed: number, limit: number): SoupEnd {
  const random = randomOf(seed);
  const { reference, subject, fresh } = pair;
  const image = mode.image(random);
  image.bytes.fill(INT3, CODE, CODE + 0x10000);
  image.bytes.fill(INT3, EXTRA + 0x8000, TABLES);
  image.bytes.fill(INT3, TABLES + 0x8000);
  image.bytes.set(pair.noise, DATA);
  const at = random(8) === 0 ? 0x10000 - 100 - random(200) : 0x1000 - random(300);
  const { bytes, starts } = soup(mode, random, 60 + random(400), at);
  image.put(CODE + at, bytes.slice(0, 0x10000 - at));
  let faults = 0;
  let slices = 0;
  let inMode = 0;
  let exits = 0;
  reference.trace.on = (name) => {
    if (name === 'exception') faults++;
  };
  const before = { ...translatorOf(subject).retired };
  for (const vm of [reference, subject]) {
    vm.writeMemory(0, image.bytes);
    // Code at its first use: an engine gives up on code that keeps changing.
    vm[INTERNALS].parts.physical.forgetCode();
    vm.restore(fresh);
    enter(vm, mode, image, starts, randomOf(seed));
  }
  const { retired } = lockstep(reference, subject, {
    slice: () => SLICES[random(SLICES.length)]!,
    limit,
    onExit(vm, exit) {
      if (exit.kind === 'interrupted') return true;
      if (exit.kind !== 'hlt') return false;
      enter(vm, mode, image, starts, randomOf(seed + Number(vm.retired)));
      return exits++ < 200;
    },
    between(vm, slice) {
      if (vm === reference) {
        slices++;
        if (isInMode(vm, mode)) inMode++;
      }
      if (slice % ANEW_EVERY === 0) enter(vm, mode, image, starts, randomOf(seed + Number(vm.retired)));
    },
  });
  const [ours, theirs] = pair.writes;
  if (ours.join() !== theirs.join()) throw new Error(`the engines differ in what was seen outside:\n${ours.join()}\n${theirs.join()}`);
  ours.length = theirs.length = 0;
  const after = translatorOf(subject).retired;
  return {
    executed: Math.max(0, Math.round(retired - faults * HANDLER_INSTRUCTIONS[mode.width])),
    faults,
    slices,
    inMode,
    translated: after.translated - before.translated,
    interpreted: after.interpreted - before.interpreted,
  };
}
