// Why a guest came to its end, in words: each cause in a scene that has it, and the nearest scene that has not.

import { describe, expect, it } from 'vitest';
import { createPc } from '../../src/index.ts';
import { DEFAULT_MODEL } from '../../src/cpu/arch/model.ts';
import { CR0, EFER } from '../../src/cpu/arch/control-bits.ts';
import { Vector } from '../../src/cpu/arch/vectors.ts';
import type { Branch, Track } from '../../src/debug/branch-recorder.ts';
import { faultCauses, stopCauses } from '../../src/debug/causes.ts';
import type { FaultAt, Scene } from '../../src/debug/causes.ts';
import type { Code } from '../../src/debug/code-at.ts';

const [vcpu] = createPc({ memory: 1 << 20 }).vm.vcpus;
const REGS = { ...vcpu!.getRegs(), rsp: 0x9000n };
const SREGS = { ...vcpu!.getSregs(), cr0: CR0.PE | CR0.PG, idt: { base: 0x5000n, limit: 0xff } };

const codeOf = (bits: 16 | 32 | 64, ...bytes: number[]): Code => ({
  cs: 8,
  rip: 0x200000n,
  linear: 0x200000n,
  bits,
  bytes: Uint8Array.from(bytes),
});
const NOP = codeOf(32, 0x90);
const scene = (fields: Partial<Scene> = {}): Scene => ({
  activity: 'active',
  code: NOP,
  regs: REGS,
  sregs: SREGS,
  features: DEFAULT_MODEL.features,
  track: null,
  ...fields,
});
const fault = (vector: number, fields: Partial<FaultAt> = {}): FaultAt => ({
  vector,
  errorCode: vector === Vector.UD ? null : 0,
  address: 0n,
  delivering: null,
  code: NOP,
  ...fields,
});
const idt = (base: bigint, limit = 0xff): Partial<Scene> => ({ sregs: { ...SREGS, idt: { base, limit } } });
const PRESENT = 1;
const WRITE = 2;
const FETCH = 16;

describe('of a triple fault', () => {
  it.each<[string, FaultAt[], Partial<Scene>, string[]]>([
    [
      'SSE',
      [fault(Vector.UD, { code: codeOf(32, 0x0f, 0x58, 0xc1) })],
      {},
      ['SSE is not offered by this CPU model: docs/not-implemented.md'],
    ],
    [
      'UD2',
      [fault(Vector.UD, { code: codeOf(32, 0x0f, 0x0b) })],
      {},
      ['UD2, by which compilers and kernels mark what must not be reached'],
    ],
    [
      'SYSCALL that is off',
      [fault(Vector.UD, { code: codeOf(64, 0x0f, 0x05) })],
      { sregs: { ...SREGS, efer: EFER.LMA } },
      ['SYSCALL is off (EFER.SCE is 0): this may be a Linux program, not a kernel'],
    ],
    ['a null pointer', [fault(Vector.PF, { address: 0x10n })], {}, ['a null pointer: nothing is mapped at 0x10']],
    [
      'a jump to a null pointer',
      [fault(Vector.PF, { address: 8n, errorCode: FETCH })],
      {},
      ['it jumped to a null pointer: nothing is mapped there'],
    ],
    [
      'a jump to nowhere, by the address of the code',
      [fault(Vector.PF, { address: 0x200000n })],
      {},
      ['it jumped to 0x200000, where nothing is mapped'],
    ],
    [
      'a page that may not be written',
      [fault(Vector.PF, { address: 0x7000n, errorCode: PRESENT | WRITE })],
      {},
      ['the page at 0x7000 may not be written'],
    ],
    ['a page that may not be read, of which nothing is known', [fault(Vector.PF, { address: 0x7000n, errorCode: PRESENT })], {}, []],
    ['nothing mapped', [fault(Vector.PF, { address: 0x700000n })], {}, ['nothing is mapped at 0x700000']],
    [
      'a stack that overflowed',
      [fault(Vector.PF, { address: 0x8ffcn, errorCode: WRITE })],
      {},
      ['the stack has no room: nothing is mapped at RSP 0x9000 (did it overflow?)'],
    ],
    [
      'a frame for which the stack has no room',
      [fault(Vector.GP), fault(Vector.PF, { address: 0x8ff8n, delivering: Vector.GP })],
      {},
      ['the stack has no room: nothing is mapped at RSP 0x9000 (did it overflow?)'],
    ],
    [
      'no IDT',
      [fault(Vector.GP), fault(Vector.GP, { delivering: Vector.GP, errorCode: 0x6a })],
      idt(0n, 0),
      ['no IDT is loaded (base 0, limit 0x0), so exceptions have no handlers'],
    ],
    [
      'an IDT that is too short',
      [fault(Vector.PF, { address: 0x700000n }), fault(Vector.GP, { delivering: Vector.PF, errorCode: 0x72 })],
      idt(0x5000n, 8 * Vector.PF - 1),
      ['nothing is mapped at 0x700000', 'the IDT ends before entry 14: its limit is 0x6f'],
    ],
    [
      'an IDT that is not mapped',
      [fault(Vector.GP), fault(Vector.PF, { delivering: Vector.GP, address: 0x5068n })],
      {},
      ['the IDT at 0x5000 is not mapped'],
    ],
    [
      'an entry that is not present',
      [fault(Vector.GP), fault(Vector.NP, { delivering: Vector.GP, errorCode: 0x6a })],
      {},
      ['entry 13 of the IDT is not present'],
    ],
    [
      'an entry that is no gate',
      [fault(Vector.GP), fault(Vector.GP, { delivering: Vector.GP, errorCode: 0x6a })],
      {},
      ['entry 13 of the IDT is no gate that leads to a handler'],
    ],
  ])('%s', (_name, faults, fields, causes) => {
    expect(faultCauses(faults, scene(fields), null)).toEqual(causes);
  });

  it('of a 64-bit image that never got to 64-bit mode', () => {
    expect(faultCauses([fault(Vector.GP)], scene(), 64)).toEqual([
      'the image is ELF64, but the processor was in 32-bit code: it had not entered 64-bit mode',
    ]);
    expect(faultCauses([fault(Vector.GP)], scene(), 32)).toEqual([]);
  });
});

