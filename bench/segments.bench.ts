// One sieve in flat 32-bit code, in 32-bit code over segments, and in 16-bit code of real-address mode, by both engines. And a
// 16-bit loop that loads a segment register and calls far in every round, as programs of several segments do.

import { Vm } from '../src/vm/vm.ts';
import type { SegmentRegister } from '../src/vm/registers.ts';
import type { Benchmark, Subject } from './harness/benchmark.ts';

type Bits = 16 | 32;
/** Bytes, places that short jumps go to, and short jumps. */
type Item = number | { readonly at: string } | { readonly opcode: number; readonly to: string };
interface Program {
  readonly name: string;
  readonly bits: Bits;
  readonly base: number;
  readonly items: readonly Item[];
}

const CODE = 0x10000;
const DATA = 0x20000;
const STACK_TOP = 0x8000;
const ROUNDS = 300;
const FAR_ROUNDS = 60_000;
const BYTES = 0x2000;

const little = (bytes: number, n: number): number[] => Array.from({ length: bytes }, (_, at) => (n >>> (8 * at)) & 0xff);

function assemble(items: readonly Item[]): Uint8Array {
  const bytes: number[] = [];
  const places = new Map<string, number>();
  const jumps: [number, string][] = [];
  for (const item of items) {
    if (typeof item === 'number') bytes.push(item);
    else if ('at' in item) places.set(item.at, bytes.length);
    else jumps.push([bytes.push(item.opcode, 0), item.to]);
  }
  for (const [end, to] of jumps) bytes[end - 1] = (places.get(to)! - end) & 0xff;
  return Uint8Array.from(bytes);
}

/** Marks the multiples of every number below BYTES that is not marked, ROUNDS times; SI is the number, DI the multiple. */
function sieve(bits: Bits, data: number): Item[] {
  const word = (n: number): number[] => little(bits / 8, n);
  const rm = bits === 16 ? { si: 4, di: 5 } : { si: 6, di: 7 };
  return [
    0xb9,
    ...word(ROUNDS),
    { at: 'round' },
    // push cx; mov di, data; mov cx, BYTES; mov al, 1; rep stosb; pop cx; mov si, data + 2
    0x51,
    0xbf,
    ...word(data),
    0xb9,
    ...word(BYTES),
    0xb0,
    1,
    0xf3,
    0xaa,
    0x59,
    0xbe,
    ...word(data + 2),
    // number: cmp byte [si], 0; jz next; mov di, si; jmp mark
    { at: 'number' },
    0x80,
    0x38 | rm.si,
    0,
    { opcode: 0x74, to: 'next' },
    0x89,
    0xf7,
    { opcode: 0xeb, to: 'mark' },
    // clear: mov byte [di], 0; mark: lea ax, [si - data]; add di, ax; cmp di, data + BYTES; jb clear
    { at: 'clear' },
    0xc6,
    rm.di,
    0,
    { at: 'mark' },
    0x8d,
    0x80 | rm.si,
    ...word(-data),
    0x01,
    0xc7,
    0x81,
    0xff,
    ...word(data + BYTES),
    { opcode: 0x72, to: 'clear' },
    // next: inc si; cmp si, data + BYTES; jb number; dec cx; jnz round; hlt
    { at: 'next' },
    0x46,
    0x81,
    0xfe,
    ...word(data + BYTES),
    { opcode: 0x72, to: 'number' },
    0x49,
    { opcode: 0x75, to: 'round' },
    0xf4,
  ];
}

/** mov bp, FAR_ROUNDS; round: mov ax, …; mov es, ax; inc word [es:0]; call far; dec bp; jnz round; hlt */
// biome-ignore format: a table
const far: readonly Item[] = [
  0xbd, ...little(2, FAR_ROUNDS), { at: 'round' }, 0xb8, ...little(2, DATA >> 4), 0x8e, 0xc0, 0x26, 0xff, 0x06, 0, 0,
  0x9a, ...little(2, 0x100), ...little(2, CODE >> 4), 0x4d, { opcode: 0x75, to: 'round' }, 0xf4,
];
/** add bx, ax; retf */
const FAR_ROUTINE = Uint8Array.of(0x01, 0xc3, 0xcb);

/** Starts the program at linear CODE; its data begin at linear DATA. */
function machine(engine: EngineName, { bits, base, items }: Program): Vm {
  const vm = new Vm({ memory: 0x100000, engine });
  vm.writeMemory(CODE, assemble(items));
  vm.writeMemory(CODE + 0x100, FAR_ROUTINE);
  const real = bits === 16;
  const rights = real ? 0 : 0xc000;
  const at = (linear: number, type: number): SegmentRegister => ({
    selector: linear >> 4,
    base: BigInt(linear),
    limit: real ? 0xffff : 0xffffffff,
    attributes: type | rights,
  });
  const data = at(base === 0 ? 0 : DATA, 0x93);
  const code = at(base === 0 ? 0 : CODE, 0x9b);
  const stack = at(0, 0x93);
  vm.vcpus[0].setSregs({ cs: code, ds: data, es: data, ss: stack, fs: data, gs: data, cr0: real ? 0x10n : 0x11n });
  vm.vcpus[0].setRegs({ rip: BigInt(base === 0 ? CODE : 0), rsp: BigInt(STACK_TOP), rflags: 2n });
  return vm;
}

type EngineName = 'interpreter' | 'auto';

function ours(engine: EngineName, program: Program): Subject {
  let vm: Vm;
  return {
    name: `${engine}, ${program.name}`,
    prepare() {
      vm = machine(engine, program);
    },
    run() {
      let retired = 0;
      for (;;) {
        const result = vm.runSlice(10_000_000);
        retired += result.retired;
        if (result.exit.kind === 'hlt') return retired;
        if (result.exit.kind !== 'limit') throw new Error(`${program.name} ended by ${result.exit.kind}`);
      }
    },
  };
}

const SIEVES: readonly Program[] = [
  { name: 'flat 32-bit code', bits: 32, base: 0, items: sieve(32, DATA) },
  { name: '32-bit code in segments', bits: 32, base: CODE, items: sieve(32, 0) },
  { name: 'real-address mode', bits: 16, base: CODE, items: sieve(16, 0) },
];
const FAR: readonly Program[] = [{ name: 'real-address mode', bits: 16, base: CODE, items: far }];
const subjects = (programs: readonly Program[]): Subject[] =>
  programs.flatMap((program) => (['interpreter', 'auto'] as const).map((engine) => ours(engine, program)));

export default {
  description: 'code in segments: guest instructions per second',
  comparisons: () => [
    { title: 'a sieve', unit: 'instructions', subjects: subjects(SIEVES) },
    { title: 'MOV to ES and a far call in every round', unit: 'instructions', subjects: subjects(FAR) },
  ],
} satisfies Benchmark;
