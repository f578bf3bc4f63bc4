// Translated code and the bytes that it was made from: whatever changes these, or which of them an address means, nothing
// stale runs; and what is not changed may stay.

import { describe, expect, it } from 'vitest';
import type { Assembler } from '../lockstep/random/assembler.ts';
import { ALIAS, RESUME, TABLES, WINDOW, entryOf } from '../lockstep/random/layout.ts';
import type { Setting } from '../lockstep/random/layout.ts';
import { compareMachines } from '../lockstep/support/compare.ts';
import { translatorOf } from '../lockstep/support/share.ts';
import { RING0_32, RING0_64, move, pairOf, together } from './support.ts';
import type { Pair } from './support.ts';

const RAX = 0;
const RCX = 1;
const RBX = 3;
const PAGE = 4096;
const SETTINGS: readonly (readonly [string, Setting])[] = [
  ['32-bit code', RING0_32],
  ['64-bit code', RING0_64],
];
/** Calls of one loop. */
const CALLS = 50;

/** add eax, n; ret */
const adding = (n: number): Uint8Array => Uint8Array.of(0x05, n & 0xff, n >> 8, 0, 0, 0xc3);

/** Calls the function at `address` CALLS times. */
function callMany(a: Assembler, address: number): void {
  const head = a.label();
  move(a, RCX, CALLS);
  move(a, RBX, address);
  a.bind(head);
  a.raw(0xff, 0xd3);
  a.instruction({ opcode: [0xff], reg: 1, size: 4, rm: RCX });
  a.branch([0x0f, 0x85], head);
}

const storeWord = (a: Assembler, address: number, value: number): void =>
  void a.instruction({ opcode: [0xc7], reg: 0, size: 4, rm: { displacement: address }, immediate: { bytes: 4, value } });
const invlpg = (a: Assembler, address: number): void =>
  void a.instruction({ opcode: [0x0f, 0x01], reg: 7, size: 4, rm: { displacement: address } });
const reloadCr3 = (a: Assembler): void => {
  move(a, RBX, TABLES);
  a.raw(0x0f, 0x22, 0xdb);
};

/** Runs both to HLT in slices up to `longest` and gives EAX. */
function finish(pair: Pair, longest: number): number {
  expect(together(pair, { longest }).exit.kind).toBe('hlt');
  return Number(pair.subject.vm.vcpus[0].getRegs().rax & 0xffffffffn);
}

/** `n` in page `page` of the window, as a function. */
function placeFunctions(pair: Pair, ...numbers: readonly number[]): void {
  for (const { vm } of [pair.reference, pair.subject]) numbers.forEach((n, page) => vm.writeMemory(WINDOW + page * PAGE, adding(n)));
}

