// A program that lives off the services, under every engine and every way of tracking, cut anywhere, saved and restored.

import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.ts';
import type { SavedBlocks } from '../../src/base/blocks.ts';
import { Checkpointer } from '../../src/checkpoint/checkpointer.ts';
import { rebuildCycle, resumeCycle, verifyRebuilds } from '../../src/checkpoint/rebuild.ts';
import { MemoryStore } from '../../src/checkpoint/memory-store.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { Pc, PcConfig } from '../../src/machine/pc.ts';
import type { TrackingMethod } from '../../src/mmu/tracking.ts';
import { hashMemory } from '../../src/snapshot/hash.ts';
import { loadMemory, copyMemory } from '../../src/snapshot/memory-image.ts';
import { ENGINES } from '../../src/vm/config.ts';
import { BOOT, BiosRig, DISKETTE_SECTORS, MIB, SECTOR, diskImage } from './support.ts';

const CYLINDERS = 60;

/**
 * For each cylinder: writes a sector that begins with its number, reads it and the one after it elsewhere, types a character and
 * waits 100 µs. An error ends in UD2, of which the interrupt's handler makes an endless loop.
 */
// biome-ignore format: a table
const WRITER = [
  0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, // xor ax,ax; mov ds,ax; mov es,ax
  0xbe, 0x01, 0x00, //                   mov si,1
  // next:
  0xbb, 0x00, 0x90, 0x89, 0x37, //       mov bx,9000h; mov [bx],si
  0x89, 0xf1, 0x88, 0xcd, 0xb1, 0x02, // mov cx,si; mov ch,cl; mov cl,2
  0xba, 0x00, 0x01, //                   mov dx,100h
  0xb8, 0x01, 0x03, 0xcd, 0x13, //       mov ax,301h; int 13h
  0x72, 0x24, //                         jc bad
  0x81, 0xc3, 0x00, 0x10, //             add bx,1000h
  0xb8, 0x02, 0x02, 0xcd, 0x13, //       mov ax,202h; int 13h
  0x72, 0x19, //                         jc bad
  0xb8, 0x2a, 0x0e, 0xcd, 0x10, //       mov ax,0e2ah; int 10h
  0x31, 0xc9, 0xba, 0x64, 0x00, //       xor cx,cx; mov dx,100
  0xb4, 0x86, 0xcd, 0x15, //             mov ah,86h; int 15h
  0x46, 0x83, 0xfe, CYLINDERS + 1, //    inc si; cmp si,61
  0x72, 0xcc, //                         jb next
  0xfa, 0xf4, //                         cli; hlt
  0x0f, 0x0b, //                         bad: ud2
];

const build = (config: Partial<PcConfig> = {}): Pc =>
  createPc({ memory: 2 * MIB, ...config, disk: { name: 'disk.img', bytes: diskImage(DISKETTE_SECTORS, WRITER) } });

/** Everything that a run leaves. PML buffers are tracking's, not the guest's. */
function outcome({ vm }: Pc): object {
  const { vcpus, platform, ticks } = vm.save();
  return { vcpus: vcpus.map(({ registers }) => ({ ...registers, pmlIndex: null })), platform, ticks, memory: hashMemory(vm) };
}

function finished(pc: Pc): object {
  expect(pc.vm.runSlice(1_000_000).exit).toEqual({ kind: 'hlt' });
  return outcome(pc);
}

const expected = finished(build());

describe('the program', () => {
  it('leaves on the disk what it wrote', () => {
    const pc = build();
    finished(pc);
    const { numbers } = pc.vm.save().blocks['bios']!;
    expect(numbers).toEqual(Array.from({ length: CYLINDERS }, (_, n) => Math.floor((((n + 1) * 2 + 1) * 18 + 1) / 8)));
    const second = (CYLINDERS * 2 + 1) * 18 + 2;
    const words = [...pc.vm.readMemory(0xa000, 2), ...pc.vm.readMemory(0xa000 + SECTOR, 2)];
    expect(words).toEqual([CYLINDERS, 0, second & 0xff, second >> 8]);
  });

  it.each(ENGINES)('is the same under engine %s', (engine) => expect(finished(build({ engine }))).toEqual(expected));

  it.each([1, 7, 1000])('is the same in slices of %i', (slice) => {
    const pc = build();
    while (pc.vm.runSlice(slice).exit.kind === 'limit');
    expect(outcome(pc)).toEqual(expected);
  });

  it('is the same beside a vCPU that was never started, and one that asks too', () => {
    const pc = build({ vcpus: 3, quantum: 50 });
    const { cs } = pc.vm.vcpus[1]!.getSregs();
    // MOV AX, 0E41H; INT 12H; CLI; HLT: a service answers the vCPU that asked.
    pc.vm.writeMemory(0x600, Uint8Array.of(0xb8, 0x41, 0x0e, 0xcd, 0x12, 0xfa, 0xf4));
    pc.vm.runSlice(100);
    pc.vm.vcpus[1]!.setSregs({ cs: { ...cs, selector: 0, base: 0n } });
    pc.vm.vcpus[1]!.setRegs({ rip: 0x600n, rsp: 0x5000n });
    pc.vm.vcpus[1]!.activity = 'active';
    expect(pc.vm.runSlice(1_000_000).exit).toEqual({ kind: 'hlt' });
    expect(pc.vm.vcpus[1]!.getRegs().rax).toBe(639n);
    expect(pc.vm.save().platform!['bios']).toEqual((expected as { platform: Record<string, unknown> }).platform['bios']);
  });
});

