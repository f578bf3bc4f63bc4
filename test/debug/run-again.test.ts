// The last branches: what stepping a run from its start to its end sees is what running its end again finds.

import { describe, expect, it } from 'vitest';
import { createPc } from '../../src/index.ts';
import { BranchRecorder } from '../../src/debug/branch-recorder.ts';
import { runAgain } from '../../src/debug/run-again.ts';
import type { Track, Vm } from '../../src/index.ts';
import { SavePoints } from '../../src/debug/save-points.ts';

const CODE = 0x1000;
const HANDLER = 0x2000;

interface Machine {
  readonly vm: Vm;
  type(byte: number): void;
}

/**
 * Real mode: counts down in a loop, calls a routine, copies by REP MOVSB, and looks for a byte at COM1. The timer, at 1 ms, interrupts
 * all of it: its handler acknowledges and returns.
 */
const PROGRAM = [
  [0xb8, HANDLER & 0xff, HANDLER >> 8, 0xa3, 0x20, 0x00, 0x31, 0xc0, 0xa3, 0x22, 0x00], // IRQ 0 is INT 8: 0000:2000
  [0xb0, 0xa9, 0xe6, 0x40, 0xb0, 0x04, 0xe6, 0x40], // the timer: 1193 of its ticks
  [0xfb], // STI
  [0xb9, 0x32, 0x00, 0x49, 0x75, 0xfd], // 0x1014: MOV CX, 50; DEC CX; JNZ
  [0xe8, 0x1a, 0x00], // CALL 0x1037
  [0xbe, 0x00, 0x30, 0xbf, 0x00, 0x40, 0xb9, 0x64, 0x00, 0xf3, 0xa4], // MOV SI, 3000h; MOV DI, 4000h; MOV CX, 100; REP MOVSB
  [0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74, 0xe4], // IN AL, 3FDh; TEST AL, 1; JZ 0x1014
  [0xba, 0xf8, 0x03, 0xec, 0x43, 0xeb, 0xdd], // IN AL, 3F8h; INC BX; JMP 0x1014
  [0x42, 0xc3], // 0x1037: INC DX; RET
].flat();

function machine(engine: 'interpreter' | 'translator', vcpus = 1): Machine {
  const { vm, board } = createPc({ memory: 1 << 20, engine, vcpus });
  vm.platform?.powerOn?.();
  vm.writeMemory(CODE, Uint8Array.from(PROGRAM));
  vm.writeMemory(HANDLER, Uint8Array.of(0x50, 0xb0, 0x20, 0xe6, 0x20, 0x58, 0xcf)); // PUSH AX; MOV AL, 20h; OUT 20h, AL; POP AX; IRET
  vm.vcpus.forEach((vcpu, n) => {
    const flat = { selector: 0, base: 0n, limit: 0xffff, attributes: 0x93 };
    vcpu.setSregs({ cs: { ...flat, attributes: 0x9b }, ss: flat, ds: flat, es: flat });
    vcpu.setRegs({ rip: BigInt(CODE), rsp: BigInt(0x8000 + 0x100 * n) });
    vcpu.activity = 'active';
  });
  return { vm, type: (byte) => board.serialInput([byte]) };
}

/** The tracks of a run of `total` instructions that is stepped from its start to its end; `moments`: after how many a byte is typed. */
function stepped(total: number, moments: readonly number[], vcpus = 1): Track[] {
  const { vm, type } = machine('interpreter', vcpus);
  const recorder = new BranchRecorder(vm);
  while (vm.retired < BigInt(total)) {
    const { retired } = recorder.step();
    if (retired > 0 && moments.includes(Number(vm.retired))) type(0x41);
  }
  return vm.vcpus.map((_, n) => recorder.trackOf(n));
}

