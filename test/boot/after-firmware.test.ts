// What a kernel finds that looks at what a BIOS has left: low memory, interrupt controllers, timer, screen, and the services.

import { describe, expect, it } from 'vitest';
import { loadImage } from '../../src/boot/image.ts';
import type { BootOptions, LoadedImage } from '../../src/boot/target.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { Pc, PcConfig } from '../../src/machine/pc.ts';
import { screenLines, textScreen } from '../../src/machine/text-screen.ts';
import { MtEnable, MtOp } from '../../src/mt/abi.ts';
import { Vm } from '../../src/vm/vm.ts';
import { buildBzImage } from '../support/bzimage-builder.ts';
import { buildElf, multibootHeader, pvhNote } from '../support/elf-builder.ts';

const MIB = 2 ** 20;
const CLI = 0xfa;
const STI = 0xfb;
const HLT = 0xf4;
const INT = 0xcd;
const KERNEL = [CLI, HLT];
const elf = (width: 32 | 64, paddr = MIB, bytes: readonly number[] = KERNEL): Uint8Array =>
  buildElf({ width, entry: paddr, segments: [{ paddr, bytes }] });

interface Loaded extends Pick<Pc, 'vm' | 'board'> {
  readonly image: LoadedImage;
}

function loaded(bytes: Uint8Array, options: BootOptions = {}, config: Partial<PcConfig> = {}): Loaded {
  const pc = createPc({ memory: 16 * MIB, ...config });
  return { ...pc, image: loadImage('kernel', bytes, bootTarget(pc.vm), options) };
}

const u16 = ({ vm }: Pick<Pc, 'vm' | 'board'>, gpa: number): number => new DataView(vm.readMemory(gpa, 2).buffer).getUint16(0, true);
const port = ({ board }: Pick<Pc, 'vm' | 'board'>, at: number): number => board.ports.read(at, 1, 0)!;

describe.each([
  ['multiboot', buildElf({ width: 32, entry: MIB + 12, segments: [{ paddr: MIB, bytes: [...multibootHeader(3), ...KERNEL] }] }), {}],
  ['PVH', buildElf({ width: 64, entry: MIB, segments: [{ paddr: MIB, bytes: [0, ...KERNEL] }], note: pvhNote(MIB + 1) }), {}],
  ['ELF32', elf(32), {}],
  ['ELF64', elf(64), {}],
  ['Linux', buildBzImage({ code: KERNEL }), {}],
  ['a raw image', Uint8Array.from(KERNEL), { at: MIB }],
])('%s finds', (_name, bytes, options) => {
  it('the BIOS data area', () => {
    const pc = loaded(bytes, options);
    // COM1, no second one; the EBDA; a coprocessor, 80 columns in colour, a serial port; KiB of memory.
    expect([0x400, 0x402, 0x40e, 0x410, 0x413].map((at) => u16(pc, at))).toEqual([0x3f8, 0, 0x9fc0, 0x0222, 639]);
    // An empty ring of keys: head, tail, start, end.
    expect([0x41a, 0x41c, 0x480, 0x482].map((at) => u16(pc, at))).toEqual([0x1e, 0x1e, 0x1e, 0x3e]);
    // Mode, columns, page size; the cursor's shape, the CRT controller's port; the last row and the height of characters.
    expect([0x449, 0x44a, 0x44c, 0x460, 0x463].map((at) => u16(pc, at))).toEqual([0x5003, 0x0050, 0x1000, 0x0607, 0x3d4]);
    expect([0x484, 0x485].map((at) => u16(pc, at))).toEqual([0x1018, 0x0010]);
    expect(pc.vm.readMemory(0x475, 1)[0]).toBe(0);
    expect(u16(pc, 0x9fc00)).toBe(1);
  });

  it('vectors that lead into the ROM', () => {
    const pc = loaded(bytes, options);
    const segments = [0x08, 0x10, 0x13, 0x15, 0x70, 0xff].map((vector) => u16(pc, 4 * vector + 2));
    expect(segments).toEqual([0xf000, 0xf000, 0xf000, 0xf000, 0xf000, 0xf000]);
    expect(pc.vm.readMemory(0xffff0, 1)[0]).toBe(0xea);
  });

  it('the 8259s set up, the timer at 18.2 Hz, a clear screen with a cursor', () => {
    const pc = loaded(bytes, options);
    expect([port(pc, 0x21), port(pc, 0xa1)]).toEqual([0xb8, 0x8e]);
    expect(pc.board.acknowledgeInterrupt(0)).toBe(0x08);
    // Read-back of the status of channel 0: mode 3, both bytes, counting.
    pc.vm.runSlice(2);
    pc.board.ports.write(0x43, 1, 0xe2, 0);
    expect(port(pc, 0x40) & 0x3f).toBe(0x36);
    expect(u16(pc, 0xb8000)).toBe(0x0720);
    const screen = textScreen(pc)!;
    expect([screen.columns, screen.rows.length, screen.cursor]).toEqual([80, 25, { row: 0, column: 0 }]);
  });

  it('nothing of its own in the EBDA', () => {
    const { image } = loaded(bytes, options, { memory: 2 * MIB });
    for (const { base, size, what } of image.placed) expect([what, base + size <= 0x9fc00 || base >= MIB]).toEqual([what, true]);
  });
});

