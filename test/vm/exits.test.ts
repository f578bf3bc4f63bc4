// Accesses that leave the machine, without a board: each is seen once, in order, and the instruction completes with what
// the caller answered.

import { describe, expect, it } from 'vitest';
import type { OutsideAccess } from '../../src/cpu/replay.ts';
import type { Regs } from '../../src/vm/registers.ts';
import { u32 } from '../support/code.ts';
import { CODE, DEVICE, ENGINE_NAMES, MIB, accessText, machine32, machine64, runAnswering } from './support.ts';

const HLT = 0xf4;
/** The last dword-sized access here has its upper two bytes beyond RAM. */
const EDGE = MIB - 2;
/** ModRM for EAX, [disp32] in 32-bit code; with the digit of a group instead of EAX. */
const at = (address: number, digit = 0): number[] => [5 | (digit << 3), ...u32(address)];
/** Any answer shows where each byte of it goes. */
const PATTERN = 0x87654321;
const pattern = ({ width }: OutsideAccess): number => PATTERN % 2 ** (8 * width);

interface Case {
  readonly name: string;
  readonly code: readonly number[];
  readonly regs?: Partial<Regs>;
  readonly accesses: readonly string[];
  readonly after?: Partial<Regs>;
  /** Bytes of RAM at EDGE afterwards. */
  readonly edge?: readonly number[];
  readonly retired?: number;
}

const D = DEVICE.toString(16);
const D4 = (DEVICE + 4).toString(16);

const PORTS: readonly Case[] = [
  { name: 'IN AL, imm8', code: [0xe4, 0x60], regs: { rax: 0xffffffffn }, accesses: ['io read 0x60/1 = 0x21'], after: { rax: 0xffffff21n } },
  {
    name: 'IN AX, imm8',
    code: [0x66, 0xe5, 0x60],
    regs: { rax: 0xffffffffn },
    accesses: ['io read 0x60/2 = 0x4321'],
    after: { rax: 0xffff4321n },
  },
  { name: 'IN EAX, DX', code: [0xed], regs: { rdx: 0xcf8n }, accesses: ['io read 0xcf8/4 = 0x87654321'], after: { rax: 0x87654321n } },
  { name: 'IN AL, DX', code: [0xec], regs: { rdx: 0xffffn }, accesses: ['io read 0xffff/1 = 0x21'], after: { rax: 0x21n } },
  { name: 'OUT imm8, AL', code: [0xe6, 0x80], regs: { rax: 0x12345678n }, accesses: ['io write 0x80/1 = 0x78'] },
  { name: 'OUT DX, AX', code: [0x66, 0xef], regs: { rdx: 0x3f8n, rax: 0x12345678n }, accesses: ['io write 0x3f8/2 = 0x5678'] },
  { name: 'OUT imm8, EAX', code: [0xe7, 0x80], regs: { rax: 0xfedcba98n }, accesses: ['io write 0x80/4 = 0xfedcba98'] },
  {
    name: 'REP INSB',
    code: [0xf3, 0x6c],
    regs: { rdx: 0x60n, rcx: 2n, rdi: BigInt(EDGE) },
    accesses: ['io read 0x60/1 = 0x21', 'io read 0x60/1 = 0x21'],
    after: { rcx: 0n, rdi: BigInt(MIB) },
    edge: [0x21, 0x21],
    retired: 3,
  },
  { name: 'INSW', code: [0x66, 0x6d], regs: { rdx: 0x60n, rdi: BigInt(EDGE) }, accesses: ['io read 0x60/2 = 0x4321'], edge: [0x21, 0x43] },
  {
    name: 'INSD to a device',
    code: [0x6d],
    regs: { rdx: 0x60n, rdi: BigInt(DEVICE) },
    accesses: ['io read 0x60/4 = 0x87654321', `mmio write 0x${D}/4 = 0x87654321`],
    after: { rdi: BigInt(DEVICE + 4) },
  },
  {
    name: 'REP OUTSB',
    code: [0xf3, 0x6e],
    regs: { rdx: 0x80n, rcx: 2n, rsi: BigInt(CODE) },
    accesses: ['io write 0x80/1 = 0xf3', 'io write 0x80/1 = 0x6e'],
    after: { rcx: 0n, rsi: BigInt(CODE + 2) },
    retired: 3,
  },
  {
    name: 'REP OUTSW from a device, backward',
    code: [0xfd, 0xf3, 0x66, 0x6f],
    regs: { rdx: 0x80n, rcx: 2n, rsi: BigInt(DEVICE + 4) },
    accesses: [`mmio read 0x${D4}/2 = 0x4321`, 'io write 0x80/2 = 0x4321', 'mmio read 0xfee00002/2 = 0x4321', 'io write 0x80/2 = 0x4321'],
    after: { rcx: 0n, rsi: BigInt(DEVICE) },
    retired: 4,
  },
  { name: 'REP OUTSD, count 0', code: [0xf3, 0x6f], regs: { rdx: 0x80n, rcx: 0n }, accesses: [] },
];

