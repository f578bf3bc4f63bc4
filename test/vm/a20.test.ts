// The A20 gate as a guest meets it: which byte an address names depends on the gate as it is at that instruction, under either
// engine, for data and for code, and what is reported as dirty is the page that was written.

import { describe, expect, it } from 'vitest';
import { loadImage } from '../../src/boot/image.ts';
import { bootTarget } from '../../src/boot/vm-target.ts';
import { createPc } from '../../src/machine/pc.ts';
import type { PcConfig } from '../../src/machine/pc.ts';
import { MtEnable, MtFlag, MtOp } from '../../src/mt/abi.ts';
import type { Vm } from '../../src/vm/vm.ts';
import { METHODS } from '../laws/support/configurations.ts';
import { runCycles } from '../laws/support/cycles.ts';
import { assemble, u16, u32 } from '../support/code.ts';
import type { Item } from '../support/code.ts';
import { CODE, ENGINE_NAMES, MIB, STACK } from './support.ts';

const HLT = 0xf4;
const RET = 0xc3;
const out = (port: number, value: number): number[] => [0xb0, value, 0xe6, port];
/** By the keyboard controller's own commands. */
const CLOSE = out(0x64, 0xdd);
const OPEN = out(0x64, 0xdf);

function machine(config: Partial<PcConfig> = {}): Vm {
  return createPc({ memory: 8 * MIB, ...config }).vm;
}

/** Flat 32-bit code at CODE, paging off. */
function machine32(config: Partial<PcConfig>, ...items: readonly Item[]): Vm {
  const vm = machine(config);
  loadImage('code', assemble(CODE, ...items).bytes, bootTarget(vm), { at: CODE });
  // The guests count in what firmware has left there.
  vm.writeMemory(0, new Uint8Array(0x500));
  vm.vcpus[0].setRegs({ rbx: 0n, rsp: BigInt(STACK) });
  return vm;
}

/** 16-bit code at 0:CODE in real-address mode. */
function realMode(config: Partial<PcConfig>, ...items: readonly Item[]): Vm {
  const vm = machine(config);
  vm.writeMemory(CODE, assemble(CODE, ...items).bytes);
  const { cs } = vm.vcpus[0].getSregs();
  vm.vcpus[0].setSregs({ cs: { ...cs, selector: 0, base: 0n } });
  vm.vcpus[0].setRegs({ rip: BigInt(CODE) });
  return vm;
}

const word = (vm: Vm, gpa: number): number => new DataView(vm.readMemory(gpa, 4).buffer).getUint32(0, true);
const finish = (vm: Vm): string => vm.runSlice(1e6).exit.kind;

const ROUNDS = 300;
const STORE_ESI = [0x89, 0x35];
const INC = [0xff, 0x05];
const CALL_EDI = [0xff, 0xd7];
/** Where one function is, and 1 MiB above it another. */
const FUNCTION = 0x1800;

/** Stores through two names of pages, calls one address, the gate now closed, now open. */
function toggling(config: Partial<PcConfig>): Vm {
  const vm = machine32(
    config,
    0xbe,
    u32(ROUNDS),
    0xbf,
    u32(MIB + FUNCTION),
    { label: 'loop' },
    CLOSE,
    STORE_ESI,
    u32(0x301000),
    INC,
    u32(0x100000),
    CALL_EDI,
    OPEN,
    STORE_ESI,
    u32(0x301004),
    INC,
    u32(0x100004),
    CALL_EDI,
    0x4e,
    0x75,
    { rel8: 'loop' },
    HLT,
  );
  vm.writeMemory(FUNCTION, Uint8Array.of(0x83, 0xc3, 1, RET));
  vm.writeMemory(MIB + FUNCTION, Uint8Array.of(0x81, 0xc3, ...u32(0x10000), RET));
  return vm;
}