describe.each(['interpreter', 'translator'] as const)('a run by the %s', (engine) => {
  it.each([
    ['that is short', 1500, [], 1],
    ['with input', 12_000, [3000, 8000, 11_900], 1],
    ['of two vCPUs', 32_000, [25_000], 2],
  ] as const)('%s: its last branches are found by running its end again', async (_name, total, moments, vcpus) => {
    const first = machine(engine, vcpus);
    const journal = first.vm.record();
    for (const at of [...moments, total]) {
      first.vm.runSlice(at - Number(first.vm.retired));
      if (at !== total) first.type(0x41);
    }
    const again = await runAgain(machine(engine, vcpus).vm, {
      journal: journal.data(),
      retired: first.vm.retired,
      savePoint: null,
      milliseconds: 60_000,
    });
    expect(again).toEqual({ tracks: stepped(total, moments, vcpus) });
  });

  it('may be run again from a save point', async () => {
    const first = machine(engine);
    const journal = first.vm.record();
    let now = 0;
    const points = new SavePoints(first.vm, () => now);
    points.look();
    expect(points.newest).toBeNull();
    first.vm.runSlice(4000);
    now = 5000;
    points.look();
    first.type(0x42);
    first.vm.runSlice(8000);
    points.look();
    expect(points.newest!.state.vcpus[0]!.registers['retired']).toBe('0xfa0');
    const options = { journal: journal.data(), retired: first.vm.retired, milliseconds: 60_000 };
    const fromPoint = await runAgain(machine(engine).vm, { ...options, savePoint: points.newest });
    expect(fromPoint).toEqual(await runAgain(machine(engine).vm, { ...options, savePoint: null }));
    expect(fromPoint).toEqual({ tracks: stepped(12_000, [4000]) });
  });
});

describe('the branches', () => {
  it('are jumps taken, calls, returns and interrupts, oldest first; not iterations, nor jumps not taken', () => {
    const { vm } = machine('interpreter');
    const recorder = new BranchRecorder(vm);
    const seen = (): string[] =>
      recorder
        .trackOf(0)
        .branches.map(({ kind, vector, from, to }) => `${kind}${vector ?? ''} ${from.rip.toString(16)} ${to.rip.toString(16)}`);
    while (!seen().some((text) => text.startsWith('interrupt'))) recorder.step();
    for (let n = 0; n < 12; n++) recorder.step();
    const all = seen();
    expect(all.slice(all.findIndex((text) => text.startsWith('interrupt')))).toMatchInlineSnapshot(`
      [
        "interrupt8 1017 2000",
        "branch 2006 1017",
        "branch 1018 1017",
        "branch 1018 1017",
        "branch 1018 1017",
      ]
    `);
  });

  it('of a triple fault end with what led to it', () => {
    const { vm } = machine('interpreter');
    vm.vcpus[0]!.setSregs({ idt: { base: 0n, limit: 0 } });
    vm.vcpus[0]!.setRegs({ rip: 0x5000n });
    vm.writeMemory(0x5000, Uint8Array.of(0xeb, 0x02, 0x90, 0x90, 0x0f, 0x0b)); // JMP 5004h; 5004h: UD2
    const recorder = new BranchRecorder(vm);
    while (recorder.step().exit.kind === 'limit');
    expect(recorder.trackOf(0).branches.map(({ from, to }) => [from.rip, to.rip])).toEqual([[0x5000n, 0x5004n]]);
  });

  it('come with the reads that nobody answers', () => {
    const { vm } = machine('interpreter');
    vm.writeMemory(CODE, Uint8Array.of(0xba, 0x34, 0x12, 0xec, 0xeb, 0xfa)); // MOV DX, 1234h; IN AL, DX; JMP
    const recorder = new BranchRecorder(vm);
    for (let n = 0; n < 100; n++) recorder.step();
    expect(recorder.trackOf(0).unanswered).toEqual([{ space: 'io', address: 0x1234 }]);
  });

  it('leave whoever listens to the machine what it hears', () => {
    const { vm } = machine('interpreter');
    const heard: string[] = [];
    vm.trace.on = (name) => heard.push(name);
    const listener = vm.trace.on;
    const recorder = new BranchRecorder(vm);
    recorder.step();
    recorder.detach();
    expect([vm.trace.on, heard]).toEqual([listener, ['exit']]);
  });
});

describe('what is not known', () => {
  const ended = (): { vm: Vm; journal: ReturnType<Vm['record']> } => {
    const { vm } = machine('interpreter');
    const journal = vm.record();
    vm.runSlice(20_000);
    return { vm, journal };
  };

  it('is not said when the second machine becomes another one', async () => {
    const { vm, journal } = ended();
    const other = machine('interpreter').vm;
    other.writeMemory(CODE + 0x14, Uint8Array.of(0xb9, 0x33)); // MOV CX, 51
    const again = await runAgain(other, { journal: journal.data(), retired: vm.retired, savePoint: null, milliseconds: 60_000 });
    expect(again).toEqual({ why: expect.stringMatching(/^the replay diverges between tick /) });
  });

  it('is not said when there is no time', async () => {
    const { vm, journal } = ended();
    const options = { journal: journal.data(), retired: vm.retired, savePoint: null, milliseconds: 60_000, isGivenUp: () => true };
    expect(await runAgain(machine('interpreter').vm, options)).toEqual({ why: 'to run again takes more than 60 s' });
  });
});
