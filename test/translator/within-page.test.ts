// Calls, returns and computed jumps within a page: they stay in one region, and go where the guest says.

import { describe, expect, it } from 'vitest';
import type { Assembler } from '../lockstep/random/assembler.ts';
import { WINDOW, codeBase } from '../lockstep/random/layout.ts';
import { translatedShare, translatorOf } from '../lockstep/support/share.ts';
import type { Pair } from './support.ts';
import { RING0_32, RING0_64, move, pairOf, together } from './support.ts';

const RAX = 0;
const RCX = 1;
const RSI = 6;
const SETTINGS = [
  ['32-bit code', RING0_32],
  ['64-bit code', RING0_64],
] as const;

/** CALL, and a conditional jump, to a place. */
const CALL = [0xe8];
const JNZ = [0x0f, 0x85];

/** Runs both engines in lockstep to HLT. Returns the general registers. */
function run(pair: Pair, longest = 3000): ReturnType<Pair['subject']['vm']['vcpus'][0]['getRegs']> {
  expect(together(pair, { longest, limit: 200_000 }).exit.kind).toBe('hlt');
  return pair.subject.vm.vcpus[0]!.getRegs();
}

/** The Fibonacci number of EAX = n in EAX, by calls of itself. */
function fibonacci(a: Assembler, n: number): void {
  const fib = a.label();
  const small = a.label();
  move(a, RAX, n);
  a.branch(CALL, fib);
  a.raw(0xf4);
  a.bind(fib);
  // cmp eax, 2; jb small; push (e/r)ax; sub eax, 1
  a.raw(0x83, 0xf8, 2);
  a.branch([0x0f, 0x82], small);
  a.raw(0x50, 0x83, 0xe8, 1);
  a.branch(CALL, fib);
  // pop (e/r)cx; push (e/r)ax; lea eax, [ecx - 2]
  a.raw(0x59, 0x50, 0x8d, 0x41, 0xfe);
  a.branch(CALL, fib);
  // pop (e/r)cx; add eax, ecx
  a.raw(0x59, 0x01, 0xc8);
  a.bind(small);
  a.raw(0xc3);
}

describe.each(SETTINGS)('in %s', (_name, setting) => {
  it('a function that calls itself is one region', () => {
    const pair = pairOf(setting, (a) => fibonacci(a, 15));
    expect(run(pair).rax).toBe(610n);
    expect(translatorOf(pair.subject.vm).made.regions).toBeLessThan(6);
    expect(translatedShare(pair.subject.vm)).toBeGreaterThan(0.95);
  });

  it('it stops after every number of instructions', () => {
    const pair = pairOf(setting, (a) => fibonacci(a, 7));
    expect(run(pair, 3).rax).toBe(13n);
  });

  it('a return goes to the address that was put in place of its own', () => {
    const pair = pairOf(setting, (a) => {
      const head = a.label();
      const callee = a.label();
      const other = a.label();
      move(a, RCX, 300);
      a.bind(head);
      a.branch(CALL, callee);
      // inc ebx, half of the time
      a.raw(0xff, 0xc3);
      a.bind(other);
      a.raw(0x83, 0xe9, 1);
      a.branch(JNZ, head);
      a.raw(0xf4);
      a.bind(callee);
      // test ecx, 1; jz over; add [esp or rsp], 2 (the length of the INC)
      a.raw(0xf7, 0xc1).field(4, 1);
      a.raw(0x74, 4, 0x83, 0x04, 0x24, 2);
      a.raw(0xc3);
    });
    expect(run(pair).rbx).toBe(150n);
  });

  it.each([3, 12])('a jump through a table of %i goes on within the region', (count) => {
    const pair = pairOf(setting, (a) => {
      const head = a.label();
      const next = a.label();
      move(a, RCX, 500);
      move(a, RSI, 0);
      a.bind(head);
      // mov ebx, [WINDOW + esi * 4]; jmp ebx
      a.raw(0x8b, 0x1c, 0xb5).field(4, WINDOW);
      a.raw(0xff, 0xe3);
      a.bind(next);
      // inc esi; cmp esi, count; jb +2; xor esi, esi
      a.raw(0xff, 0xc6, 0x83, 0xfe, count, 0x72, 2, 0x31, 0xf6);
      a.raw(0x83, 0xe9, 1);
      a.branch(JNZ, head);
      a.raw(0xf4);
      // case n, 16 bytes each from 0x100 on: add eax, n + 1; jmp next
      for (let n = 0; n < count; n++) {
        a.raw(...new Array<number>(0x100 + 16 * n - a.length).fill(0x90));
        a.raw(0x83, 0xc0, n + 1);
        a.branch([0xe9], next);
      }
    });
    const places = Uint32Array.from({ length: count }, (_, n) => codeBase(setting) + 0x100 + 16 * n);
    for (const { vm } of [pair.reference, pair.subject]) vm.writeMemory(WINDOW, new Uint8Array(places.buffer));
    let expected = 0n;
    for (let n = 0; n < 500; n++) expected += BigInt((n % count) + 1);
    expect(run(pair).rax).toBe(expected);
    expect(translatedShare(pair.subject.vm)).toBeGreaterThan(0.9);
  });

  it('a loop that is entered in its middle goes round within the region', () => {
    const pair = pairOf(setting, (a) => {
      const head = a.label();
      const middle = a.label();
      move(a, RCX, 2000);
      a.branch([0xe9], middle);
      a.bind(head);
      a.raw(0x83, 0xc0, 2);
      a.bind(middle);
      a.raw(0x83, 0xc3, 1, 0x83, 0xe9, 1);
      a.branch(JNZ, head);
      a.raw(0xf4);
    });
    const regs = run(pair);
    expect([regs.rax, regs.rbx]).toEqual([3998n, 2000n]);
    expect(translatorOf(pair.subject.vm).made.regions).toBeLessThan(3);
  });

  it('code that is changed within such a region is changed at the next call', () => {
    const pair = pairOf(setting, (a) => {
      const head = a.label();
      const callee = a.label();
      move(a, RCX, 200);
      a.bind(head);
      a.branch(CALL, callee);
      // mov [WINDOW], cl; and, from the 100th round on, mov byte [immediate], 7
      a.raw(0x83, 0xf9, 100, 0x77, 8);
      a.raw(0xc6, 0x04, 0x25)
        .field(4, codeBase(setting) + 0x102)
        .raw(7);
      a.raw(0x83, 0xe9, 1);
      a.branch(JNZ, head);
      a.raw(0xf4);
      a.raw(...new Array<number>(0x100 - a.length).fill(0x90));
      a.bind(callee);
      a.raw(0x83, 0xc0, 1, 0xc3);
    });
    expect(run(pair, 100).rax).toBe(101n + 99n * 7n);
  });
});