describe('what is loaded to low memory lies over it', () => {
  it('a raw image at 0', () => {
    const bytes = new Uint8Array(0x500).fill(0xa5);
    const pc = loaded(bytes, { at: 0 });
    expect(pc.vm.readMemory(0, 0x500)).toEqual(bytes);
    expect(port(pc, 0x21)).toBe(0xb8);
  });

  it('a segment at the data area; what it does not cover stays', () => {
    const pc = loaded(elf(32, 0x410, [...KERNEL, 1, 2]));
    expect([...pc.vm.readMemory(0x410, 4)]).toEqual([...KERNEL, 1, 2]);
    expect([u16(pc, 0x400), u16(pc, 0x41a)]).toEqual([0x3f8, 0x1e]);
  });

  it('a segment over text memory, the EBDA and the ROM', () => {
    const pc = loaded(elf(32, 0x9fc00, new Array<number>(0x60400).fill(0x77)));
    expect(pc.vm.readMemory(0x9fc00, 0x60400).every((byte) => byte === 0x77)).toBe(true);
  });
});

describe('the firmware', () => {
  /** `code` at 7C00H, entered in real-address mode from the loaded machine, as kernels go back to call a BIOS. */
  function inRealMode(code: readonly number[], config: Partial<PcConfig> = {}): Pick<Pc, 'vm' | 'board'> {
    const pc = loaded(elf(32), {}, config);
    const [vcpu] = pc.vm.vcpus;
    const flat = { selector: 0, base: 0n, limit: 0xffff, attributes: 0x93 };
    vcpu!.setSregs({ cr0: 0x10n, cs: { ...flat, attributes: 0x9b }, ds: flat, es: flat, ss: flat, idt: { base: 0n, limit: 0x3ff } });
    vcpu!.setRegs({ rip: 0x7c00n, rsp: 0x7c00n });
    pc.vm.writeMemory(0x7c00, Uint8Array.from(code));
    return pc;
  }

  it('serves who goes back to real-address mode', () => {
    const pc = inRealMode([INT, 0x12, 0x89, 0xc3, 0xb8, 0x2a, 0x0e, INT, 0x10, CLI, HLT]);
    expect(pc.vm.runSlice(1000).exit.kind).toBe('hlt');
    expect(pc.vm.vcpus[0]!.getRegs().rbx & 0xffffn).toBe(639n);
    expect(screenLines(textScreen(pc)!)).toEqual(['*']);
  });

  it('wakes nobody by a timer that is masked: the machine stands still', () => {
    const pc = inRealMode([0xb0, 0x01, 0xe6, 0x21, STI, HLT]);
    expect(pc.vm.runSlice(1000).exit.kind).toBe('hlt');
    expect(pc.vm.retired).toBe(4n);
  });

  it('counts ticks', () => {
    const pc = inRealMode([STI, HLT, HLT, CLI, HLT]);
    const before = u16(pc, 0x46c);
    expect(pc.vm.runSlice().exit.kind).toBe('hlt');
    expect(u16(pc, 0x46c)).toBe(before + 2);
  });

  it.each([
    ['a diskette', 0x00, 0x80],
    ['a fixed disk', 0x80, 0x01],
  ])('has no disk to read: INT 13H on %s', (_name, drive, status) => {
    const pc = inRealMode([0xba, drive, 0, 0xb9, 1, 0, 0xb8, 1, 2, INT, 0x13, 0x9c, 0x5b, CLI, HLT]);
    pc.vm.runSlice(1000);
    const { rax, rbx } = pc.vm.vcpus[0]!.getRegs();
    expect([Number(rax >> 8n) & 0xff, rbx & 1n]).toEqual([status, 1n]);
  });

  it('finds nothing to boot', () => {
    const pc = inRealMode([INT, 0x19]);
    expect(pc.vm.runSlice(1000).exit.kind).toBe('hlt');
    expect(screenLines(textScreen(pc)!).at(-1)).toBe('No bootable device.');
  });

  it('is part of what is saved, and of what is refused', () => {
    const pc = inRealMode([INT, 0x12, CLI, HLT]);
    const state = pc.vm.save();
    pc.vm.restore(state);
    expect(pc.vm.runSlice(1000).exit.kind).toBe('hlt');
    const wrong = { ...state, platform: { ...state.platform, bios: { image: 'disk.img' } } };
    expect(() => pc.vm.restore(wrong)).toThrow(/bios has an unknown field "image"/);
  });

  it('passes an x87 error on as an NMI, as PCs do', () => {
    // fninit; a mask with division by zero open; fldz; fld1; fdivrp, which reports at the next instruction; INT 2's handler halts.
    const fpu = [0xdb, 0xe3, 0xd9, 0x2e, 0x00, 0x7d, 0xd9, 0xee, 0xd9, 0xe8, 0xde, 0xf1, STI, 0x9b, 0x90, CLI, HLT];
    const pc = inRealMode(fpu);
    pc.vm.writeMemory(0x7d00, Uint8Array.of(0x3b, 0x03));
    pc.vm.writeMemory(0x7e00, Uint8Array.of(0xbb, 0x99, 0x00, CLI, HLT));
    pc.vm.writeMemory(4 * 2, Uint8Array.of(0x00, 0x7e, 0, 0));
    expect(pc.vm.runSlice(10_000).exit.kind).toBe('hlt');
    expect(pc.vm.vcpus[0]!.getRegs().rbx & 0xffffn).toBe(0x99n);
  });
});

