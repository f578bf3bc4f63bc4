// MSRs, debug registers, CPUID, the TSC, FS and GS bases, ports.

import { describe, expect, it } from 'vitest';
import { Request } from '../../src/base/request.ts';
import { Activity, Seg } from '../../src/base/state/vcpu.ts';
import { CR4, EFER } from '../../src/cpu/arch/control-bits.ts';
import { AC, IF, IOPL_SHIFT, NT, RF, TF, VM } from '../../src/cpu/arch/rflags.ts';
import { DEFAULT_MODEL } from '../../src/cpu/arch/model.ts';
import { cpuidLeaf } from '../../src/cpu/system/cpuid.ts';
import { MsrAddress } from '../../src/cpu/system/msr-table.ts';
import { readTimeStamp, timeStamp } from '../../src/cpu/system/tsc.ts';
import { AT, longMode, protectedMode, register } from './support.ts';
import type { Rig } from './support.ts';

const GP0 = [13, 0];
const UD = [6, null];
const NON_CANONICAL = 1n << 47n;

function wrmsr(rig: Rig, address: number, value: bigint): readonly [number, number | null] | null {
  rig.state.gpr[1] = BigInt(address);
  rig.state.gpr[0] = value & 0xffffffffn;
  rig.state.gpr[2] = value >> 32n;
  return rig.call('writeMsr').fault;
}

function rdmsr(rig: Rig, address: number): bigint {
  rig.state.gpr[1] = BigInt(address);
  expect(rig.call('readMsr').fault).toBeNull();
  return (rig.state.gpr[2] << 32n) | rig.state.gpr[0];
}

function thrownBy(body: () => void): unknown {
  try {
    body();
  } catch (signal) {
    return signal;
  }
  return null;
}

describe('MSRs', () => {
  it.each([
    ['STAR', MsrAddress.STAR, 0x0023001000000000n],
    ['LSTAR', MsrAddress.LSTAR, 0xffffffff81000000n],
    ['FMASK', MsrAddress.FMASK, 0x47700n],
    ['FS_BASE', MsrAddress.FS_BASE, 0x7fff00000000n],
    ['KERNEL_GS_BASE', MsrAddress.KERNEL_GS_BASE, 0xffff888000000000n],
    ['PAT', MsrAddress.PAT, 0x0407050600070106n],
    ['TSC_AUX', MsrAddress.TSC_AUX, 7n],
    ['SYSENTER_CS', MsrAddress.SYSENTER_CS, 8n],
  ])('%s reads back', (_name, address, value) => {
    const rig = longMode();
    expect(wrmsr(rig, address, value)).toBeNull();
    expect(rdmsr(rig, address)).toBe(value);
  });

  // SDM vol. 2, WRMSR: #GP(0) on a non-canonical address in an MSR that holds one, on reserved bits, on an unimplemented MSR.
  it.each([
    ['LSTAR', MsrAddress.LSTAR, NON_CANONICAL],
    ['GS_BASE', MsrAddress.GS_BASE, NON_CANONICAL],
    ['SYSENTER_EIP', MsrAddress.SYSENTER_EIP, NON_CANONICAL],
    ['PAT type 2', MsrAddress.PAT, 2n],
    ['PAT type 8', MsrAddress.PAT, 8n << 56n],
    ['TSC_AUX bit 32', MsrAddress.TSC_AUX, 1n << 32n],
    ['EFER bit 1', MsrAddress.EFER, 2n],
    ['EFER.LME while paging', MsrAddress.EFER, EFER.SCE],
    ['APIC_BASE, which is not there', 0x1b, 0n],
    ['an address that is not there', 0x12345, 0n],
  ])('#GP(0): %s', (_name, address, value) => {
    expect(wrmsr(longMode(), address, value)).toEqual(GP0);
  });

  // SDM vol. 3, "Initializing IA-32e Mode": LMA is the processor's own.
  it('EFER.LMA is not written', () => {
    const rig = longMode();
    expect(wrmsr(rig, MsrAddress.EFER, EFER.LME | EFER.NXE)).toBeNull();
    expect(rig.state.efer[0]).toBe(EFER.LME | EFER.LMA | EFER.NXE);
  });

  it('GS_BASE takes effect at once', () => {
    const rig = longMode();
    wrmsr(rig, MsrAddress.GS_BASE, 0xffff800000001000n);
    expect(rig.cpu.base[Seg.GS]).toBe(-(2 ** 47) + 0x1000);
  });

  it('is for level 0', () => {
    expect(wrmsr(longMode(3), MsrAddress.STAR, 0n)).toEqual(GP0);
    expect(longMode(3).call('readMsr').fault).toEqual(GP0);
  });
});

