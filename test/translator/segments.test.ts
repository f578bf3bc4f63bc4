// Translated code in segments: where offsets, IP and SP wrap and end, and what CS, DS and SS mean, by small programs in both
// engines in lockstep. Limits: SDM vol. 3, "Limit Checking"; 8086 code: "8086 Emulation".

import { describe, expect, it } from 'vitest';
import { Assembler } from '../lockstep/random/assembler.ts';
import { CODE_GPA, RESUME, WINDOW, codeBase } from '../lockstep/random/layout.ts';
import type { Setting } from '../lockstep/random/layout.ts';
import { CODE_ALIAS, selectorsOf } from '../lockstep/random/segments.ts';
import type { Segments } from '../lockstep/random/segments.ts';
import { translatedShare } from '../lockstep/support/share.ts';
import { pairOf, together } from './support.ts';
import type { Pair } from './support.ts';

const AX = 0;
const CX = 1;
const BX = 3;
const SP = 4;
const SI = 6;
const GP = 13;
const SS_FAULT = 12;
const BASES = { code: 0x1fff0, data: 0x1fff0, extra: 0x24010, stack: 0x3d000 };
const setting = (mode: Segments['mode'], width: 16 | 32, ring: 0 | 3, more: Partial<Segments> = {}): Setting => ({
  width,
  ring,
  segments: { mode, ...BASES, ...more },
});

const REAL = setting('real', 16, 0);
const UNREAL = setting('unreal', 16, 0);
const MODES: readonly (readonly [string, Setting])[] = [
  ['real-address mode', REAL],
  ['unreal mode', UNREAL],
  ['virtual-8086 mode', setting('virtual-8086', 16, 3)],
  ['16-bit protected mode', setting('protected', 16, 3)],
  ['16-bit code on a 32-bit stack', setting('protected', 16, 0, { stack16: false })],
  ['32-bit code in segments', setting('protected', 32, 3)],
  ['32-bit code on a 16-bit stack', setting('protected', 32, 0, { stack16: true })],
];

/** Offset in DS of the window, and of its page `page`. */
const windowAt = ({ segments }: Setting, page = 0): number => WINDOW + 0x1000 * page - segments!.data;

const gpr = ({ subject }: Pair, name: 'rax' | 'rbx' | 'rcx' | 'rsp'): number => Number(subject.vm.vcpus[0].getRegs()[name]);
/** How often exception `vector` came. */
const faults = ({ subject }: Pair, vector: number): number =>
  new DataView(subject.vm.readMemory(RESUME + 64 + 4 * vector, 4).buffer).getUint32(0, true);

const move = (a: Assembler, reg: number, value: number): void => void a.raw(...(a.width === 16 ? [0x66] : []), 0xb8 + reg).field(4, value);
const word = (a: Assembler): 2 | 4 => (a.width === 16 ? 2 : 4);
/** Where execution goes on after a fault. */
const resumeAt = (a: Assembler, { segments }: Setting, value: { at: number }): void =>
  void a.instruction({
    opcode: [0xc7],
    reg: 0,
    size: word(a),
    rm: { displacement: RESUME - segments!.data },
    immediate: { bytes: word(a), value },
  });

/** The end of a program: a jump to itself, so that it ends in rings 0 and 3 alike. */
const stop = (a: Assembler): void => void a.raw(0xeb, 0xfe);
const run = (pair: Pair, limit = 5000, longest = 700): Pair => {
  together(pair, { longest, limit });
  return pair;
};
/** Code elsewhere than at the program's start. */
function place(pair: Pair, linear: number, emit: (a: Assembler) => void): void {
  const a = new Assembler(16, 0);
  emit(a);
  for (const { vm } of [pair.reference, pair.subject]) vm.writeMemory(linear, a.finish());
}
const farJump = (a: Assembler, selector: number, offset: number): void => void a.raw(0xea).field(word(a), offset).field(2, selector);

