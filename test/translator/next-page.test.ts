// A loop with an instruction of which the last bytes lie in the next page: translated, and what lies there is looked at each time.

import { describe, expect, it } from 'vitest';
import type { Assembler } from '../lockstep/random/assembler.ts';
import { CODE_GPA, RESUME, WINDOW, codeBase, entryOf } from '../lockstep/random/layout.ts';
import { translatedShare, translatorOf } from '../lockstep/support/share.ts';
import { RING0_32, RING0_64, move, pairOf, together } from './support.ts';

const RCX = 1;
const NEXT = CODE_GPA + 0x1000;
const ROUNDS = 400;

/** Fills up to `distance` from the code's start, which is the start of a page. */
const fill = (a: Assembler, distance: number): void => void a.raw(...new Array<number>(distance - a.length).fill(0x90));

/** ROUNDS times: `before`, then ADD EAX with an immediate of which `inPage` bytes less one are in this page; `before` ends in time. */
function crossingLoop(a: Assembler, inPage: number, before: (a: Assembler) => void = () => {}): void {
  const head = a.label();
  move(a, RCX, ROUNDS);
  a.raw(0x31, 0xc0);
  a.branch([0xe9], head);
  fill(a, 0x1000 - inPage - 64);
  a.bind(head);
  before(a);
  // sub ebx, 1: its flags are seen if the fetch of the next instruction faults, and else by nobody.
  fill(a, 0x1000 - inPage - 3);
  a.raw(0x83, 0xeb, 1);
  a.raw(0x05).field(4, 0x01020304);
  // sub ecx, 1
  a.raw(0x83, 0xe9, 1);
  a.branch([0x0f, 0x85], head);
  a.raw(0xf4);
}

const sum = (each: number): bigint => BigInt((each * ROUNDS) % 2 ** 32);

describe('an instruction that reaches into the next page', () => {
  const SETTINGS = [
    ['32-bit code', RING0_32],
    ['64-bit code', RING0_64],
  ] as const;
  it.each(SETTINGS.flatMap(([name, setting]) => [1, 2, 3, 4].map((inPage) => [name, inPage, setting] as const)))(
    'in %s, %i bytes of it in its own page, is translated',
    (_name, inPage, setting) => {
      const pair = pairOf(setting, (a) => crossingLoop(a, inPage));
      expect(together(pair, { longest: 5000, limit: 100_000 }).exit.kind).toBe('hlt');
      expect(pair.subject.vm.vcpus[0]!.getRegs().rax).toBe(sum(0x01020304));
      expect(translatedShare(pair.subject.vm)).toBeGreaterThan(0.95);
      expect(translatorOf(pair.subject.vm).made.regions).toBeLessThan(20);
    },
  );

  it('is another one once its bytes there have changed', () => {
    // mov [NEXT + 2], cl: the last byte of the immediate, whose first two bytes … lie before
    const pair = pairOf(RING0_32, (a) => crossingLoop(a, 2, () => a.raw(0x88, 0x0d).field(4, NEXT + 2)));
    expect(together(pair, { longest: 500, limit: 100_000 }).exit.kind).toBe('hlt');
    let expected = 0n;
    for (let round = ROUNDS; round > 0; round--) expected += BigInt(0x00020304 + (round & 0xff) * 2 ** 24);
    expect(pair.subject.vm.vcpus[0]!.getRegs().rax).toBe(expected % 2n ** 32n);
  });

  it('is another one once another page lies behind', () => {
    const pair = pairOf(RING0_32, (a) => {
      // xor dword [entry], 0x3000; invlpg [NEXT]: the pages behind NEXT take turns.
      crossingLoop(a, 2, () =>
        a
          .raw(0x81, 0x35)
          .field(4, entryOf(RING0_32, (NEXT - WINDOW) / 4096))
          .field(4, 0x3000)
          .raw(0x0f, 0x01, 0x3d)
          .field(4, NEXT),
      );
    });
    for (const { vm } of [pair.reference, pair.subject]) {
      const behind = vm.readMemory(NEXT, 64);
      behind[2] = 0x41;
      vm.writeMemory(NEXT + 0x1000, behind);
    }
    expect(together(pair, { longest: 500, limit: 100_000 }).exit.kind).toBe('hlt');
    expect(pair.subject.vm.vcpus[0]!.getRegs().rax).toBe((sum(0x01020304) / 2n + sum(0x41020304) / 2n) % 2n ** 32n);
  });

  it('faults in the next page when that is not there', () => {
    const pair = pairOf(RING0_32, (a) => {
      // In the 200th round: and dword [entry], ~1; invlpg [NEXT]
      crossingLoop(a, 2, () => {
        a.raw(0x81, 0xf9).field(4, 200).raw(0x75, 17);
        a.raw(0x81, 0x25)
          .field(4, entryOf(RING0_32, (NEXT - WINDOW) / 4096))
          .field(4, ~1)
          .raw(0x0f, 0x01, 0x3d)
          .field(4, NEXT);
      });
    });
    // The handler goes on at a HLT.
    const halt = codeBase(RING0_32) + 0x800;
    for (const { vm } of [pair.reference, pair.subject]) {
      vm.writeMemory(halt, Uint8Array.of(0xf4));
      vm.writeMemory(RESUME, new Uint8Array(Uint32Array.of(halt).buffer));
    }
    expect(together(pair, { longest: 500, limit: 100_000 }).exit.kind).toBe('hlt');
    const { subject } = pair;
    expect(subject.vm.vcpus[0]!.getSregs().cr2).toBe(BigInt(NEXT));
    expect(subject.vm.vcpus[0]!.getRegs().rcx).toBe(200n);
  });
});