describe('the TSC', () => {
  it('is virtual time plus an offset that WRMSR sets', () => {
    const rig = longMode();
    expect(timeStamp(rig.cpu)).toBe(1000n);
    wrmsr(rig, MsrAddress.TSC, 0x100000005n);
    rig.host.ticks += 10n;
    expect(timeStamp(rig.cpu)).toBe(0x10000000fn);
  });

  // SDM vol. 2, RDTSC: #GP(0) with CR4.TSD set and CPL above 0.
  it('obeys TSD', () => {
    const rig = longMode(3);
    expect(readTimeStamp(rig.cpu)).toBe(1000n);
    rig.state.cr4[0] |= CR4.TSD;
    expect(thrownBy(() => readTimeStamp(rig.cpu))).toBe(rig.cpu.faultSignal);
    expect([rig.cpu.fault.vector, rig.cpu.fault.errorCode]).toEqual(GP0);
  });
});

describe('CPUID', () => {
  const bytes = (word: number): number[] => [0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff);
  const text = (...words: number[]): string => String.fromCharCode(...words.flatMap(bytes));

  it('names vendor and processor', () => {
    const [max, b, c, d] = cpuidLeaf(DEFAULT_MODEL.shown, 0, 0, 0, true);
    expect(text(b, d, c)).toBe('GenuineIntel');
    expect(max).toBe(7);
    const brand = [2, 3, 4].flatMap((n) => [...cpuidLeaf(DEFAULT_MODEL.shown, 0x80000000 + n, 0, 0, true)]);
    expect(text(...brand).replace(/\0+$/, '')).toBe('Tidemark Virtual CPU');
  });

  it('claims no MMX, SSE, APIC, XSAVE or BMI1', () => {
    const [, , ecx, edx] = cpuidLeaf(DEFAULT_MODEL.shown, 1, 0, 0, true);
    for (const bit of [9, 12, 23, 24, 25, 26]) expect((edx >>> bit) & 1).toBe(0);
    for (const bit of [0, 19, 20, 26, 27, 28]) expect((ecx >>> bit) & 1).toBe(0);
    expect(cpuidLeaf(DEFAULT_MODEL.shown, 7, 0, 0, true)[1] & 8).toBe(0);
  });

  it('tells the address sizes, and SYSCALL in 64-bit mode alone', () => {
    expect(cpuidLeaf(DEFAULT_MODEL.shown, 0x80000008, 0, 0, true)[0]).toBe(0x3028);
    expect((cpuidLeaf(DEFAULT_MODEL.shown, 0x80000001, 0, 0, true)[3] >>> 11) & 1).toBe(1);
    expect((cpuidLeaf(DEFAULT_MODEL.shown, 0x80000001, 0, 0, false)[3] >>> 11) & 1).toBe(0);
  });

  // SDM vol. 2, CPUID: beyond the highest leaf comes the highest basic leaf's data.
  it('answers beyond the highest leaf with the highest basic one', () => {
    expect(cpuidLeaf(DEFAULT_MODEL.shown, 0x40000000, 0, 0, true)).toEqual(cpuidLeaf(DEFAULT_MODEL.shown, 7, 0, 0, true));
    expect(cpuidLeaf(DEFAULT_MODEL.shown, 0x80000009, 0, 0, true)).toEqual(cpuidLeaf(DEFAULT_MODEL.shown, 7, 0, 0, true));
    expect(cpuidLeaf(DEFAULT_MODEL.shown, 7, 1, 0, true)).toEqual([0, 0, 0, 0]);
  });

  it('clears the upper halves of the registers', () => {
    const rig = longMode(3);
    for (const reg of [1, 2, 3]) rig.state.gpr[reg] = -1n;
    rig.state.gpr[0] = 0xffffffff00000000n;
    rig.call('cpuid');
    expect(rig.state.gpr[0]).toBe(7n);
    expect(rig.state.gpr[2]).toBe(0x49656e69n);
  });
});

