// Where a run stops, to the instruction: by its limit, by a kick from a device, and what the time-stamp counter says on the way.

import { describe, expect, it } from 'vitest';
import type { Vm } from '../../src/vm/vm.ts';
import type { Assembler } from '../lockstep/random/assembler.ts';
import { WINDOW } from '../lockstep/random/layout.ts';
import type { Setting } from '../lockstep/random/layout.ts';
import { KICK_PORT } from '../lockstep/random/test-board.ts';
import { translatorOf } from '../lockstep/support/share.ts';
import { compareMachines } from '../lockstep/support/compare.ts';
import { RING0_32, RING0_64, move, pairOf, together } from './support.ts';

const RAX = 0;
const RCX = 1;
const RDX = 2;
const RBX = 3;
const RSI = 6;
const RDI = 7;
const SETTINGS: readonly (readonly [string, Setting])[] = [
  ['32-bit code', RING0_32],
  ['64-bit code', RING0_64],
];
const LONGEST = 200;
const DEVICE = WINDOW + 0x7000;

interface Loop {
  readonly name: string;
  readonly emit: (a: Assembler) => void;
}

/** add reg, imm8; sub is the same with `extension` 5. */
const addImmediate = (a: Assembler, reg: number, value: number, extension = 0): void =>
  void a.instruction({ opcode: [0x83], reg: extension, size: 4, rm: reg, immediate: { bytes: 1, value } });

const LOOPS: readonly Loop[] = [
  {
    name: 'one instruction',
    emit(a) {
      const head = a.label();
      a.bind(head);
      a.branch([0xe9], head);
    },
  },
  {
    name: 'a long block',
    emit(a) {
      const head = a.label();
      a.bind(head);
      for (let n = 0; n < 41; n++) addImmediate(a, n % 2 ? RAX : RBX, n);
      a.branch([0xe9], head);
    },
  },
  {
    name: 'a nest of two, with branches',
    emit(a) {
      const outer = a.label();
      const inner = a.label();
      const skip = a.label();
      a.bind(outer);
      move(a, RCX, 5);
      a.bind(inner);
      addImmediate(a, RAX, 3);
      a.instruction({ opcode: [0xf7], reg: 0, size: 4, rm: RAX, immediate: { bytes: 4, value: 4 } });
      a.branch([0x0f, 0x84], skip);
      addImmediate(a, RBX, 1);
      a.bind(skip);
      addImmediate(a, RCX, 1, 5);
      a.branch([0x0f, 0x85], inner);
      addImmediate(a, RDX, 1);
      a.branch([0xe9], outer);
    },
  },
  {
    name: 'REP STOS and what follows it',
    emit(a) {
      const head = a.label();
      a.bind(head);
      move(a, RDI, WINDOW);
      move(a, RCX, 13);
      a.raw(0xf3, 0xaa);
      addImmediate(a, RAX, 1);
      addImmediate(a, RBX, 1);
      a.branch([0xe9], head);
    },
  },
  {
    name: 'REPE CMPS that ends early',
    emit(a) {
      const head = a.label();
      a.bind(head);
      move(a, RDI, WINDOW);
      move(a, RSI, WINDOW + 1);
      a.raw(0x88, 0x05).field(4, WINDOW + 9, a.width === 64);
      move(a, RCX, 30);
      a.raw(0xf3, 0xa6);
      addImmediate(a, RAX, 1);
      a.branch([0xe9], head);
    },
  },
  {
    name: 'calls and returns',
    emit(a) {
      const head = a.label();
      const routine = a.label();
      a.bind(head);
      a.branch([0xe8], routine);
      addImmediate(a, RBX, 1);
      a.branch([0xe9], head);
      a.bind(routine);
      addImmediate(a, RAX, 1);
      a.raw(0xc3);
    },
  },
  {
    name: 'time-stamps among translated code, written down',
    emit(a) {
      const head = a.label();
      const inner = a.label();
      move(a, RDI, WINDOW);
      a.bind(head);
      move(a, RCX, 3);
      a.bind(inner);
      addImmediate(a, RBX, 1);
      addImmediate(a, RCX, 1, 5);
      a.branch([0x0f, 0x85], inner);
      a.raw(0x0f, 0x31, 0xab);
      a.instruction({ opcode: [0x81], reg: 4, size: 4, rm: RDI, immediate: { bytes: 4, value: WINDOW + 0xfff } });
      a.branch([0xe9], head);
    },
  },
  {
    name: 'time-stamps that CR4.TSD would deny to CPL 3, written down with IA32_TSC_AUX',
    emit(a) {
      const head = a.label();
      a.raw(0x0f, 0x20, 0xe0, 0x83, 0xc8, 0x04, 0x0f, 0x22, 0xe0); // mov eax, cr4; or eax, 4; mov cr4, eax
      move(a, RDI, WINDOW);
      a.bind(head);
      a.raw(0x0f, 0x01, 0xf9, 0xab); // rdtscp; stosd
      addImmediate(a, RBX, 1);
      a.instruction({ opcode: [0x81], reg: 4, size: 4, rm: RDI, immediate: { bytes: 4, value: WINDOW + 0xfff } });
      a.branch([0xe9], head);
    },
  },
];