const MMIO: readonly Case[] = [
  { name: 'MOV AL, [m]', code: [0x8a, ...at(DEVICE)], accesses: [`mmio read 0x${D}/1 = 0x21`], after: { rax: 0x21n } },
  { name: 'MOV AX, [m]', code: [0x66, 0x8b, ...at(DEVICE)], accesses: [`mmio read 0x${D}/2 = 0x4321`], after: { rax: 0x4321n } },
  { name: 'MOV EAX, [m]', code: [0x8b, ...at(DEVICE)], accesses: [`mmio read 0x${D}/4 = 0x87654321`], after: { rax: 0x87654321n } },
  { name: 'MOVSX EAX, word [m]', code: [0x0f, 0xbf, ...at(DEVICE)], accesses: [`mmio read 0x${D}/2 = 0x4321`], after: { rax: 0x4321n } },
  { name: 'MOV [m], AL', code: [0x88, ...at(DEVICE)], regs: { rax: 0x12345698n }, accesses: [`mmio write 0x${D}/1 = 0x98`] },
  { name: 'MOV [m], AX', code: [0x66, 0x89, ...at(DEVICE)], regs: { rax: 0x1234fedcn }, accesses: [`mmio write 0x${D}/2 = 0xfedc`] },
  { name: 'MOV dword [m], imm', code: [0xc7, ...at(DEVICE), ...u32(0xfedcba98)], accesses: [`mmio write 0x${D}/4 = 0xfedcba98`] },
  {
    name: 'ADD [m], EAX',
    code: [0x01, ...at(DEVICE)],
    regs: { rax: 1n },
    accesses: [`mmio read 0x${D}/4 = 0x87654321`, `mmio write 0x${D}/4 = 0x87654322`],
    after: { rax: 1n },
  },
  {
    name: 'CMP [m], AL',
    code: [0x38, ...at(DEVICE)],
    regs: { rax: 0x21n },
    accesses: [`mmio read 0x${D}/1 = 0x21`],
    after: { rflags: 0x46n },
  },
  { name: 'LOCK INC byte [m]', code: [0xf0, 0xfe, ...at(DEVICE)], accesses: [`mmio read 0x${D}/1 = 0x21`, `mmio write 0x${D}/1 = 0x22`] },
  {
    name: 'XCHG [m], EAX',
    code: [0x87, ...at(DEVICE)],
    regs: { rax: 7n },
    accesses: [`mmio read 0x${D}/4 = 0x87654321`, `mmio write 0x${D}/4 = 0x7`],
    after: { rax: 0x87654321n },
  },
  {
    name: 'XADD [m], EAX',
    code: [0x0f, 0xc1, ...at(DEVICE)],
    regs: { rax: 7n },
    accesses: [`mmio read 0x${D}/4 = 0x87654321`, `mmio write 0x${D}/4 = 0x87654328`],
    after: { rax: 0x87654321n },
  },
  {
    name: 'CMPXCHG [m], ECX that differs writes back',
    code: [0x0f, 0xb1, ...at(DEVICE, 1)],
    regs: { rcx: 9n },
    accesses: [`mmio read 0x${D}/4 = 0x87654321`, `mmio write 0x${D}/4 = 0x87654321`],
    after: { rax: 0x87654321n, rcx: 9n },
  },
  {
    name: 'CMPXCHG8B [m]',
    code: [0x0f, 0xc7, ...at(DEVICE, 1)],
    regs: { rax: 0x87654321n, rdx: 0x87654321n, rbx: 1n, rcx: 2n },
    accesses: [
      `mmio read 0x${D}/4 = 0x87654321`,
      `mmio read 0x${D4}/4 = 0x87654321`,
      `mmio write 0x${D}/4 = 0x1`,
      `mmio write 0x${D4}/4 = 0x2`,
    ],
  },
  { name: 'PUSH [m]', code: [0xff, ...at(DEVICE, 6)], accesses: [`mmio read 0x${D}/4 = 0x87654321`], after: { rsp: 0x7ffcn } },
  {
    name: 'PUSH to a device',
    code: [0x50],
    regs: { rsp: BigInt(DEVICE + 4), rax: 5n },
    accesses: [`mmio write 0x${D}/4 = 0x5`],
    after: { rsp: BigInt(DEVICE) },
  },
  {
    name: 'REP MOVSB from device to device',
    code: [0xf3, 0xa4],
    regs: { rcx: 2n, rsi: BigInt(DEVICE), rdi: BigInt(DEVICE + 16) },
    accesses: [
      'mmio read 0xfee00000/1 = 0x21',
      'mmio write 0xfee00010/1 = 0x21',
      'mmio read 0xfee00001/1 = 0x21',
      'mmio write 0xfee00011/1 = 0x21',
    ],
    after: { rcx: 0n, rsi: BigInt(DEVICE + 2), rdi: BigInt(DEVICE + 18) },
    retired: 3,
  },
  {
    name: 'CALL [m]: the target comes from a device',
    code: [0xff, ...at(DEVICE, 2)],
    accesses: [`mmio read 0x${D}/4 = 0x1006`],
    after: { rsp: 0x7ffcn },
  },
];