function checkToggled(vm: Vm): void {
  expect([word(vm, 0x201000), word(vm, 0x301000), word(vm, 0x201004), word(vm, 0x301004)]).toEqual([1, 0, 0, 1]);
  expect([word(vm, 0), word(vm, MIB), word(vm, 4), word(vm, MIB + 4)]).toEqual([ROUNDS, 0, 0, ROUNDS]);
  expect(vm.vcpus[0].getRegs().rbx).toBe(BigInt(ROUNDS * 0x10001));
}

describe.each(ENGINE_NAMES)('engine %s', (engine) => {
  it('FFFF:0010 is address 0 while the gate is closed, and 1 MiB while it is open', () => {
    const store = (value: number): number[] => [0xc6, 0x06, ...u16(0x10), value];
    const vm = realMode(
      { engine },
      0xb8,
      u16(0xffff),
      0x8e,
      0xd8,
      CLOSE,
      store(0x55),
      out(0x92, 2),
      store(0xaa),
      out(0x92, 0),
      [0xa0, ...u16(0x10)],
      HLT,
    );
    expect(finish(vm)).toBe('hlt');
    expect([vm.readMemory(0, 1)[0], vm.readMemory(MIB, 1)[0]]).toEqual([0x55, 0xaa]);
    expect(Number(vm.vcpus[0].getRegs().rax & 0xffn)).toBe(0x55);
  });

  it('an access across 1 MiB wraps byte by byte', () => {
    const vm = realMode({ engine }, 0xb8, u16(0xffff), 0x8e, 0xd8, CLOSE, 0xc7, 0x06, u16(0xf), u16(0x2211), HLT);
    expect(finish(vm)).toBe('hlt');
    expect([vm.readMemory(0xfffff, 1)[0], vm.readMemory(0, 1)[0], vm.readMemory(MIB, 1)[0]]).toEqual([0x11, 0x22, 0]);
  });

  it('odd megabytes are even ones while it is closed, in hot code, for data and for code', () => {
    const vm = toggling({ engine });
    expect(finish(vm)).toBe('hlt');
    checkToggled(vm);
  });

  it('the instruction after the one that moves the gate is fetched through it', () => {
    const vm = machine32({ engine }, 0xbf, u32(MIB + FUNCTION), 0xff, 0xe7);
    vm.writeMemory(MIB + FUNCTION, Uint8Array.of(...CLOSE, 0xbb, ...u32(1), HLT));
    vm.writeMemory(FUNCTION + CLOSE.length, Uint8Array.of(0xbb, ...u32(2), HLT));
    expect(finish(vm)).toBe('hlt');
    expect(vm.vcpus[0].getRegs().rbx).toBe(2n);
  });

  it.each(METHODS)('no write is lost and none reported elsewhere, tracking by %s', (tracking) => {
    const vm = toggling({ engine, tracking, verify: true });
    expect(runCycles(vm, { seed: 5, slice: 1000 }).exit.kind).toBe('hlt');
    checkToggled(vm);
    const precise = toggling({ engine, tracking });
    precise.mt.initMt({ op: MtOp.INIT, flags: MtFlag.NO_DUPS, maxDirty: 1000 });
    precise.mt.enableMt(MtEnable.ON);
    precise.mt.prepareMtCp(1n);
    expect(finish(precise)).toBe('hlt');
    precise.mt.mtVmQuiesced();
    expect([...precise.mt.fetchSublist({ count: 100 }).gfns].sort((a, b) => a - b)).toEqual([0, 7, 0x100, 0x201, 0x301]);
  });

  it('is part of what is saved', () => {
    const whole = toggling({ engine });
    finish(whole);
    const expected = JSON.stringify(whole.save());
    for (const steps of [1, 4, 5, 6, 9, 11, 12, 700]) {
      const first = toggling({ engine });
      const second = machine({ engine });
      first.runSlice(steps);
      second.writeMemory(0, first.readMemory(0, 8 * MIB));
      second.restore(JSON.parse(JSON.stringify(first.save())) as ReturnType<Vm['save']>);
      expect(finish(second)).toBe('hlt');
      checkToggled(second);
      expect(JSON.stringify(second.save())).toBe(expected);
    }
  });
});