const toNextSlice = (vm: Vm, limit: number): unknown => {
  const { exit, retired } = vm.runSlice(limit);
  return { exit: exit.kind, retired, ticks: vm.clock.ticks };
};

describe.each(SETTINGS)('%s', (_title, setting) => {
  describe.each(LOOPS)('$name', ({ emit }) => {
    it(`stops after every number of instructions from 1 to ${LONGEST}`, () => {
      const { reference, subject } = pairOf(setting, emit);
      for (let limit = 1; limit <= LONGEST; limit++) {
        expect(toNextSlice(subject.vm, limit)).toEqual({ ...(toNextSlice(reference.vm, limit) as object), exit: 'limit', retired: limit });
        expect(compareMachines(reference.vm, subject.vm, false), `after a limit of ${limit}`).toEqual([]);
      }
      expect(translatorOf(subject.vm).retired.translated).toBeGreaterThan(1000);
    });
  });

  it('a kick from a port stops right behind the instruction', () => {
    const { reference, subject } = pairOf(setting, (a) => {
      const head = a.label();
      a.bind(head);
      addImmediate(a, RAX, 1);
      addImmediate(a, RBX, 1);
      a.raw(0xe6, KICK_PORT);
      addImmediate(a, RBX, 1);
      a.branch([0xe9], head);
    });
    for (let n = 0; n < 20; n++) {
      const expected = { exit: 'interrupted', retired: n === 0 ? 3 : 5, ticks: 5 * n + 3 };
      expect([toNextSlice(reference.vm, 1000), toNextSlice(subject.vm, 1000)]).toEqual([expected, expected]);
      expect(compareMachines(reference.vm, subject.vm)).toEqual([]);
    }
  });

  it('a kick from a store to a device in the middle of a hot loop does, too', () => {
    const { reference, subject } = pairOf(setting, (a) => {
      const head = a.label();
      const hot = a.label();
      move(a, RDI, DEVICE + KICK_PORT);
      a.bind(head);
      move(a, RCX, 50);
      a.bind(hot);
      addImmediate(a, RAX, 1);
      addImmediate(a, RCX, 1, 5);
      a.branch([0x0f, 0x85], hot);
      a.instruction({ opcode: [0x89], size: 4, reg: RAX, rm: { base: RDI } });
      addImmediate(a, RBX, 1);
      a.branch([0xe9], head);
    });
    const lap = 1 + 3 * 50 + 1 + 2;
    for (let n = 0; n < 5; n++) {
      const expected = { exit: 'interrupted', retired: n === 0 ? lap - 1 : lap, ticks: lap * (n + 1) - 1 };
      expect([toNextSlice(reference.vm, 1000), toNextSlice(subject.vm, 1000)]).toEqual([expected, expected]);
      expect(compareMachines(reference.vm, subject.vm)).toEqual([]);
    }
    expect(subject.writes).toEqual(reference.writes);
  });

  it('a timer that moves through a hot loop interrupts at the same instructions', () => {
    for (const period of [1, 2, 3, 7, 50, 51]) {
      const { reference, subject } = pairOf(setting, LOOPS[2]!.emit, {}, period);
      together({ reference, subject }, { longest: 400, limit: 4000 });
      // More often than the handler takes there is nothing but handlers.
      if (period >= 50) expect(subject.vm.vcpus[0].getRegs().rbx).toBeGreaterThan(10n);
    }
  });
});