describe('without a place for firmware', () => {
  it('a machine of less than 1 MiB is left as it is', () => {
    const pc = loaded(elf(32, 0x10000), {}, { memory: 0x80000 });
    expect(pc.vm.readMemory(0x400, 0x100).every((byte) => byte === 0)).toBe(true);
    expect(pc.vm.runSlice(10).exit.kind).toBe('hlt');
  });

  it('so is a bare machine', () => {
    const vm = new Vm({ memory: MIB * 2 });
    loadImage('kernel', elf(32), bootTarget(vm));
    expect(vm.readMemory(0, 0x500).every((byte) => byte === 0)).toBe(true);
  });

  it('and one with a ROM of its own', () => {
    const pc = loaded(elf(32), {}, { rom: 65536 });
    expect(pc.vm.readMemory(0, 0x500).every((byte) => byte === 0)).toBe(true);
  });
});

it('what loading leaves is no write of the run: tracking starts after it', () => {
  const { vm } = loaded(elf(32), {}, { tracking: 'pml' });
  vm.mt.initMt({ op: MtOp.INIT, maxDirty: 1000 });
  vm.mt.enableMt(MtEnable.ON);
  vm.mt.prepareMtCp(1n);
  vm.runSlice();
  vm.mt.mtVmQuiesced();
  expect([...vm.mt.fetchSublist({ count: 1000 }).gfns]).toEqual([]);
});