describe('debug registers', () => {
  it('have fixed bits', () => {
    const rig = protectedMode();
    rig.call('writeDebug', register(6), 0xffffffffn);
    rig.call('writeDebug', register(7), 0n);
    expect(rig.call('readDebug', register(6)).value).toBe(0xffffeffen | 1n);
    expect(rig.call('readDebug', register(7)).value).toBe(0x400n);
    rig.call('writeDebug', register(6), 0n);
    expect(rig.call('readDebug', register(6)).value).toBe(0xffff0ff0n);
  });

  // SDM vol. 3, "Debug Registers DR4 and DR5": aliases of DR6 and DR7 unless CR4.DE is set.
  it('DR4 and DR5 are aliases, or undefined with CR4.DE', () => {
    const rig = protectedMode();
    rig.call('writeDebug', register(5), 0x401n);
    expect(rig.call('readDebug', register(7)).value).toBe(0x401n);
    rig.state.cr4[0] = CR4.DE;
    expect(rig.call('readDebug', register(5)).fault).toEqual(UD);
  });

  // SDM vol. 2, MOV DR: in 64-bit mode a 1 in bits 63:32 of DR6 or DR7 gives #GP(0).
  it('refuse upper bits', () => {
    expect(longMode().call('writeDebug', register(7, 8), 1n << 32n).fault).toEqual(GP0);
    expect(longMode().call('writeDebug', register(0, 8), 1n << 32n).fault).toBeNull();
  });

  // SDM vol. 3, "General-Detect Exception Condition": an access with DR7.GD set gives #DB, with DR6.BD set.
  it('general detect', () => {
    const rig = protectedMode();
    rig.state.dr[7] = 0x2400n;
    expect(rig.call('readDebug', register(0)).fault).toEqual([1, null]);
    expect(rig.state.dr[6] & 0x2000n).toBe(0x2000n);
  });
});

describe('FS and GS bases', () => {
  it('SWAPGS exchanges', () => {
    const rig = longMode();
    rig.state.kernelGsBase[0] = 0x1234000n;
    rig.call('swapgs');
    expect(rig.cpu.base[Seg.GS]).toBe(0x1234000);
    expect(rig.state.kernelGsBase[0]).toBe(0n);
    expect(longMode(3).call('swapgs').fault).toEqual(GP0);
    expect(protectedMode().call('swapgs').fault).toEqual(UD);
  });

  // SDM vol. 2, WRFSBASE: #UD with CR4.FSGSBASE clear; #GP(0) on a non-canonical address.
  it('WRFSBASE', () => {
    const rig = longMode(3);
    expect(rig.call('writeFsBase', { size: 8 }, 0x1000n).fault).toEqual(UD);
    rig.state.cr4[0] |= CR4.FSGSBASE;
    expect(rig.call('writeFsBase', { size: 8 }, NON_CANONICAL).fault).toEqual(GP0);
    expect(rig.call('writeFsBase', { size: 8 }, 0xffff800000000000n).fault).toBeNull();
    expect(rig.call('readFsBase', { size: 4 }).value).toBe(0n);
    expect(rig.call('readFsBase', { size: 8 }).value).toBe(0xffff800000000000n);
  });
});