const CROSSING: readonly Case[] = [
  {
    name: 'MOV EAX, [m] from RAM into a device',
    code: [0x8b, ...at(EDGE)],
    accesses: ['mmio read 0x100000/1 = 0x21', 'mmio read 0x100001/1 = 0x21'],
    after: { rax: 0x2121bbaan },
  },
  {
    name: 'MOV [m], EAX',
    code: [0x89, ...at(EDGE)],
    regs: { rax: 0x44332211n },
    accesses: ['mmio write 0x100000/1 = 0x33', 'mmio write 0x100001/1 = 0x44'],
    edge: [0x11, 0x22],
  },
  {
    name: 'ADD [m], EAX adds once',
    code: [0x01, ...at(EDGE)],
    regs: { rax: 0x01010101n },
    accesses: [
      'mmio read 0x100000/1 = 0x21',
      'mmio read 0x100001/1 = 0x21',
      'mmio write 0x100000/1 = 0x22',
      'mmio write 0x100001/1 = 0x22',
    ],
    edge: [0xab, 0xbc],
  },
  {
    name: 'XADD [m], AX within a device',
    code: [0x66, 0x0f, 0xc1, ...at(DEVICE + 0xfff)],
    regs: { rax: 1n },
    accesses: [
      'mmio read 0xfee00fff/1 = 0x21',
      'mmio read 0xfee01000/1 = 0x21',
      'mmio write 0xfee00fff/1 = 0x22',
      'mmio write 0xfee01000/1 = 0x21',
    ],
    after: { rax: 0x2121n },
  },
];