describe('of a vCPU that was stopped', () => {
  const at = (linear: bigint) => ({ cs: 8, rip: linear, linear });
  const branch = (from: bigint, to: bigint): Branch => ({ kind: 'branch', vector: null, from: at(from), to: at(to) });
  const track = (branches: Branch[], unanswered: Track['unanswered'] = []): Track => ({ branches, unanswered });
  const loop = Array.from({ length: 16 }, () => branch(0x108n, 0x100n));
  const straight = Array.from({ length: 16 }, (_, n) => branch(BigInt(n), BigInt(n + 100)));
  const open = { ...REGS, rflags: 0x202n };
  it.each<[string, Partial<Scene>, string[]]>([
    ['HLT for good', { activity: 'hlt' }, ['in HLT with interrupts off: nothing but an NMI wakes it']],
    ['HLT that an interrupt ends', { activity: 'hlt', regs: open }, ['asleep in HLT: an interrupt would wake it']],
    ['a processor that nobody started', { activity: 'wait-for-sipi' }, ['not started']],
    [
      'a jump to itself that an interrupt ends',
      { code: codeOf(32, 0xeb, 0xfe), regs: open },
      ['it jumps to itself: only the handler of an interrupt can end that'],
    ],
    ['a loop', { track: track(loop) }, ['in a loop from 0x100 to 0x108, as all of the last 16 branches are']],
    [
      'a loop that another one, or a call, came before',
      {
        track: track([
          branch(0x20n, 0x40n),
          ...loop.slice(0, 5).map(() => branch(0x48n, 0x40n)),
          branch(0x50n, 0x100n),
          ...loop.slice(0, 9),
        ]),
      },
      ['in a loop from 0x100 to 0x108, as all of the last 9 branches are'],
    ],
    [
      'a loop right behind another one',
      { track: track([...loop.slice(0, 5).map(() => branch(0x48n, 0x40n)), ...loop.slice(0, 11)]) },
      ['in a loop from 0x100 to 0x108, as all of the last 11 branches are'],
    ],
    [
      'a loop in a loop',
      { track: track([1, 2, 3, 4].flatMap(() => [...loop.slice(0, 3), branch(0x110n, 0xf0n)])) },
      ['in a loop from 0xf0 to 0x110, as all of the last 16 branches are'],
    ],
    ['code that gets on', { track: track(straight) }, []],
    [
      'a port that nobody answers at',
      { track: track(straight, [{ space: 'io', address: 0x1f7 }]) },
      ['no device answers at port 0x1f7, which it reads'],
    ],
  ])('%s', (_name, fields, causes) => {
    expect(stopCauses(scene(fields))).toEqual(causes);
  });
});
