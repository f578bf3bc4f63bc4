// Whatever a guest does, a slice ends with an exit: nothing the guest causes is thrown at the host, in any mode, whatever its
// registers and tables hold.

import { describe, expect, it } from 'vitest';
import type { Exit } from '../../src/vm/exit.ts';
import { GPR_NAMES } from '../../src/vm/registers.ts';
import type { Regs, Sregs } from '../../src/vm/registers.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { Xorshift32 } from '../guests/arithmetic.ts';
import { CODE, ENGINE_NAMES, MIB, machine32, machine64 } from './support.ts';

const PROGRAMS = 16;
const LIMIT = 400;
const CODE_BYTES = 512;
const KINDS: readonly Exit['kind'][] = ['io', 'mmio', 'hlt', 'shutdown', 'limit'];

class Random {
  private readonly words: Xorshift32;
  constructor(seed: number) {
    this.words = new Xorshift32(seed);
  }
  below(n: number): number {
    return (this.words.next() >>> 0) % n;
  }
  bytes(n: number): Uint8Array {
    return Uint8Array.from({ length: n }, () => this.below(256));
  }
  /** Small, near memory's end, at the ends of the canonical range, or anything. */
  word(): bigint {
    const whole = (BigInt(this.words.next() >>> 0) << 32n) | BigInt(this.words.next() >>> 0);
    const kinds = [
      BigInt(this.below(MIB)),
      BigInt(MIB - 8 + this.below(16)),
      0xffffffffn - BigInt(this.below(16)),
      0x7ffffffffff8n + BigInt(this.below(16)),
      0xffff800000000000n - BigInt(this.below(8)),
      0xfffffffffffffff8n,
      whole,
    ];
    return kinds[this.below(kinds.length)];
  }
  gprs(): Partial<Regs> {
    return Object.fromEntries(GPR_NAMES.map((name) => [name, this.word()])) as Partial<Regs>;
  }
}

/** Exits are answered by random values for as long as there are any. */
function run(vm: Vm, random: Random): void {
  let left = LIMIT;
  for (let exits = 0; exits < LIMIT && left > 0; exits++) {
    const { exit, retired } = vm.runSlice(left);
    expect(KINDS).toContain(exit.kind);
    expect(retired).toBeLessThanOrEqual(left);
    left -= retired;
    if (exit.kind !== 'io' && exit.kind !== 'mmio') break;
    exit.access.value = random.below(2 ** 32) % 2 ** (8 * exit.access.width);
  }
  vm.restore(vm.save());
}

/** Fills memory with noise, so that whatever is taken for a table or a stack is some. */
function scatter(vm: Vm, random: Random): void {
  for (let n = 0; n < 8; n++) vm.writeMemory(random.below(MIB - 256), random.bytes(256));
  vm.writeMemory(CODE, random.bytes(CODE_BYTES));
}

const segment = (random: Random): Sregs['cs'] => ({
  selector: random.below(65536),
  base: random.word(),
  limit: random.below(2 ** 32),
  attributes: random.below(2 ** 17),
});

// biome-ignore format: a table
const MODES: readonly (readonly [string, (random: Random, config: object) => Vm])[] = [
  ['32-bit', (_random, config) => machine32([0x90], config)],
  ['64-bit', (_random, config) => machine64([0x90], config)],
  ['real mode', (_random, config) => {
    const vm = machine32([0x90], config);
    vm.vcpus[0].reset();
    vm.vcpus[0].setSregs({ cs: { selector: 0, base: 0n, limit: 0xffff, attributes: 0x9b } });
    return vm;
  }],
  ['with paging on whatever is there', (random, config) => {
    const vm = machine32([0x90], config);
    vm.vcpus[0].setSregs({ cr3: BigInt(random.below(MIB)), cr4: BigInt(random.below(2) * 32 + 16), cr0: 0x80010011n });
    return vm;
  }],
  ['with system registers that no processor has', (random, config) => {
    const vm = machine32([0x90], config);
    const word = (): bigint => random.word();
    vm.vcpus[0].setSregs({
      es: segment(random), cs: segment(random), ss: segment(random), ds: segment(random), fs: segment(random),
      gs: segment(random), ldt: segment(random), tr: segment(random),
      cr0: word(), cr2: word(), cr3: word(), cr4: word(), cr8: word(), efer: word(),
      gdt: { base: word(), limit: random.below(65536) }, idt: { base: word(), limit: random.below(65536) },
    });
    return vm;
  }],
];

describe.each(ENGINE_NAMES)('engine %s', (engine) => {
  describe.each(MODES)('%s', (_name, build) => {
    it.each([
      ['every access an exit', 'exit'],
      ['unclaimed accesses float', 'float'],
    ] as const)('%s', (_text, unclaimed) => {
      for (let seed = 1; seed <= PROGRAMS; seed++) {
        const random = new Random(seed);
        const vm = build(random, { engine, unclaimed });
        scatter(vm, random);
        vm.vcpus[0].setRegs({ ...random.gprs(), rip: BigInt(CODE + random.below(CODE_BYTES)), rflags: BigInt(random.below(2 ** 22)) });
        if (seed % 3 === 0) vm.vcpus[0].interrupt(random.below(256));
        if (seed % 5 === 0) vm.vcpus[0].nmi();
        try {
          run(vm, random);
        } catch (error) {
          throw new Error(`seed ${seed}`, { cause: error });
        }
      }
    });
  });
});