const WIDE: readonly Case[] = [
  {
    name: 'MOV RAX, [m]',
    code: [0x48, 0x8b, 0x03],
    regs: { rbx: BigInt(DEVICE) },
    accesses: [`mmio read 0x${D}/4 = 0x87654321`, `mmio read 0x${D4}/4 = 0x87654321`],
    after: { rax: 0x8765432187654321n },
  },
  {
    name: 'MOV [m], RAX',
    code: [0x48, 0x89, 0x03],
    regs: { rbx: BigInt(DEVICE), rax: 0x0123456789abcdefn },
    accesses: [`mmio write 0x${D}/4 = 0x89abcdef`, `mmio write 0x${D4}/4 = 0x1234567`],
  },
  {
    name: 'ADD [m], RAX carries into the upper half',
    code: [0x48, 0x01, 0x03],
    regs: { rbx: BigInt(DEVICE), rax: 0x80000000n },
    accesses: [
      `mmio read 0x${D}/4 = 0x87654321`,
      `mmio read 0x${D4}/4 = 0x87654321`,
      `mmio write 0x${D}/4 = 0x7654321`,
      `mmio write 0x${D4}/4 = 0x87654322`,
    ],
  },
  {
    name: 'ADD [m], RAX from RAM into a device adds once',
    code: [0x48, 0x01, 0x03],
    regs: { rbx: BigInt(MIB - 4), rax: 0x10101n },
    accesses: ['mmio read 0x100000/4 = 0x87654321', 'mmio write 0x100000/4 = 0x87654321'],
    edge: [0xab, 0xbb],
  },
  {
    name: 'CMPXCHG16B [m]',
    code: [0x48, 0x0f, 0xc7, 0x0b],
    regs: { rbx: BigInt(DEVICE) },
    accesses: [0, 4, 8, 12]
      .map((n) => `mmio read 0x${(DEVICE + n).toString(16)}/4 = 0x87654321`)
      .concat([0, 4, 8, 12].map((n) => `mmio write 0x${(DEVICE + n).toString(16)}/4 = 0x87654321`)),
    after: { rax: 0x8765432187654321n, rdx: 0x8765432187654321n },
  },
];

