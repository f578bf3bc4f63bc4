// Repeated copies and fills under every engine against what the manual says, one element after the other: overlaps, directions, page
// ends, counts, budgets, and which pages are dirty.

import { describe, expect, it } from 'vitest';
import { INTERNALS } from '../../src/base/internals.ts';
import { Translator } from '../../src/cpu/translator/translator.ts';
import { Vm } from '../../src/vm/vm.ts';
import type { TrackingMethod } from '../../src/mmu/tracking.ts';
import { MtEnable, MtOp } from '../../src/mt/abi.ts';
import { randomOf } from '../mt/laws/machine.ts';

const CODE = 0x7c00;
const MEMORY = 0x40000;
/** Where accesses may lie. */
const DATA = 0x10000;
const DATA_END = 0x30000;
const DF = 0x400n;

interface Case {
  readonly wide: boolean;
  readonly fill: boolean;
  readonly size: 1 | 2 | 4 | 8;
  readonly to: number;
  readonly from: number;
  readonly count: number;
  readonly down: boolean;
  readonly value: bigint;
}

/** REP MOVS or REP STOS of the size, and a jump back to it. */
function codeOf({ fill, size }: Case): Uint8Array {
  const opcode = (fill ? 0xaa : 0xa4) + (size === 1 ? 0 : 1);
  return Uint8Array.of(
    ...(size === 2 ? [0x66] : []),
    0xf3,
    ...(size === 8 ? [0x48] : []),
    opcode,
    0xeb,
    size === 2 || size === 8 ? 0xfb : 0xfc,
  );
}

const contents = (): Uint8Array => Uint8Array.from({ length: MEMORY }, (_, n) => (n * 167 + (n >> 8) * 13) & 0xff);

function expected(one: Case): Uint8Array {
  const memory = contents();
  memory.set(codeOf(one), CODE);
  const step = one.down ? -one.size : one.size;
  const value = Array.from({ length: one.size }, (_, k) => Number((one.value >> BigInt(8 * k)) & 0xffn));
  for (let n = 0, to = one.to, from = one.from; n < one.count; n++, to += step, from += step) {
    memory.set(one.fill ? value : memory.slice(from, from + one.size), to);
  }
  return memory;
}

type Engine = 'interpreter' | 'translator';

function machine(one: Case, engine: Engine, tracking: TrackingMethod): Vm {
  const vm = new Vm({ memory: MEMORY, engine, tracking });
  vm.writeMemory(0, contents());
  vm.writeMemory(CODE, codeOf(one));
  const type = (bits: number) => bits | (one.wide ? 0x2000 : 0x4000) | 0x8000;
  const segment = (bits: number) => ({ selector: 8, base: 0n, limit: 0xffffffff, attributes: type(bits) });
  const data = { ...segment(0x93), attributes: 0xc093 };
  const flat = { cs: segment(0x9b), ds: data, es: data, ss: data, fs: data, gs: data };
  vm.vcpus[0].setSregs(one.wide ? { ...flat, cr0: 0x80000011n, cr3: 0x1000n, cr4: 0x20n, efer: 0x500n } : { ...flat, cr0: 0x11n });
  if (one.wide) {
    // 4-level paging, one page of 2 MiB.
    const word = (at: number, value: number): void =>
      vm.writeMemory(at, Uint8Array.of(value & 0xff, (value >> 8) & 0xff, 0, 0, 0, 0, 0, 0));
    word(0x1000, 0x2067);
    word(0x2000, 0x3067);
    word(0x3000, 0xe7);
  }
  const { to, from, count, down, value } = one;
  const rflags = down ? 2n | DF : 2n;
  vm.vcpus[0].setRegs({ rip: BigInt(CODE), rdi: BigInt(to), rsi: BigInt(from), rcx: BigInt(count), rax: value, rsp: 0x6000n, rflags });
  return vm;
}

const random = randomOf(7);
const pick = <T>(...of: readonly T[]): T => of[random(of.length)]!;

function randomCase(): Case {
  const wide = random(2) === 1;
  const fill = random(3) === 0;
  const size = pick(1, 2, 4, ...(wide ? [8] : [])) as Case['size'];
  const down = random(5) === 0;
  const count = pick(0, 1, 3, 4, 5, random(40), random(1500), random(6000)) % 6000;
  const low = DATA + pick(0, random(16), 4096 - random(40), random(0x4000));
  const far = pick(0, 1, 2, 3, size, 5 * size, random(200), random(5000), 0x8000 + random(64));
  const [near, other] = pick([low, low + far], [low + far, low]);
  const back = down ? count * size : 0;
  return { wide, fill, size, down, count, to: near! + back, from: other! + back, value: BigInt(random(2 ** 31)) * 0x123456789n };
}

const cases = Array.from({ length: 40 }, randomCase);