describe.each(MODES)('%s', (_title, at) => {
  it('a loop with loads, stores, pushes and calls runs translated, nearly all of it', () => {
    const pair = run(
      pairOf(at, (a) => {
        const head = a.label();
        const routine = a.label();
        const behind = a.label();
        a.branch([0xe9], behind);
        a.bind(routine);
        a.instruction({ opcode: [0x01], size: word(a), reg: AX, rm: { base: SI, displacement: 4 } });
        a.raw(0xc3);
        a.bind(behind);
        move(a, AX, 0);
        move(a, CX, 2000);
        move(a, SI, windowAt(at));
        a.bind(head);
        a.instruction({ opcode: [0x89], size: word(a), reg: CX, rm: { base: SI } });
        a.raw(0x50 + CX, 0x58 + BX);
        a.instruction({ opcode: [0x03], size: word(a), reg: AX, rm: { base: SI } });
        a.branch([0xe8], routine);
        a.raw(0xe2).field(1, head, true);
        stop(a);
      }),
      20_000,
      5000,
    );
    expect(gpr(pair, 'rbx')).toBe(1);
    expect(gpr(pair, 'rax') & 0xffff).toBe(((2000 * 2001) / 2) & 0xffff);
    expect(translatedShare(pair.subject.vm)).toBeGreaterThan(0.95);
  });

  it('the same bytes by another base of CS, where IP is another', () => {
    const { code, alias } = selectorsOf(at);
    const pair = run(
      pairOf(at, (a) => {
        const head = a.label();
        const routine = a.label();
        const next = a.label();
        const behind = a.label();
        a.branch([0xe9], behind);
        a.bind(routine);
        // call next; next: pop bx; add ax, bx; retf
        a.branch([0xe8], next);
        a.bind(next);
        a.raw(0x58 + BX);
        a.instruction({ opcode: [0x01], size: word(a), reg: BX, rm: AX });
        a.raw(0xcb);
        a.bind(behind);
        move(a, AX, 0);
        move(a, CX, 100);
        a.bind(head);
        for (const [selector, by] of [
          [code, 0],
          [alias, CODE_ALIAS],
        ] as const) {
          a.raw(0x9a)
            .field(word(a), {
              get at() {
                return routine.at + by;
              },
            })
            .field(2, selector);
        }
        a.raw(0xe2).field(1, head, true);
        stop(a);
      }),
      4000,
    );
    const next = codeBase(at) + (at.width === 16 ? 6 : 10);
    expect(gpr(pair, 'rax') & 0xffff).toBe((100 * (2 * next + CODE_ALIAS)) & 0xffff);
    expect(gpr(pair, 'rbx')).toBe(next + CODE_ALIAS);
  });

  it('code that overwrites its own immediates', () => {
    const pair = run(
      pairOf(at, (a) => {
        const head = a.label();
        const patched = a.label();
        move(a, AX, 0);
        move(a, CX, 60);
        a.bind(head);
        a.raw(...(a.width === 16 ? [0x66] : []), 0xb8 + BX);
        a.bind(patched);
        a.field(4, 0);
        a.instruction({ opcode: [0x01], size: 4, reg: BX, rm: AX });
        const { segments } = at;
        const displacement = {
          get at() {
            return patched.at + segments!.code - segments!.data;
          },
        };
        a.instruction({ opcode: [0x89], size: word(a), reg: CX, rm: { displacement } });
        a.raw(0xe2).field(1, head, true);
        stop(a);
      }),
      1500,
    );
    expect(gpr(pair, 'rax')).toBe((60 * 61) / 2 - 1);
  });

  it('a word at the last byte of a 64 KiB segment faults before anything', () => {
    const pair = run(
      pairOf(at, (a) => {
        const head = a.label();
        const behind = a.label();
        move(a, CX, 50);
        move(a, BX, 0xffff);
        a.bind(head);
        resumeAt(a, at, behind);
        move(a, AX, 0x5a);
        a.instruction({ opcode: [0x87], size: 2, reg: AX, rm: { base: BX } });
        move(a, AX, 0);
        a.bind(behind);
        a.raw(0xe2).field(1, head, true);
        stop(a);
      }),
    );
    const permits = at === UNREAL;
    expect([faults(pair, GP), gpr(pair, 'rcx') & 0xffff, gpr(pair, 'rax')]).toEqual([permits ? 0 : 50, 0, permits ? 0 : 0x5a]);
  });
});

