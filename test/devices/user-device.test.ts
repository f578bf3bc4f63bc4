// A device that a user brings: ports, device memory, an interrupt, DMA; saved and restored with the machine.

import { describe, expect, it } from 'vitest';
import { loadImage } from '../../src/boot/image.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import type { Device } from '../../src/base/device.ts';
import { InputError } from '../../src/base/errors.ts';
import { decodeContainer, encodeContainer, bytesSource } from '../../src/snapshot/format.ts';
import type { DeviceRow } from '../../src/machine/device-table.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { Pc, PcConfig } from '../../src/machine/pc.ts';
import { MtEnable, MtFlag, MtOp } from '../../src/mt/abi.ts';
import { assemble, u16, u32 } from '../support/code.ts';
import type { Item } from '../support/code.ts';
import { CODE, ENGINE_NAMES, MIB, STACK, setIdt } from '../vm/support.ts';
import { BASE, BUFFER, DELAY, MAILBOX, PORTS } from './mailbox.ts';

const HLT = 0xf4;
const STI = 0xfb;
const CLI = 0xfa;
const IRET = 0xcf;
const OUT_DX = 0xee;
const IN_DX = 0xec;
const dx = (port: number): number[] => [0xba, ...u32(port)];
const al = (value: number): number[] => [0xb0, value];
const out = (port: number, value: number): Item[] => [dx(port), al(value), OUT_DX];
/** MOV [address], dword. */
const store = (address: number, value: number): number[] => [0xc7, 0x05, ...u32(address), ...u32(value)];
/** The page that the mailbox writes. */
const PAGE = 0x40;

/** Vectors from 20H and 28H, IRQ 5 alone open. */
const PICS: readonly Item[] = [
  [0x20, 0x11],
  [0x21, 0x20],
  [0x21, 4],
  [0x21, 1],
  [0x21, 0xdf],
  [0xa0, 0x11],
  [0xa1, 0x28],
  [0xa1, 2],
  [0xa1, 1],
  [0xa1, 0xff],
].map(([port, value]) => [0xb0, value!, 0xe6, port!]);

/** Fills the buffer, starts the transfer and sleeps until the interrupt, whose handler counts in EBX; three times over. */
const GUEST: readonly Item[] = [
  ...PICS,
  ...out(0x302, PAGE),
  store(BASE + 4, 0x44332211),
  { label: 'again' },
  // INC DWORD [buffer]
  [0xff, 0x05, ...u32(BASE)],
  ...out(0x300, 1),
  STI,
  HLT,
  CLI,
  [0x83, 0xfb, 3, 0x72],
  { rel8: 'again' },
  HLT,
  { label: 'handler' },
  dx(0x301),
  IN_DX,
  al(0x20),
  [0xe6, 0x20],
  0x43,
  IRET,
];

function machine(config: Partial<PcConfig> = {}, code: readonly Item[] = GUEST): Pc {
  const pc = createPc({ memory: MIB, devices: [MAILBOX], ...config });
  const { bytes, at } = assemble(CODE, ...code);
  loadImage('code', bytes, bootTarget(pc.vm), { at: CODE });
  pc.vm.vcpus[0]!.setRegs({ rbx: 0n, rsp: BigInt(STACK) });
  if (at['handler'] !== undefined) setIdt(pc.vm, { 0x25: at['handler'] });
  return pc;
}

const bytesAt = (pc: Pc, gpa: number, length: number): number[] => [...pc.vm.readMemory(gpa, length)];

