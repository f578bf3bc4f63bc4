// Instructions that only the interpreter executes are calls out of translated code. What they change is seen behind the call, and
// what they may have changed of how execution goes on is looked at before it.

import { describe, expect, it } from 'vitest';
import { CodeMode } from '../../src/cpu/arch/code-mode.ts';
import { decode } from '../../src/cpu/decode/decode.ts';
import { HelperSites } from '../../src/cpu/translator/helper-sites.ts';
import { ALL_FEATURES } from '../support/cpu-models.ts';
import { createPc } from '../../src/machine/pc.ts';
import { translatorOf } from '../lockstep/support/share.ts';
import type { Assembler } from '../lockstep/random/assembler.ts';
import { RING0_32, RING0_64, pairOf, together } from './support.ts';

/** A loop of 2,000 laps around `body`, with ECX as its counter, EBX as a sum, and the flags of a comparison alive. */
function lapsAround(a: Assembler, body: readonly number[]): void {
  a.raw(0xb9, 0xd0, 0x07, 0, 0); // mov ecx, 2000
  a.raw(0x31, 0xdb); // xor ebx, ebx
  a.raw(0x83, 0xc3, 0x03); // add ebx, 3
  a.raw(0x39, 0xcb); // cmp ebx, ecx
  a.raw(...body);
  a.raw(0x83, 0xd3, 0x00); // adc ebx, 0
  const length = 3 + 2 + body.length + 3;
  a.raw(0xff, 0xc9); // dec ecx
  a.raw(0x75, 256 - (length + 4)); // jnz
  a.raw(0xf4); // hlt
}

const BODIES: Readonly<Record<string, readonly number[]>> = {
  cli: [0xfa],
  'pushf; pop eax': [0x9c, 0x58],
  'push 0x242; popf: interrupts on, a look at what pends': [0x68, 0x42, 0x02, 0, 0, 0x9d, 0xfa],
  'sti; nop: the shadow of one instruction': [0xfb, 0x90, 0xfa],
  lahf: [0x9f],
  'sahf: CF comes from AH': [0x88, 0xdc, 0x9e],
  'mov eax, ds; mov fs, eax': [0x8c, 0xd8, 0x8e, 0xe0],
  'mov eax, ss; mov ss, eax; nop': [0x8c, 0xd0, 0x8e, 0xd0, 0x90],
  'mov eax, cr0; mov cr0, eax': [0x0f, 0x20, 0xc0, 0x0f, 0x22, 0xc0],
  'mov eax, cr3; mov cr3, eax: the code is looked up anew': [0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8],
  'cpuid changes four registers': [0x51, 0x31, 0xc0, 0x0f, 0xa2, 0x01, 0xc3, 0x59],
  'smsw ax': [0x0f, 0x01, 0xe0],
  'verr ax': [0x0f, 0x00, 0xe0],
  clts: [0x0f, 0x06],
};

describe.each([
  ['32-bit', RING0_32],
  ['64-bit', RING0_64],
] as const)('%s code', (_name, setting) => {
  it.each(Object.entries(BODIES))('%s', (_text, body) => {
    const pair = pairOf(setting, (a) => lapsAround(a, body));
    together(pair, { longest: 4000, limit: 60_000 });
    const { translated, interpreted } = translatorOf(pair.subject.vm).retired;
    // An instruction in a shadow is stepped, and so is the end of each slice.
    expect(interpreted).toBeLessThan(translated);
  });
});

it('takes the number that was given back first', () => {
  const sites = new HelperSites();
  const insn = decode(() => 0xfa, CodeMode.BITS32, ALL_FEATURES);
  const take = (): number => sites.take(insn, true);
  expect([take(), take(), take()]).toEqual([0, 1, 2]);
  sites.release([1]);
  expect([take(), take()]).toEqual([1, 3]);
});

it.each(['interpreter', 'translator'] as const)('a service behind a port answers by a flag, which the %s sees', (engine) => {
  const bytes = new Uint8Array(512);
  // cli; mov cx, 200; xor bx, bx; then: clc; mov dx, 0x500; out dx, al; adc bx, 0; dec cx; jnz; hlt
  bytes.set([0xfa, 0xb9, 200, 0, 0x31, 0xdb, 0xf8, 0xba, 0x00, 0x05, 0xee, 0x83, 0xd3, 0, 0x49, 0x75, 0xf5, 0xf4]);
  bytes.set([0x55, 0xaa], 510);
  const service = {
    at: 0x500,
    length: 1,
    write: () => {
      pc.vm.calling(0).flags |= 1;
    },
  };
  const pc = createPc({ memory: 2 ** 20, engine, disk: { name: 'adds', bytes }, devices: [service] });
  expect(pc.vm.runSlice(1_000_000).exit.kind).toBe('hlt');
  expect(pc.vm.vcpus[0]!.getRegs().rbx & 0xffffn).toBe(200n);
});