describe('in real-address mode', () => {
  it('a jump wraps at 64 KiB: forward from the last bytes, and back from the first', () => {
    // CS begins in the middle of a page: what lies before it there is not behind IP = 0.
    const base = 0x30800;
    const selector = base >> 4;
    const rounds = 100;
    const pair = pairOf(REAL, (a) => {
      move(a, AX, 0);
      move(a, BX, rounds);
      farJump(a, selector, 0xfff0);
    });
    // at FFF0: inc ax; jmp 0008
    place(pair, base + 0xfff0, (a) => a.raw(0x40, 0xe9).field(2, 0x0008 - 0xfff4));
    // at 0008: dec bx; jz stop; jmp FFF0, sixteen bytes before 0 and in the page
    place(pair, base + 8, (a) =>
      a
        .raw(0x4b, 0x74, 3, 0xe9)
        .field(2, 0xfff0 - 0x000e)
        .raw(0xeb, 0xfe),
    );
    place(pair, base - 16, (a) => a.raw(0xb8, 0xad, 0xde, 0xeb, 0xfe));
    run(pair, 2000);
    expect([gpr(pair, 'rax'), gpr(pair, 'rbx')]).toEqual([rounds, 0]);
    expect(translatedShare(pair.subject.vm)).toBeGreaterThan(0.9);
  });

  it('straight code that reaches 64 KiB is #GP there, with what went before done', () => {
    const pair = pairOf(REAL, (a) => {
      const head = a.label();
      const behind = a.label();
      resumeAt(a, REAL, behind);
      move(a, AX, 0);
      move(a, CX, 40);
      a.bind(head);
      farJump(a, 0x3080, 0xfffc);
      a.bind(behind);
      a.raw(0xe2).field(1, head, true);
      stop(a);
    });
    place(pair, 0x30800 + 0xfffc, (a) => a.raw(0x40, 0x40, 0x40, 0x40, 0x40, 0xeb, 0xfe));
    run(pair);
    expect([faults(pair, GP), gpr(pair, 'rax')]).toEqual([40, 160]);
  });

  it('an instruction with bytes on both sides of the limit is #GP, also where another base of CS made it run', () => {
    const linear = 0x3ffec;
    const pair = pairOf(REAL, (a) => {
      const head = a.label();
      const behind = a.label();
      resumeAt(a, REAL, behind);
      move(a, AX, 0);
      move(a, BX, 0);
      move(a, CX, 60);
      a.bind(head);
      // Whole by this base …
      a.raw(0x9a).field(2, 0x1ec).field(2, 0x3fe0);
      // … and by this one the third begins at FFFE.
      farJump(a, (linear - 0xfffc) >> 4, 0xfffc);
      a.bind(behind);
      a.raw(0xe2).field(1, head, true);
      stop(a);
    });
    // inc ax; inc ax; add bx, 0101H; retf
    place(pair, linear, (a) => a.raw(0x40, 0x40, 0x81, 0xc3, 1, 1, 0xcb));
    run(pair);
    expect([faults(pair, GP), gpr(pair, 'rax'), gpr(pair, 'rbx')]).toEqual([60, 240, (60 * 0x101) & 0xffff]);
  });

  it('a loop whose head is before IP = 0 by one base of CS, and after it by another', () => {
    // dec bx; jz out; both calls come here, where by the second base IP = 0: inc ax; jmp to the dec. out: retf
    const linear = 0x3f00d;
    const selector = (linear + 3) >> 4;
    const pair = pairOf(REAL, (a) => {
      const head = a.label();
      move(a, AX, 0);
      move(a, CX, 60);
      a.bind(head);
      move(a, BX, 50);
      a.raw(0x9a).field(2, 0x1010).field(2, 0x3e00);
      a.raw(0x9a).field(2, 0).field(2, selector);
      a.raw(0xe2).field(1, head, true);
      stop(a);
    });
    place(pair, linear, (a) => a.raw(0x4b, 0x74, 3, 0x40, 0xeb, 0xfa, 0xcb));
    // FFFD by the second base: inc ax; retf
    place(pair, linear + 0x10000, (a) => a.raw(0x40, 0xcb));
    run(pair, 20_000);
    expect(gpr(pair, 'rax')).toBe(60 * (50 + 1 + 1));
  });

  it('a loop on both sides of 64 KiB by one base of CS, and within it by another', () => {
    // The first base: IP = 100DH to 1013H. The second: FFFD to 10003H, where the jump back is beyond the limit already.
    const linear = 0x4000d;
    const base = 0x30010;
    const pair = pairOf(REAL, (a) => {
      const head = a.label();
      const behind = a.label();
      resumeAt(a, REAL, behind);
      move(a, AX, 0);
      move(a, CX, 60);
      a.bind(head);
      move(a, BX, 50);
      a.raw(0x9a).field(2, 0x100d).field(2, 0x3f00);
      farJump(a, base >> 4, 0xfffd);
      a.bind(behind);
      a.raw(0xe2).field(1, head, true);
      stop(a);
    });
    // dec bx; jz out; inc ax; jmp to the dec; out: retf
    place(pair, linear, (a) => a.raw(0x4b, 0x74, 3, 0x40, 0xeb, 0xfa, 0xcb));
    run(pair, 20_000);
    // By the second base BX goes to FFFF, and the first byte behind 64 KiB is not fetched.
    expect([gpr(pair, 'rax'), gpr(pair, 'rbx'), faults(pair, GP)]).toEqual([60 * 49, 0xffff, 60]);
  });

  it('16-bit jumps cut IP also where CS goes on behind 64 KiB', () => {
    const linear = 0x4000d;
    const base = 0x30010;
    const wide = setting('real', 16, 0, { codeLimit: 0x1ffff });
    const pair = pairOf(wide, (a) => {
      const head = a.label();
      move(a, AX, 0);
      move(a, CX, 60);
      a.bind(head);
      move(a, BX, 50);
      a.raw(0x9a).field(2, 0x100d).field(2, 0x3f00);
      a.raw(0x9a)
        .field(2, 0xfffd)
        .field(2, base >> 4);
      a.raw(0xe2).field(1, head, true);
      stop(a);
    });
    // nop; nop; nop; 10000H by the second base: dec bx; jz out; inc ax; jmp to the dec, or to 0; out: retf
    place(pair, linear, (a) => a.raw(0x90, 0x90, 0x90, 0x4b, 0x74, 3, 0x40, 0xeb, 0xfa, 0xcb));
    // 0 by the second base: add ax, 100H; retf
    place(pair, base, (a) => a.raw(0x05, 0, 1, 0xcb));
    run(pair, 20_000);
    expect([gpr(pair, 'rax'), gpr(pair, 'rbx')]).toEqual([60 * (49 + 1 + 0x100), 0xffff]);
  });

  it('a 32-bit jump beyond 64 KiB faults where it stands', () => {
    const pair = run(
      pairOf(REAL, (a) => {
        const head = a.label();
        const behind = a.label();
        resumeAt(a, REAL, behind);
        move(a, AX, 0x10000 + CODE_GPA - BASES.code);
        move(a, CX, 40);
        a.bind(head);
        // inc bx; jmp eax
        a.raw(0x43, 0x66, 0xff, 0xe0);
        a.bind(behind);
        a.raw(0xe2).field(1, head, true);
        stop(a);
      }),
    );
    expect([faults(pair, GP), gpr(pair, 'rbx')]).toEqual([40, 40]);
  });

  it('SP wraps from 0 to FFFE, and a word at FFFF is #SS', () => {
    const pair = run(
      pairOf(REAL, (a) => {
        const head = a.label();
        move(a, CX, 40);
        a.bind(head);
        // mov sp, 0; push cx; pop bx: SP is 0 again
        a.raw(0xbc)
          .field(2, 0)
          .raw(0x50 + CX, 0x58 + BX);
        a.raw(0xe2).field(1, head, true);
        stop(a);
      }),
    );
    expect([gpr(pair, 'rsp'), gpr(pair, 'rbx')]).toEqual([0, 1]);
    expect(translatedShare(pair.subject.vm)).toBeGreaterThan(0.95);
    const wild = pairOf(REAL, (a) => a.raw(0xbc).field(2, 1).raw(0x50, 0xeb, 0xfe));
    expect(together(wild, { longest: 10, limit: 200 }).exit.kind).toBe('shutdown');
  });

  it('the upper half of ESP is kept by a 16-bit stack', () => {
    const pair = run(
      pairOf(REAL, (a) => {
        move(a, SP, 0x12340002);
        const head = a.label();
        move(a, CX, 100);
        a.bind(head);
        a.raw(0x59, 0x51, 0x59, 0x51, 0x59, 0x51);
        a.raw(0xe2).field(1, head, true);
        stop(a);
      }),
      900,
    );
    expect(gpr(pair, 'rsp')).toBe(0x12340002);
  });

  it('DS that changes between two runs of a loop means other memory', () => {
    const pair = run(
      pairOf(REAL, (a) => {
        const outer = a.label();
        const inner = a.label();
        move(a, AX, WINDOW >> 4);
        move(a, BX, 3);
        a.bind(outer);
        // mov ds, ax; mov cx, 50; inner: inc word [10H]; loop inner; add ax, 100H; dec bx; jnz outer
        a.raw(0x8e, 0xd8, 0xb9).field(2, 50);
        a.bind(inner);
        a.raw(0xff, 0x06).field(2, 0x10);
        a.raw(0xe2).field(1, inner, true);
        a.raw(0x05).field(2, 0x100).raw(0x4b);
        a.raw(0x75).field(1, outer, true);
        stop(a);
      }),
      1000,
    );
    expect([0, 1, 2, 3].map((page) => pair.subject.vm.readMemory(WINDOW + 0x1000 * page + 0x10, 1)[0])).toEqual([50, 50, 50, 0]);
  });

  it('CS is data too', () => {
    const pair = run(
      pairOf(REAL, (a) => {
        const head = a.label();
        const data = a.label();
        const behind = a.label();
        a.raw(0xeb).field(1, behind, true);
        a.bind(data);
        a.raw(0, 0);
        a.bind(behind);
        move(a, CX, 100);
        a.bind(head);
        a.instruction({ opcode: [0x03], size: 2, reg: AX, rm: { displacement: data, prefix: [0x2e] } });
        a.raw(0xe2).field(1, head, true);
        a.instruction({ opcode: [0xff], reg: 0, size: 2, rm: { displacement: data, prefix: [0x2e] } });
        stop(a);
      }),
      900,
    );
    expect(pair.subject.vm.readMemory(CODE_GPA + 2, 2)).toEqual(Uint8Array.of(1, 0));
    expect(translatedShare(pair.subject.vm)).toBeGreaterThan(0.9);
  });
});