describe.each(SETTINGS)('%s', (_title, setting) => {
  describe.each([1, 17, 1000])('in slices up to %d', (longest) => {
    const flushes = [
      ['INVLPG', (a: Assembler) => invlpg(a, WINDOW)],
      ['MOV to CR3', reloadCr3],
    ] as const;
    it.each(flushes)('a code page mapped to another by the guest, after %s', (_how, flush) => {
      const pair = pairOf(setting, (a) => {
        move(a, RAX, 0);
        callMany(a, WINDOW);
        storeWord(a, entryOf(setting, 0), (WINDOW + PAGE) | 7);
        flush(a);
        callMany(a, WINDOW);
        storeWord(a, entryOf(setting, 0), WINDOW | 7);
        flush(a);
        callMany(a, WINDOW);
        a.raw(0xf4);
      });
      placeFunctions(pair, 1, 0x100);
      expect(finish(pair, longest)).toBe(2 * CALLS + CALLS * 0x100);
    });

    it('a code page mapped to another, when another of its functions is called first', () => {
      const pair = pairOf(setting, (a) => {
        move(a, RAX, 0);
        callMany(a, WINDOW + 0x100);
        callMany(a, WINDOW);
        for (const page of [1, 0]) {
          storeWord(a, entryOf(setting, 0), (WINDOW + page * PAGE) | 7);
          invlpg(a, WINDOW);
          callMany(a, WINDOW + 0x100);
          callMany(a, WINDOW);
        }
        a.raw(0xf4);
      });
      placeFunctions(pair, 1, 0x100);
      for (const { vm } of [pair.reference, pair.subject]) {
        vm.writeMemory(WINDOW + 0x100, adding(2));
        vm.writeMemory(WINDOW + PAGE + 0x100, adding(0x200));
      }
      expect(finish(pair, longest)).toBe(CALLS * (1 + 2 + 0x100 + 0x200 + 1 + 2));
    });

    it('a code page mapped to another without a flush: the TLB has the old translation, and so it is used', () => {
      const pair = pairOf(setting, (a) => {
        move(a, RAX, 0);
        callMany(a, WINDOW);
        storeWord(a, entryOf(setting, 0), (WINDOW + PAGE) | 7);
        callMany(a, WINDOW);
        a.raw(0xf4);
      });
      placeFunctions(pair, 1, 0x100);
      expect(finish(pair, longest)).toBe(2 * CALLS);
    });

    it('code changed by the guest through another address of its page', () => {
      const pair = pairOf(setting, (a) => {
        move(a, RAX, 0);
        callMany(a, WINDOW);
        storeWord(a, WINDOW + ALIAS + 1, 3);
        callMany(a, WINDOW);
        callMany(a, WINDOW + ALIAS);
        storeWord(a, WINDOW + 1, 7);
        callMany(a, WINDOW + ALIAS);
        a.raw(0xf4);
      });
      placeFunctions(pair, 1);
      expect(finish(pair, longest)).toBe(CALLS * (1 + 3 + 3 + 7));
    });

    it('an instruction changed by the one before it', () => {
      const pair = pairOf(setting, (a) => {
        const head = a.label();
        const immediate = a.label();
        move(a, RAX, 0);
        move(a, RCX, CALLS);
        a.bind(head);
        a.instruction({ opcode: [0x89], reg: RCX, size: 4, rm: { displacement: immediate, rip: a.width === 64 } });
        a.raw(0x05);
        a.bind(immediate);
        a.field(4, 0);
        a.instruction({ opcode: [0xff], reg: 1, size: 4, rm: RCX });
        a.branch([0x0f, 0x85], head);
        a.raw(0xf4);
      });
      expect(finish(pair, longest)).toBe((CALLS * (CALLS + 1)) / 2);
    });

    it('a page made writable, or read-only, under a hot loop of stores', () => {
      const pair = pairOf(setting, (a) => {
        for (const rights of [7, 5, 7]) {
          const head = a.label();
          const out = a.label();
          storeWord(a, entryOf(setting, 1), (WINDOW + PAGE) | rights);
          invlpg(a, WINDOW + PAGE);
          // After the fault execution goes on behind the loop.
          const size = setting.width === 64 ? 8 : 4;
          a.instruction({ opcode: [0xc7], reg: 0, size, rm: { displacement: RESUME }, immediate: { bytes: 4, value: out } });
          move(a, RCX, CALLS);
          a.bind(head);
          a.instruction({ opcode: [0xff], reg: 0, size: 4, rm: { displacement: WINDOW + PAGE } });
          a.instruction({ opcode: [0xff], reg: 1, size: 4, rm: RCX });
          a.branch([0x0f, 0x85], head);
          a.bind(out);
        }
        a.raw(0xf4);
      });
      finish(pair, longest);
      expect(new DataView(pair.subject.vm.readMemory(WINDOW + PAGE, 4).buffer).getUint32(0, true)).toBe(2 * CALLS);
    });
  });

  it('code changed by the host between slices', () => {
    const pair = pairOf(setting, (a) => {
      const start = a.here;
      callMany(a, WINDOW);
      a.branch([0xe9], start);
    });
    placeFunctions(pair, 1);
    for (let n = 1; n < 60; n++) {
      const added = [pair.reference, pair.subject].map(({ vm }) => {
        const before = vm.vcpus[0].getRegs().rax;
        vm.writeMemory(WINDOW, adding(n));
        vm.runSlice(200 + n);
        return vm.vcpus[0].getRegs().rax - before;
      });
      expect(added[1]).toBe(added[0]);
      expect(added[0]! % BigInt(n)).toBe(0n);
      expect(compareMachines(pair.reference.vm, pair.subject.vm)).toEqual([]);
    }
  });

  it('stores to data in a page of code leave the code what it was', () => {
    const pair = pairOf(setting, (a) => {
      const head = a.label();
      const data = a.label();
      const out = a.label();
      move(a, RAX, 0);
      move(a, RCX, CALLS);
      a.bind(head);
      a.instruction({ opcode: [0xff], reg: 0, size: 4, rm: { displacement: data, rip: a.width === 64 } });
      a.instruction({ opcode: [0x03], reg: RAX, size: 4, rm: { displacement: data, rip: a.width === 64 } });
      a.instruction({ opcode: [0xff], reg: 1, size: 4, rm: RCX });
      a.branch([0x0f, 0x85], head);
      a.branch([0xe9], out);
      a.bind(data);
      a.field(4, 0);
      a.bind(out);
      a.raw(0xf4);
    });
    expect(finish(pair, 1000)).toBe((CALLS * (CALLS + 1)) / 2);
  });
});

describe('one page as code of two sizes', () => {
  it('is decoded for each by itself', () => {
    // inc rax in 64-bit code; dec eax, inc eax in 32-bit code.
    const pair = pairOf(RING0_64, (a) => {
      const head = a.label();
      a.bind(head);
      a.raw(0x48, 0xff, 0xc0);
      a.raw(0xeb).field(1, head, true);
    });
    for (let n = 0; n < 8; n++) {
      const long = n % 2 === 0;
      for (const { vm } of [pair.reference, pair.subject]) {
        const { cs } = vm.vcpus[0].getSregs();
        vm.vcpus[0].setSregs({ cs: { ...cs, attributes: long ? 0xa09b : 0xc09b } });
        vm.vcpus[0].setRegs({ rip: 0x20000n, rax: 5n });
        vm.runSlice(300);
        // 150 laps of two, or 100 of three.
        expect(vm.vcpus[0].getRegs().rax).toBe(long ? 155n : 5n);
      }
      expect(compareMachines(pair.reference.vm, pair.subject.vm)).toEqual([]);
    }
    expect(translatorOf(pair.subject.vm).retired.translated).toBeGreaterThan(2000);
  });
});

describe('what stays', () => {
  it('a flush of the TLB makes nothing anew', () => {
    const pair = pairOf(RING0_32, (a) => {
      const start = a.here;
      callMany(a, WINDOW);
      reloadCr3(a);
      a.branch([0xe9], start);
    });
    placeFunctions(pair, 1);
    together(pair, { longest: 500, limit: 5000 });
    const { regions } = translatorOf(pair.subject.vm).made;
    together(pair, { longest: 500, limit: 5000 });
    expect(translatorOf(pair.subject.vm).made.regions).toBe(regions);
  });
});