describe.each(['interpreter', 'translator'] as const)('repeated copies and fills under the %s', (engine) => {
  it('leave what one element after the other leaves, and count each', () => {
    for (const one of cases) {
      const vm = machine(one, engine, 'none');
      const after = expected(one).subarray(DATA, DATA_END);
      // So that a region is made of what has many iterations.
      for (let lap = 0; lap < (engine === 'translator' ? 2 : 1); lap++) {
        const { rip, rdi, rsi, rcx } = { rip: BigInt(CODE), rdi: BigInt(one.to), rsi: BigInt(one.from), rcx: BigInt(one.count) };
        vm.writeMemory(DATA, contents().subarray(DATA, DATA_END));
        vm.vcpus[0].setRegs({ rip, rdi, rsi, rcx });
        // The jump, and what is then no iteration.
        const { retired } = vm.runSlice(Math.max(1, one.count) + 2);
        expect(retired).toBe(Math.max(1, one.count) + 2);
        const regs = vm.vcpus[0].getRegs();
        const moved = BigInt(one.count * (one.down ? -one.size : one.size));
        expect([regs.rcx, regs.rdi, regs.rsi]).toEqual([0n, BigInt(one.to) + moved, BigInt(one.from) + (one.fill ? 0n : moved)]);
        expect(regs.rip).toBe(BigInt(CODE + codeOf(one).length - 2));
        expect(Buffer.compare(vm.readMemory(DATA, DATA_END - DATA), after), JSON.stringify(one, text)).toBe(0);
      }
      const made = vm[INTERNALS].engine;
      if (made instanceof Translator && one.count > 40) expect(made.retired.translated).toBeGreaterThan(0);
    }
  });

  it('stop at every budget between the same two elements', () => {
    for (const one of cases.filter(({ count }) => count > 8).slice(0, 12)) {
      const vm = machine(one, engine, 'none');
      const cut = 1 + random(one.count - 1);
      expect(vm.runSlice(cut).retired).toBe(cut);
      const { rcx, rip, rdi } = vm.vcpus[0].getRegs();
      const step = one.down ? -one.size : one.size;
      expect([rcx, rip, rdi]).toEqual([BigInt(one.count - cut), BigInt(CODE), BigInt(one.to + cut * step)]);
      const part = Buffer.from(expected({ ...one, count: cut }).subarray(DATA, DATA_END));
      expect(Buffer.compare(vm.readMemory(DATA, DATA_END - DATA), part), JSON.stringify(one, text)).toBe(0);
    }
  });

  it.each(['write-protect', 'pml'] as const)('dirty each page that they write, and no other (%s)', (tracking) => {
    for (const one of cases.filter(({ wide }) => !wide).slice(0, 10)) {
      const vm = machine(one, engine, tracking);
      vm.mt.initMt({ op: MtOp.INIT, maxDirty: 1000 });
      vm.mt.enableMt(MtEnable.ON);
      vm.runSlice(Math.max(1, one.count));
      const pages = new Set<number>();
      const step = one.down ? -one.size : one.size;
      for (let n = 0; n < one.count; n++) for (const end of [0, one.size - 1]) pages.add((one.to + n * step + end) >>> 12);
      const { gfns } = vm.mt.fetchSublist({ count: 1000 });
      expect(
        [...gfns].sort((a, b) => a - b),
        JSON.stringify(one, text),
      ).toEqual([...pages].sort((a, b) => a - b));
    }
  });

  it('end a cycle right after the element that reaches the limit', () => {
    const one: Case = { wide: false, fill: true, size: 4, to: DATA, from: DATA, count: 5000, down: false, value: 0x1234n };
    const vm = machine(one, engine, 'write-protect');
    vm.mt.initMt({ op: MtOp.INIT, maxDirty: 3 });
    vm.mt.enableMt(MtEnable.ON);
    const { retired } = vm.runSlice(5000);
    expect([retired, vm.vcpus[0].getRegs().rcx]).toEqual([2 * 1024 + 1, 5000n - 2n * 1024n - 1n]);
  });
});

const text = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value);

describe('a fill that reaches code', () => {
  it.each(['interpreter', 'translator'] as const)('has the new code executed next, under the %s', (engine) => {
    // REP STOSB of INC EAX over what follows it: NOPs.
    const vm = machine({ wide: false, fill: true, size: 1, to: 0, from: 0, count: 0, down: false, value: 0x40n }, engine, 'none');
    const body = Uint8Array.of(0xf3, 0xaa, ...Array.from({ length: 64 }, () => 0x90));
    for (let lap = 0; lap < 3; lap++) {
      vm.writeMemory(CODE, body);
      vm.vcpus[0].setRegs({ rip: BigInt(CODE), rdi: BigInt(CODE + 2), rcx: 64n, rax: 0x40n });
      vm.runSlice(128);
      const { rax, rip } = vm.vcpus[0].getRegs();
      expect([rax, rip]).toEqual([0x40n + 64n, BigInt(CODE + 66)]);
    }
  });
});
