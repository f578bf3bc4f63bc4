// Every condition after every producer of flags, and after every two of them, for both what is known of the flags while code
// is emitted and what only the run tells.

import { describe, expect, it } from 'vitest';
import type { Assembler, OperandSize } from '../lockstep/random/assembler.ts';
import { WINDOW } from '../lockstep/random/layout.ts';
import { lockstep } from '../lockstep/support/lockstep.ts';
import { translatedShare } from '../lockstep/support/share.ts';
import { RING0_32, RING0_64, move, pairOf } from './support.ts';

const RAX = 0;
const RCX = 1;
const RBX = 3;
const RDI = 7;
/** Where the operands lie, and the results. */
const OPERANDS = WINDOW + 0x4000;
const RESULTS = WINDOW;
const FRAME = 16;

type Producer = (a: Assembler, size: OperandSize) => void;

const w = (size: OperandSize): number => (size === 1 ? 0 : 1);
/** op AL/(R)AX, BL/(R)BX by its opcode; or with RAX alone, by an extension. */
const single =
  (opcode: number, reg: number): Producer =>
  (a, size) =>
    void a.instruction({ opcode: [opcode + w(size)], size, reg, rm: RAX });
const binary = (opcode: number): Producer => single(opcode, RBX);
const byCount =
  (reg: number, count: number): Producer =>
  (a, size) =>
    void a.instruction({ opcode: [0xc0 + w(size)], size, reg, rm: RAX, immediate: { bytes: 1, value: count } });
const raw =
  (...bytes: readonly number[]): Producer =>
  (a) =>
    void a.raw(...bytes);
const wide =
  (...opcode: readonly number[]): Producer =>
  (a, size) =>
    void a.instruction({ opcode, size: size === 1 ? 4 : size, reg: RBX, rm: RAX });

// biome-ignore format: a table
const PRODUCERS: Readonly<Record<string, Producer>> = {
  add: binary(0x00), adc: binary(0x10), sub: binary(0x28), sbb: binary(0x18), cmp: binary(0x38), and: binary(0x20), xor: binary(0x30),
  inc: single(0xfe, 0), dec: single(0xfe, 1), neg: single(0xf6, 3), mul: single(0xf6, 4), 'shl by 1': byCount(4, 1),
  'sar by 3': byCount(7, 3),
  'shl by 0': byCount(4, 0), 'rol by 1': byCount(0, 1), 'rcr by 1': byCount(3, 1), bt: wide(0x0f, 0xa3), bsf: wide(0x0f, 0xbc),
  xadd: (a, size) => void a.instruction({ opcode: [0x0f, 0xc0 + w(size)], size, reg: RBX, rm: RAX }),
  popcnt: (a, size) => void a.instruction({ opcode: [0x0f, 0xb8], size: size === 1 ? 4 : size, reg: RBX, rm: RAX, prefix: [0xf3] }),
  cmc: raw(0xf5), stc: raw(0xf9),
};

/** SETcc of all sixteen conditions to memory at RDI, which moves on. */
function consume(a: Assembler): void {
  for (let cc = 0; cc < 16; cc++) a.instruction({ opcode: [0x0f, 0x90 + cc], size: 1, rm: { base: RDI, displacement: cc } });
  a.instruction({ opcode: [0x8d], size: 4, reg: RDI, rm: { base: RDI, displacement: FRAME } });
}

/** `first`, then each producer, behind a JCXZ or not, with all conditions after it. */
function program(a: Assembler, first: Producer, size: OperandSize): void {
  const start = a.here;
  move(a, RDI, RESULTS);
  for (const skips of [false, true]) {
    for (const second of Object.values(PRODUCERS)) {
      const behind = a.label();
      for (const [reg, at] of [
        [RAX, 0],
        [RBX, 8],
        [RCX, 16],
      ] as const) {
        a.instruction({ opcode: [0x8b], size: a.width === 64 ? 8 : 4, reg, rm: { displacement: OPERANDS + at } });
      }
      first(a, size);
      if (skips) a.raw(0xe3).field(1, behind, true);
      second(a, size);
      a.bind(behind);
      consume(a);
    }
  }
  a.raw(0xf4);
  a.branch([0xe9], start);
}

const CORNERS = [0n, 1n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 1n << 63n, ~0n, 0x123456789abcdef0n];

/** Defines the tests, for operands of these sizes in 32-bit and in 64-bit code. */
export function describeFlags(narrow: readonly OperandSize[], wideSizes: readonly OperandSize[]): void {
  describe.each([
    ['32-bit code', RING0_32],
    ['64-bit code', RING0_64],
  ] as const)('%s', (_title, setting) => {
    const sizes = setting.width === 64 ? wideSizes : narrow;

    it.each(Object.entries(PRODUCERS))('every condition after %s and any other', (_name, first) => {
      for (const size of sizes) {
        const pair = pairOf(setting, (a) => program(a, first, size));
        for (const [n, x] of CORNERS.entries()) {
          const y = CORNERS[(5 * n + 3) % CORNERS.length]!;
          for (const { vm } of [pair.reference, pair.subject]) {
            vm.writeMemory(OPERANDS, new Uint8Array(BigUint64Array.of(BigInt.asUintN(64, x), BigInt.asUintN(64, y), BigInt(n % 2)).buffer));
            vm.vcpus[0].activity = 'active';
          }
          lockstep(pair.reference.vm, pair.subject.vm, { slice: () => 5000, limit: 5000 });
        }
        expect(translatedShare(pair.subject.vm)).toBeGreaterThan(0.95);
      }
    });
  });
}