describe.each(ENGINE_NAMES)('engine %s', (engine) => {
  const check =
    (build: typeof machine32) =>
    ({ name, code, regs = {}, accesses, after = {}, edge, retired = 2 }: Case): void => {
      const vm = build([...code, HLT], { engine, regs });
      vm.writeMemory(EDGE, Uint8Array.of(0xaa, 0xbb));
      const result = runAnswering(vm, name.startsWith('CALL') ? () => CODE + code.length : pattern);
      expect(result).toEqual({ accesses, exit: { kind: 'hlt' }, retired });
      expect(vm.vcpus[0].getRegs()).toMatchObject({ rip: BigInt(CODE + code.length + 1), ...after });
      if (edge) expect([...vm.readMemory(EDGE, 2)]).toEqual(edge);
    };

  describe('ports', () => {
    it.each(PORTS)('$name', check(machine32));
  });
  describe('devices in memory', () => {
    it.each(MMIO)('$name', check(machine32));
  });
  describe('across pages', () => {
    it.each(CROSSING)('$name', check(machine32));
  });
  describe('8 bytes and more', () => {
    it.each(WIDE)('$name', check(machine64));
  });

  it('code is fetched from a device byte by byte', () => {
    // JMP RBX; there: OUT 0x80, AL; HLT
    const vm = machine32([0xff, 0xe3], { engine, regs: { rbx: BigInt(DEVICE), rax: 3n } });
    const there = [0xe6, 0x80, HLT];
    const { accesses, exit } = runAnswering(vm, ({ address }) => there[address - DEVICE]);
    expect(exit).toEqual({ kind: 'hlt' });
    expect(accesses).toEqual([
      'mmio read 0xfee00000/1 = 0xe6',
      'mmio read 0xfee00001/1 = 0x80',
      'io write 0x80/1 = 0x3',
      'mmio read 0xfee00002/1 = 0xf4',
    ]);
  });

  it('an access is seen again until the machine runs on', () => {
    const vm = machine32([0xe4, 0x60, HLT], { engine });
    const { exit, retired } = vm.runSlice();
    expect([exit.kind, retired]).toEqual(['io', 0]);
    expect(vm.runSlice(0).exit.kind).toBe('limit');
    vm.kick();
    expect(vm.runSlice().exit.kind).toBe('interrupted');
    if (exit.kind === 'io') exit.access.value = 0x99;
    expect(vm.runSlice().exit.kind).toBe('hlt');
    expect(vm.vcpus[0].getRegs().rax).toBe(0x99n);
  });

  it('another RIP gives the instruction up', () => {
    const vm = machine32([0xe4, 0x60, 0xe4, 0x61, HLT], { engine });
    const first = vm.runSlice().exit;
    if (first.kind === 'io') first.access.value = 0x99;
    vm.vcpus[0].setRegs({ rip: BigInt(CODE + 2) });
    const { accesses } = runAnswering(vm, () => 0x55);
    expect(accesses).toEqual(['io read 0x61/1 = 0x55']);
    expect(vm.vcpus[0].getRegs().rax).toBe(0x55n);
  });

  it('a write to a read-only slot is an exit, a read of it is none', () => {
    const vm = machine32([0xfe, ...at(2 * MIB), HLT], { engine, spareMemory: MIB, gpaLimit: 4 * MIB });
    vm.setUserMemoryRegion({ slot: 3, guestPhysAddr: 2 * MIB, memorySize: 4096, readonly: true });
    vm.writeMemory(2 * MIB, Uint8Array.of(0x41));
    expect(runAnswering(vm).accesses).toEqual(['mmio write 0x200000/1 = 0x42']);
    expect(vm.readMemory(2 * MIB, 1)).toEqual(Uint8Array.of(0x41));
  });

  it('what a board claims of an instruction is done once, though another access of it leaves the machine', () => {
    let reads = 0;
    const vm = machine32([0xf3, 0x6c, HLT], {
      engine,
      regs: { rdx: 0x60n, rcx: 3n, rdi: BigInt(DEVICE) },
      unclaimed: 'exit',
      platform: () => ({
        ports: { read: (port) => (port === 0x60 ? ++reads : null), write: () => false },
        mmio: { read: () => null, write: () => false },
        timeline: { deadline: () => Infinity, advance() {} },
        interruptPending: () => false,
        acknowledgeInterrupt: () => 0,
        canInterrupt: () => false,
        save: () => ({}),
        restore() {},
        reset() {},
      }),
    });
    expect(runAnswering(vm).accesses).toEqual([1, 2, 3].map((n) => `mmio write 0x${(DEVICE + n - 1).toString(16)}/1 = 0x${n}`));
    expect(reads).toBe(3);
  });

  it('names the vCPU that made the access, also at the end of its turn', () => {
    const vm = machine32([0x90, 0xe6, 0x80, HLT], { engine, vcpus: 2, quantum: 1, regs: { rax: 4n } });
    const sregs = vm.vcpus[0].getSregs();
    vm.vcpus[1].setSregs(sregs);
    vm.vcpus[1].setRegs({ rip: BigInt(CODE), rax: 5n });
    vm.vcpus[1].activity = 'active';
    const seen: string[] = [];
    for (;;) {
      const { vcpu, exit } = vm.runSlice();
      if (exit.kind !== 'io') break;
      seen.push(`vCPU ${vcpu}: ${accessText(exit.access)}`);
    }
    expect(seen).toEqual(['vCPU 0: io write 0x80/1 = 0x4', 'vCPU 1: io write 0x80/1 = 0x5']);
  });
});
