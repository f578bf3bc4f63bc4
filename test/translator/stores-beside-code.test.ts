// What stores beside code, and to it, cost: counted in what is dropped and made anew, and in who retires the instructions.

import { describe, expect, it } from 'vitest';
import { INTERNALS } from '../../src/base/internals.ts';
import { Interpreter } from '../../src/cpu/interpreter/interpreter.ts';
import { Translator } from '../../src/cpu/translator/translator.ts';
import { Vm } from '../../src/vm/vm.ts';
import type { Exit } from '../../src/vm/exit.ts';
import { Assembler } from '../lockstep/random/assembler.ts';
import type { Label, Width } from '../lockstep/random/assembler.ts';

const ENGINES = ['interpreter', 'translator', 'auto'] as const;
type EngineName = (typeof ENGINES)[number];

const CODE = 0x7c00;
const LAPS = 20_000;
const EAX = 0;
const EBX = 3;
const ESI = 6;
const EDI = 7;

/** A machine about to run `code` at CODE, in real-address mode or in flat 32-bit code; the stack begins at `stack`. */
function machine(engine: EngineName, width: Exclude<Width, 64>, code: Uint8Array, stack = 0x6000): Vm {
  const vm = new Vm({ memory: 0x100000, engine });
  vm.writeMemory(CODE, code);
  const real = width === 16;
  const segment = (type: number) => ({
    selector: real ? 0 : 8,
    base: 0n,
    limit: real ? 0xffff : 0xffffffff,
    attributes: type | (real ? 0 : 0xc000),
  });
  const data = segment(0x93);
  vm.vcpus[0].setSregs({ cs: segment(0x9b), ds: data, es: data, ss: data, fs: data, gs: data, cr0: real ? 0x10n : 0x11n });
  vm.vcpus[0].setRegs({ rip: BigInt(CODE), rsp: BigInt(stack), rflags: 2n });
  return vm;
}

interface Counts {
  readonly exit: Exit;
  readonly ebx: number;
  readonly retired: number;
  /** Part retired by translated code; 0 under the interpreter. */
  readonly share: number;
  readonly blocks: { readonly decoded: number; readonly lost: number };
  readonly regions: { readonly regions: number; readonly lost: number };
  readonly writeMisses: number;
}

function run(vm: Vm): Counts {
  const { exit, retired } = vm.runSlice();
  const { engine } = vm[INTERNALS];
  if (!(engine instanceof Interpreter || engine instanceof Translator)) throw new TypeError('an engine that is not known');
  return {
    exit,
    ebx: Number(vm.vcpus[0].getRegs().rbx & 0xffffffffn),
    retired,
    share: engine instanceof Translator ? engine.retired.translated / retired : 0,
    blocks: engine.blockCounts,
    regions: engine instanceof Translator ? engine.made : { regions: 0, lost: 0 },
    writeMisses: vm.counters().writeMisses,
  };
}

/** `body` `laps` times, counted down in ECX; then HLT. */
function loop(width: Exclude<Width, 64>, body: (a: Assembler) => void, behind: (a: Assembler) => void = () => {}, laps = LAPS): Uint8Array {
  const a = new Assembler(width, CODE);
  const head = a.label();
  // mov ecx, laps
  a.raw(...(width === 16 ? [0x66] : []), 0xb9).field(4, laps);
  a.bind(head);
  body(a);
  a.instruction({ opcode: [0xff], reg: 1, size: 4, rm: 1 });
  a.branch([0x0f, 0x85], head);
  a.raw(0xf4);
  behind(a);
  return a.finish();
}

/** Nothing was dropped, every store but the first of a page went without a miss, and translated code did the work. */
function expectUndisturbed(counts: Counts, engine: EngineName): void {
  expect(counts.exit.kind).toBe('hlt');
  expect([counts.blocks.lost, counts.regions.lost]).toEqual([0, 0]);
  expect(counts.blocks.decoded).toBeLessThan(10);
  expect(counts.writeMisses).toBeLessThan(10);
  if (engine !== 'interpreter') expect(counts.share).toBeGreaterThan(0.95);
}