describe.each(ENGINE_NAMES)('engine %s', (engine) => {
  it('reaches it by ports and by memory, and is interrupted by it; what it writes is in memory, what it says in its sink', () => {
    const said: number[] = [];
    const pc = machine({ engine, outputs: { mailbox: (value) => void said.push(value) } });
    expect(pc.vm.runSlice(10_000).exit).toEqual({ kind: 'hlt' });
    expect([pc.vm.vcpus[0]!.getRegs().rbx, said]).toEqual([3n, [1, 2, 3]]);
    expect(bytesAt(pc, PAGE * 4096, 16)).toEqual([3, 0, 0, 0, 0x11, 0x22, 0x33, 0x44, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(pc.vm.clock.nanoseconds()).toBeGreaterThan(3 * DELAY);
  });

  it('saves it with the machine, bytes and parts, also through a file: the restored machine goes on alike', () => {
    const whole = machine({ engine });
    whole.vm.runSlice(10_000);
    for (let stop = 45; stop < 75; stop += 3) {
      const first = machine({ engine });
      first.vm.runSlice(stop);
      const pieces = [...encodeContainer(7, { state: first.vm.save() }, [])];
      const { header } = decodeContainer(bytesSource('state', new Uint8Array(Buffer.concat(pieces))));
      const second = createPc({ memory: MIB, engine, devices: [MAILBOX] });
      second.vm.writeMemory(0, first.vm.readMemory(0, MIB));
      second.vm.restore(header['state'] as ReturnType<typeof first.vm.save>);
      expect(second.vm.save()).toEqual(first.vm.save());
      second.vm.runSlice(10_000);
      expect(second.vm.save()).toEqual(whole.vm.save());
      expect(Buffer.compare(second.vm.readMemory(0, MIB), whole.vm.readMemory(0, MIB))).toBe(0);
    }
  });

  it('answers where it has moved to, and is there again after a restore', () => {
    const moved = 0xe00 * 2 ** 20;
    const read = [0xa1, ...u32(moved)];
    const pc = machine({ engine }, [
      store(BASE, 0x1234),
      dx(0x302),
      [0x66, 0xb8, ...u16(0xe00)],
      [0x66, 0xef],
      ...out(0x300, 2),
      read,
      HLT,
    ]);
    expect(pc.vm.runSlice(100).exit.kind).toBe('hlt');
    expect([pc.vm.vcpus[0]!.getRegs().rax, pc.board.mmio.read(BASE, 4, 0)]).toEqual([0x1234n, null]);
    const other = machine({ engine });
    other.vm.restore(pc.vm.save());
    expect([other.board.mmio.read(moved, 4, 0), other.board.mmio.read(BASE, 4, 0)]).toEqual([0x1234, null]);
    other.board.reset();
    expect([other.board.mmio.read(moved, 4, 0), other.board.mmio.read(BASE, 4, 0)]).toEqual([null, 0]);
  });

  it('is told which vCPU asks', () => {
    const pc = machine({ engine, vcpus: 3 }, [...out(0x300, 1), IN_DX, HLT]);
    const { vcpus } = pc.vm;
    vcpus[2]!.setSregs(vcpus[0]!.getSregs());
    vcpus[2]!.setRegs({ rip: BigInt(CODE) });
    vcpus[0]!.activity = 'wait-for-sipi';
    vcpus[2]!.activity = 'active';
    expect(pc.vm.runSlice(100).exit.kind).toBe('hlt');
    expect(vcpus[2]!.getRegs().rax & 0xffn).toBe(2n);
  });
});

it.each(['write-protect', 'pml'] as const)('its DMA is a write of the host to tracking, %s', (tracking) => {
  const { vm } = machine({ tracking });
  vm.mt.initMt({ op: MtOp.INIT, flags: MtFlag.NO_DUPS, maxDirty: 100 });
  vm.mt.enableMt(MtEnable.ON);
  vm.mt.prepareMtCp(1n);
  vm.runSlice(10_000);
  vm.mt.mtVmQuiesced();
  expect(vm.mt.fetchSublist({ count: 100 }).gfns).toContain(PAGE);
});

it('what it writes to read-only memory is lost, what it reads beyond memory is ones', () => {
  let memory: Parameters<DeviceRow['make']>[0]['memory'] | null = null;
  const row: DeviceRow = {
    ...MAILBOX,
    make(wires) {
      ({ memory } = wires);
      return MAILBOX.make(wires);
    },
  };
  const { vm } = createPc({ memory: MIB, rom: 4096, devices: [row] });
  const rom = 2 ** 32 - 4096;
  memory!.write(rom - 4, new Uint8Array(8).fill(5));
  memory!.write(MIB - 4, Uint8Array.of(1, 2, 3, 4, 5, 6));
  expect([...vm.readMemory(rom, 4)]).toEqual([0, 0, 0, 0]);
  expect([...memory!.read(MIB - 4, 6), memory!.readByte(MIB - 1), memory!.readByte(MIB)]).toEqual([1, 2, 3, 4, 0xff, 0xff, 4, 0xff]);
  expect(memory!.ranges()).toEqual([
    { base: 0, size: MIB, readonly: false },
    { base: rom, size: 4096, readonly: true },
  ]);
});

describe('rows that clash are refused in one line', () => {
  const named = (name: string, row: Partial<DeviceRow>): DeviceRow => ({
    ...row,
    make: (wires) => Object.assign(MAILBOX.make(wires), { name }) as Device,
  });
  it.each<[string, readonly DeviceRow[], RegExp]>([
    ['a port of the board', [named('x', { at: 0x3fc, length: 4 })], /mapping of x at 0x3fc overlaps that of uart/],
    ['two of their own', [MAILBOX, named('x', { at: 0x303, length: 1 })], /mapping of x at 0x303 overlaps that of mailbox/],
    ['ports beyond the space', [named('x', { at: 0xffff, length: 2 })], /mapping of x at 0xffff is out of range/],
    ['an interrupt of the board', [named('x', { at: 0x300, length: PORTS, irq: 4 })], /interrupt 4 of device 'x' is that of 'uart'/],
    ['an interrupt twice', [MAILBOX, named('x', { irq: 5 })], /interrupt 5 of device 'x' is that of 'mailbox'/],
    ['the cascade', [named('x', { irq: 2 })], /there is no interrupt 2 for devices/],
    ['an interrupt that is none', [named('x', { irq: 16 })], /there is no interrupt 16 for devices/],
    ['a name of the board', [named('vga', {})], /two devices are called 'vga'/],
    ['memory', [named('x', { space: 'mmio', at: MIB - 16, length: 32, offset: BUFFER })], /0xffff0 lies in the machine's memory/],
  ])('%s', (_name, devices, message) => {
    expect(() => createPc({ memory: MIB, devices })).toThrow(message);
    expect(() => createPc({ memory: MIB, devices })).toThrow(InputError);
  });
});