describe('flags', () => {
  const flags = (rig: Rig): number => rig.cpu.flags.read();

  // SDM vol. 2, POPF: level 0 changes IOPL and IF, a level within IOPL IF alone, others neither; RF and VM never.
  it.each([
    [0, 0, IF | (3 << IOPL_SHIFT)],
    [3, 3, IF | (3 << IOPL_SHIFT)],
    [3, 0, 0],
  ] as const)('POPF at level %i with IOPL %i', (cpl, iopl, expected) => {
    const rig = protectedMode(cpl);
    rig.cpu.flags.write(iopl << IOPL_SHIFT);
    rig.call('popf', { stackSize: 4 }, BigInt(IF | (3 << IOPL_SHIFT) | RF | VM | NT | AC));
    expect(flags(rig)).toBe(expected | NT | AC | 2);
  });

  it('POPF at level 3 with IOPL 3 leaves IOPL', () => {
    const rig = protectedMode(3);
    rig.cpu.flags.write(3 << IOPL_SHIFT);
    rig.call('popf', { stackSize: 4 }, 0n);
    expect(flags(rig)).toBe((3 << IOPL_SHIFT) | 2);
  });

  it('POPF of 16 bits leaves the upper half', () => {
    const rig = protectedMode();
    rig.cpu.flags.write(AC);
    rig.call('popf', { stackSize: 2 }, BigInt(TF));
    expect(flags(rig)).toBe(AC | TF | 2);
    expect(rig.state.request[0] & Request.EVENT).toBe(Request.EVENT);
  });

  // SDM vol. 2, STI: interrupts are recognised after the instruction that follows, if IF was 0.
  it('STI shadows the next instruction only when IF was 0', () => {
    const rig = protectedMode();
    rig.call('sti');
    expect(rig.state.interruptibility[0]).toBe(1);
    rig.state.interruptibility[0] = 0;
    rig.call('sti');
    expect(rig.state.interruptibility[0]).toBe(0);
    rig.call('cli');
    expect(flags(rig) & IF).toBe(0);
    expect(protectedMode(3).call('sti').fault).toEqual(GP0);
    expect(protectedMode(3).call('cli').fault).toEqual(GP0);
  });

  // SDM vol. 2, STAC and CLAC: #UD above level 0.
  it('STAC and CLAC change the context of data accesses', () => {
    const rig = longMode();
    rig.call('stac');
    expect(rig.cpu.dataContext).toBe(2);
    rig.call('clac');
    expect(rig.cpu.dataContext).toBe(0);
    expect(longMode(3).call('stac').fault).toEqual(UD);
  });

  it('HLT', () => {
    const rig = protectedMode();
    rig.call('halt');
    expect(rig.state.activity[0]).toBe(Activity.HLT);
    expect(protectedMode(3).call('halt').fault).toEqual(GP0);
  });
});

describe('ports', () => {
  /** The bit map at 0x68 of the TSS, all permitted but ports 0x11 and 0x17. */
  function withMap(): Rig {
    const rig = protectedMode(3);
    rig.set16(AT.TSS + 102, 0x68);
    rig.set16(AT.TSS + 0x68 + 2, (1 << 1) | (1 << 7));
    for (const port of [0x10, 0x11, 0x16, 0x17, 0x18]) rig.host.ports.set(port, 0xaabbccdd);
    return rig;
  }

  // SDM vol. 1, "I/O Permission Bit Map": every bit that corresponds to the access must be 0.
  it.each([
    [0x10, 1, null],
    [0x10, 2, GP0],
    [0x11, 1, GP0],
    [0x16, 1, null],
    [0x16, 2, GP0],
    [0x18, 1, null],
    [0x12, 4, null],
  ] as const)('port %i, %i bytes', (port, size, fault) => {
    expect(withMap().call('checkPort', { size }, BigInt(port)).fault).toEqual(fault);
  });

  // SDM vol. 1, "I/O Permission Bit Map": ports beyond the map are as if their bits were 1; two bytes are read each time.
  it('ends where the TSS ends', () => {
    const rig = withMap();
    rig.state.segLimit[Seg.TR] = 0x68 + 2;
    expect(rig.call('checkPort', { size: 1 }, 0x8n).fault).toBeNull();
    expect(rig.call('checkPort', { size: 1 }, 0x10n).fault).toEqual(GP0);
  });

  it('IOPL comes before the map', () => {
    const rig = withMap();
    rig.cpu.flags.write(3 << IOPL_SHIFT);
    expect(rig.call('portIn', { size: 2 }, 0x11n).value).toBe(0xccddn);
    expect(rig.call('portOut', { size: 1 }, 0x17n, 0x1234n).fault).toBeNull();
    expect(rig.host.written).toEqual([[0x17, 1, 0x34]]);
  });

  it('an unclaimed port leaves the machine once and is replayed', () => {
    const rig = protectedMode();
    expect(() => rig.call('portIn', { size: 1 }, 0x60n)).toThrow(rig.cpu.exitSignal as never);
    expect(rig.cpu.replay.pending).toEqual({ kind: 'io', direction: 'read', address: 0x60, width: 1, value: 0 });
    rig.cpu.replay.pending!.value = 0x42;
    rig.cpu.replay.answer();
    expect(rig.call('portIn', { size: 1 }, 0x60n).value).toBe(0x42n);
  });
});
