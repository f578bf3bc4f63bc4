// Programs that store near code, and into it: functions of which any bytes may be overwritten, for whatever they become is code
// that returns.

import { Vm } from '../../../src/vm/vm.ts';
import type { VmConfig } from '../../../src/vm/config.ts';
import { enter } from '../../../src/boot/vm-target.ts';
import { CODE, loadCode } from '../../laws/support/entry.ts';
import { randomOf } from '../../mt/laws/machine.ts';

type Random = (below: number) => number;

const PAGE = 4096;
/** Three pages full of RET, with functions in the first two. */
const FUNCTIONS = 0x110000;
/** Two in one line of 64 bytes, one in the middle of a page, one across the end of a page, one at a page's start. */
const STARTS = [0xa0, 0xd8, 0x7f0, 0xff3, 0x1040] as const;
/** Where MOVS and FILD find what they copy. */
const SOURCE = 0x118000;
const STACK = 0x120000;
const PROGRAM_BYTES = 0x4000;
/** add eax, imm32; nop; ret: every sequence of these bytes that ends in RET is code. */
const ALPHABET = [0x05, 0x90, 0x90, 0xc3] as const;
const FARTHEST = 70;

const little = (bytes: number, n: number): number[] => Array.from({ length: bytes }, (_, at) => Math.floor(n / 2 ** (8 * at)) & 0xff);
const letters = (random: Random, count: number): number[] => Array.from({ length: count }, () => ALPHABET[random(4)]!);

/** add eax, 90909090h, some times; ret. */
const functionOf = (adds: number): number[] => [...new Array<number[]>(adds).fill([0x05, 0x90, 0x90, 0x90, 0x90]).flat(), 0xc3];

/** Near the first or the last byte of a function. */
const placeOf = (random: Random): number =>
  FUNCTIONS + STARTS[random(STARTS.length)]! + random(2) * 16 + random(2 * FARTHEST + 1) - FARTHEST;

const SIZES = [1, 2, 4, 8] as const;

/** One store, by an instruction of any kind: address in EDI. */
function store(random: Random, width: 32 | 64): number[] {
  const at = little(4, placeOf(random));
  const size = SIZES[random(4)]!;
  const edi = [0xbf, ...at];
  const esi = [0xbe, ...little(4, SOURCE + random(64))];
  const ecx = (n: number): number[] => [0xb9, ...little(4, n)];
  switch (random(7)) {
    case 0:
      // fild qword [esi]; fistp qword [edi]
      if (size === 8) return [...edi, ...esi, 0xdf, 0x2e, 0xdf, 0x3f];
      return [...edi, ...(size === 2 ? [0x66] : []), size === 1 ? 0xc6 : 0xc7, 7, ...letters(random, size)];
    case 1:
      return [...edi, ...ecx(1 + random(40)), 0xb0, 0x90, 0xf3, 0xaa];
    case 2:
      return [...edi, ...esi, ...ecx(1 + random(40)), 0xf3, 0xa4];
    case 3:
      return [...edi, ...esi, ...ecx(1 + random(12)), 0xf3, 0xa5];
    case 4:
      // or [edi], 0: the bytes stay what they are
      return [...edi, size === 1 ? 0x80 : 0x83, 0x0f, 0];
    case 5:
      // mov ebx, …; mov esp, …; push ebx; mov esp, STACK
      return [...(width === 64 ? [0x48] : []), 0xbb, ...letters(random, width / 8), 0xbc, ...at, 0x53, 0xbc, ...little(4, STACK)];
    default:
      // mov ebx, …; xchg [edi], ebx
      return [...edi, 0xbb, ...letters(random, 4), 0x87, 0x1f];
  }
}

/** Calls a function several times: mov ecx, n; again: call; dec ecx; jnz again. */
function calls(random: Random, at: number): number[] {
  const target = FUNCTIONS + STARTS[random(STARTS.length)]!;
  return [0xb9, ...little(4, 1 + random(6)), 0xe8, ...little(4, target - (at + 10)), 0xff, 0xc9, 0x75, 0xf7];
}

/** Stores and calls, without end. */
function program(random: Random, width: 32 | 64, base: number): number[] {
  const code = [0xdb, 0xe3, 0xbc, ...little(4, STACK)];
  const head = code.length;
  for (let n = 0; n < 40; n++) code.push(...(random(2) === 0 ? store(random, width) : calls(random, base + code.length)));
  return [...code, 0xe9, ...little(4, head - (code.length + 5))];
}

/** A machine in which each of `vcpus` vCPUs runs a program of its own over the same functions. */
export function nearCodeMachine(seed: number, width: 32 | 64, config: Partial<VmConfig>): Vm {
  const random = randomOf(seed);
  const { vcpus = 1 } = config;
  const vm = new Vm({ memory: 0x200000, ...config });
  const programs = Array.from({ length: vcpus }, (_, n) => program(random, width, CODE + n * PROGRAM_BYTES));
  const image = programs.flatMap((code) => [...code, ...new Array<number>(PROGRAM_BYTES - code.length).fill(0xf4)]);
  const entry = loadCode(vm, width, image);
  vm.writeMemory(FUNCTIONS, new Uint8Array(3 * PAGE).fill(0xc3));
  STARTS.forEach((start, n) => vm.writeMemory(FUNCTIONS + start, Uint8Array.from(functionOf(2 + n))));
  vm.writeMemory(SOURCE, Uint8Array.from(letters(random, 256)));
  vm.vcpus.forEach((vcpu, n) => {
    enter(vm, entry, n);
    vcpu.setRegs({ rip: BigInt(CODE + n * PROGRAM_BYTES) });
    vcpu.activity = 'active';
  });
  return vm;
}

/** What the host writes near code in its turn `slice`. */
export function hostStore(vm: Vm, seed: number, slice: number): void {
  const random = randomOf(1000 * seed + slice);
  if (random(3) === 0) vm.writeMemory(placeOf(random), Uint8Array.from(letters(random, 1 + random(70))));
}