describe.each(ENGINES)('under %s', (engine) => {
  it('a stack in the page of the code costs nothing', () => {
    // push ax; pop bx; add bx, cx
    const code = loop(16, (a) => void a.raw(0x50, 0x5b, 0x01, 0xcb));
    expectUndisturbed(run(machine(engine, 16, code, 0x7f00)), engine);
  });

  it('nor does a word in the same 64 bytes, right behind the code', () => {
    const word: Label = { at: NaN };
    const code = loop(
      32,
      (a) => void a.instruction({ opcode: [0xff], reg: 0, size: 4, rm: { displacement: word } }),
      (a) => {
        a.bind(word);
        a.field(4, 0).raw(0xc3);
      },
    );
    const vm = machine(engine, 32, code);
    expectUndisturbed(run(vm), engine);
    expect(new DataView(vm.readMemory(word.at, 4).buffer).getUint32(0, true)).toBe(LAPS);
  });

  it('nor do data that move up to the code, and away from it', () => {
    // mov esi, CODE - 64; mov edi, esi - 8 … 8 dwords, in each lap: MOVSD by hand, so that it is one store a time
    const code = loop(32, (a) => {
      a.raw(0xbe).field(4, CODE - 0x40);
      for (let n = 0; n < 8; n++) {
        a.instruction({ opcode: [0x8b], reg: EAX, size: 4, rm: { base: ESI, displacement: 4 * n } });
        a.instruction({ opcode: [0x89], reg: EAX, size: 4, rm: { base: ESI, displacement: 4 * n + 0x20 } });
      }
    });
    expectUndisturbed(run(machine(engine, 32, code)), engine);
  });

  it('a loop that patches an instruction of its own settles: one block a lap is lost, and it is short', () => {
    const immediate: Label = { at: NaN };
    const code = loop(32, (a) => {
      a.instruction({ opcode: [0x89], reg: 1, size: 4, rm: { displacement: immediate } });
      // add ebx, imm32
      a.raw(0x81, 0xc3);
      a.bind(immediate);
      a.field(4, 0);
      for (let n = 0; n < 20; n++) a.instruction({ opcode: [0x89], reg: EBX, size: 4, rm: EDI });
    });
    const counts = run(machine(engine, 32, code));
    expect(counts.exit.kind).toBe('hlt');
    expect(counts.ebx).toBe(((LAPS * (LAPS + 1)) / 2) >>> 0);
    expect(counts.blocks.lost).toBeLessThan(1.05 * LAPS + 50);
    expect(counts.blocks.decoded).toBeLessThan(1.05 * LAPS + 50);
    expect(counts.regions.regions).toBeLessThan(LAPS / 200);
  });

  it('a routine that is written anew again and again is translated less and less often', () => {
    const routine = 0x9000;
    const laps = 1000;
    // mov [routine + 2], ecx, the immediate of an add; mov edx, 100; again: call routine; dec edx; jnz again
    const body = (a: Assembler): void => {
      const again = a.label();
      a.instruction({ opcode: [0x89], reg: 1, size: 4, rm: { displacement: routine + 2 } });
      a.raw(0xba).field(4, 100);
      a.bind(again);
      a.branch([0xe8], routine);
      a.instruction({ opcode: [0xff], reg: 1, size: 4, rm: 2 });
      a.branch([0x0f, 0x85], again);
    };
    const code = loop(32, body, () => {}, laps);
    const vm = machine(engine, 32, code);
    vm.writeMemory(routine, Uint8Array.of(0x81, 0xc3, 0, 0, 0, 0, 0xc3));
    const counts = run(vm);
    expect(counts.exit.kind).toBe('hlt');
    expect(counts.ebx).toBe((100 * laps * (laps + 1)) / 2);
    expect(counts.regions.regions).toBeLessThan(30);
    if (engine !== 'interpreter') expect(counts.share).toBeGreaterThan(0.5);
  });

  it('what is overwritten as a whole, once, is not worth less', () => {
    const code = loop(32, (a) => void a.instruction({ opcode: [0xff], reg: 0, size: 4, rm: EBX }));
    const vm = machine(engine, 32, code);
    expect(run(vm).ebx).toBe(LAPS);
    const before = vm.vcpus[0].getRegs().rbx;
    vm.writeMemory(CODE, code);
    vm.vcpus[0].setRegs({ rip: BigInt(CODE) });
    vm.vcpus[0].activity = 'active';
    const counts = run(vm);
    expect(counts.ebx - Number(before)).toBe(LAPS);
    expect(counts.blocks.decoded).toBeLessThan(20);
    // Of both runs, in terms of the second.
    if (engine !== 'interpreter') expect(counts.share).toBeGreaterThan(1.9);
  });
});