describe.each<TrackingMethod>(['write-protect', 'pml'])('tracked by %s', (tracking) => {
  it.each(ENGINES)('under engine %s: the same, no write lost, every cycle rebuilds and can be resumed', (engine) => {
    const pc = build({ tracking, engine, verify: true });
    const store = new MemoryStore();
    const checkpointer = new Checkpointer(pc.vm, store, { dirtyTrigger: 12, maxDirty: 4096, instructions: 700, hash: true });
    checkpointer.start();
    const cycles = [];
    for (let ended = false; !ended; ) {
      const report = checkpointer.cycle();
      cycles.push(report);
      ended = report.exit.kind === 'hlt';
    }
    checkpointer.stop();
    expect(outcome(pc)).toEqual(expected);
    expect(cycles.length).toBeGreaterThan(4);
    expect(cycles.some(({ gfns }) => gfns.includes(0xa) && gfns.includes(0xb8))).toBe(true);
    expect(verifyRebuilds(store).wrong).toEqual([]);
    for (const cpid of [0, 1, Math.floor(cycles.length / 2)]) {
      const other = build();
      resumeCycle(other.vm, store, cpid);
      expect(finished(other)).toEqual(expected);
    }
    expect(rebuildCycle(store, cycles.length).state.platform).toEqual((expected as { platform: unknown }).platform);
  });
});

describe('saved and restored', () => {
  it.each([10, 333, 1000, 1501, 3000])('after %i instructions, the run goes on as if it had not been', (instructions) => {
    const first = build();
    first.vm.runSlice(instructions);
    const state = structuredClone(first.vm.save());
    const second = build();
    second.vm.runSlice(instructions * 2);
    loadMemory(second.vm, copyMemory(first.vm));
    second.vm.restore(state);
    expect(finished(first)).toEqual(expected);
    expect(finished(second)).toEqual(expected);
  });

  it('in the middle of a wait', () => {
    const rig = new BiosRig({ memory: MIB });
    rig.run([0xcd, 0x15, 0xfa, 0xf4], { eax: 0x8600, ecx: 1, edx: 0 }, 60);
    expect(rig.rip).not.toBe(BOOT + 4);
    const other = new BiosRig({ memory: MIB });
    loadMemory(other.vm, copyMemory(rig.vm));
    other.vm.restore(rig.vm.save());
    expect([rig.vm.runSlice(1e6).exit, other.vm.runSlice(1e6).exit]).toEqual([{ kind: 'hlt' }, { kind: 'hlt' }]);
    expect(other.vm.clock.nanoseconds()).toBe(rig.vm.clock.nanoseconds());
    expect(hashMemory(other.vm)).toBe(hashMemory(rig.vm));
  });

  const written = (): { pc: Pc; state: ReturnType<Pc['vm']['save']> } => {
    const pc = build();
    finished(pc);
    return { pc, state: pc.vm.save() };
  };

  it('another image is refused, whatever its size', () => {
    const { state } = written();
    const image = diskImage(DISKETTE_SECTORS, WRITER);
    image[100_000]! ^= 1;
    for (const bytes of [image, diskImage(720, WRITER)]) {
      const { vm } = createPc({ memory: 2 * MIB, disk: { name: 'other.img', bytes } });
      expect(() => vm.restore(state)).toThrow(/^saved state of the boot disk: it is not that of other\.img, or the file has changed$/);
    }
    expect(() => createPc({ memory: 2 * MIB }).vm.restore(state)).toThrow(InputError);
  });

  it.each<[string, (bios: Record<string, unknown>) => object]>([
    ['no object', () => [] as object],
    ['an unknown field', (bios) => ({ ...bios, more: 1 })],
    ['no name', (bios) => ({ ...bios, image: 7 })],
    ['another size', (bios) => ({ ...bios, bytes: 512 })],
    ['another kind', (bios) => ({ ...bios, kind: 'fixed' })],
  ])('%s is refused, and nothing changes', (_name, change) => {
    const { pc, state } = written();
    const bios = change(state.platform!['bios'] as Record<string, unknown>) as never;
    expect(() => pc.vm.restore({ ...state, platform: { ...state.platform, bios } })).toThrow(/^saved state of the boot disk: /);
    expect(outcome(pc)).toEqual(expected);
  });

  it.each<[string, (blocks: SavedBlocks) => unknown]>([
    ['none', () => undefined],
    ['what JSON makes of them', (blocks) => JSON.parse(JSON.stringify(blocks))],
    ['too few bytes', ({ numbers, bytes }) => ({ numbers, bytes: bytes.subarray(1) })],
    ['a block that is not there', ({ bytes }) => ({ numbers: [DISKETTE_SECTORS / 8], bytes: bytes.subarray(0, 4096) })],
    [
      'a block twice',
      ({ numbers, bytes }) => ({ numbers: [...numbers, numbers[0]], bytes: new Uint8Array([...bytes, ...bytes.subarray(0, 4096)]) }),
    ],
  ])('written blocks that are %s are refused, and nothing changes', (_name, change) => {
    const { pc, state } = written();
    const blocks = { bios: change(state.blocks['bios']!) } as never;
    expect(() => pc.vm.restore({ ...state, blocks })).toThrow(InputError);
    expect(() => pc.vm.restore({ ...state, blocks: {} })).toThrow(/^machine state: it lacks the blocks of bios$/);
    expect(outcome(pc)).toEqual(expected);
  });
});