describe('in unreal mode', () => {
  it('32-bit offsets beyond 64 KiB are translated', () => {
    const pair = run(
      pairOf(UNREAL, (a) => {
        const head = a.label();
        move(a, AX, 0x80000);
        move(a, CX, 500);
        a.bind(head);
        a.instruction({ opcode: [0x01], size: 4, reg: CX, rm: { base: AX } });
        a.raw(0xe2).field(1, head, true);
        stop(a);
      }),
      1600,
    );
    expect(new DataView(pair.subject.vm.readMemory(0x80000 + BASES.data, 4).buffer).getUint32(0, true)).toBe((500 * 501) / 2);
    expect(translatedShare(pair.subject.vm)).toBeGreaterThan(0.95);
  });
});

describe('in protected mode', () => {
  const at = setting('protected', 32, 3);
  const { free } = selectorsOf(at);
  const [, , , , DOWN, SMALL, CONSTANT] = free;
  /** Both kinds end, or begin, about here: see segments.ts. */
  const end = windowAt(at) + 0x1002;

  it.each([
    ['a segment that ends early', SMALL!, end - 4, end - 3, true],
    ['one that expands down', DOWN!, end + 3, end - 0x800, true],
    ['one that may only be read', CONSTANT!, end, end, false],
  ])('%s in ES', (_title, selector, inside, outside, writes) => {
    const pair = run(
      pairOf(at, (a) => {
        const head = a.label();
        const behind = a.label();
        // mov eax, …; mov es, ax
        move(a, AX, selector);
        a.raw(0x8e, 0xc0);
        resumeAt(a, at, behind);
        move(a, CX, 30);
        a.bind(head);
        a.instruction({ opcode: [0x8b], size: 4, reg: BX, rm: { displacement: inside, prefix: [0x26] } });
        if (writes) a.instruction({ opcode: [0x01], size: 4, reg: CX, rm: { displacement: inside, prefix: [0x26] } });
        a.instruction({ opcode: [0x01], size: 4, reg: CX, rm: { displacement: outside, prefix: [0x26] } });
        a.bind(behind);
        a.raw(0xe2).field(1, head, true);
        stop(a);
      }),
    );
    expect([faults(pair, GP), faults(pair, SS_FAULT), gpr(pair, 'rcx')]).toEqual([30, 0, 0]);
  });

  it('a jump beyond the limit of CS faults where it stands', () => {
    const pair = run(
      pairOf(at, (a) => {
        const head = a.label();
        const behind = a.label();
        resumeAt(a, at, behind);
        move(a, AX, 0);
        move(a, CX, 30);
        a.bind(head);
        a.raw(0x40);
        // test cl, 1; jz far beyond; call far beyond
        a.raw(0xf6, 0xc1, 1, 0x0f, 0x84).field(4, 0x10000);
        a.raw(0xe8).field(4, 0x7fff0000);
        a.bind(behind);
        a.raw(0xe2).field(1, head, true);
        stop(a);
      }),
    );
    expect([faults(pair, GP), gpr(pair, 'rax'), gpr(pair, 'rcx')]).toEqual([30, 30, 0]);
    expect(gpr(pair, 'rsp')).toBe(Number(pair.reference.vm.vcpus[0].getRegs().rsp));
  });

  it('code that may only be executed is no data', () => {
    const closed = setting('protected', 32, 3, { executeOnly: true });
    const pair = run(
      pairOf(closed, (a) => {
        const head = a.label();
        const behind = a.label();
        resumeAt(a, closed, behind);
        move(a, CX, 30);
        a.bind(head);
        a.instruction({ opcode: [0x8b], size: 4, reg: AX, rm: { displacement: CODE_GPA - BASES.code, prefix: [0x2e] } });
        a.bind(behind);
        a.raw(0xe2).field(1, head, true);
        stop(a);
      }),
    );
    expect(faults(pair, GP)).toBe(30);
  });

  it('linear addresses wrap at 4 GiB', () => {
    const wrapping = setting('protected', 32, 3, { data: 0xffff0000, dataLimit: 0xffffffff });
    const pair = run(
      pairOf(wrapping, (a) => {
        const head = a.label();
        move(a, CX, 300);
        move(a, BX, WINDOW + 0x10000);
        a.bind(head);
        a.instruction({ opcode: [0x01], size: 4, reg: CX, rm: { base: BX, displacement: 0x20 } });
        a.raw(0xe2).field(1, head, true);
        stop(a);
      }),
      1000,
    );
    expect(new DataView(pair.subject.vm.readMemory(WINDOW + 0x20, 4).buffer).getUint32(0, true)).toBe((300 * 301) / 2);
    expect(translatedShare(pair.subject.vm)).toBeGreaterThan(0.95);
  });
});
