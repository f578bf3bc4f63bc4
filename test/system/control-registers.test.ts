import { describe, expect, it } from 'vitest';
import { CR0, CR4, EFER } from '../../src/cpu/arch/control-bits.ts';
import { AT, UNMAPPED, longMode, protectedMode, register } from './support.ts';
import type { Rig } from './support.ts';

const GP0 = [13, 0];

const write = (rig: Rig, reg: number, value: bigint): readonly [number, number | null] | null =>
  rig.call('writeControl', register(reg, rig.cpu.mode === 8 ? 8 : 4), value).fault;

const read = (rig: Rig, reg: number): bigint => rig.call('readControl', register(reg, rig.cpu.mode === 8 ? 8 : 4)).value;

describe('MOV to CR0', () => {
  // SDM vol. 2, MOV CR: an attempt to set an invalid combination (PG with PE clear, NW with CD clear) gives #GP(0).
  it.each([
    ['PG without PE', CR0.PG],
    ['NW without CD', CR0.PE | CR0.NW],
  ])('refuses %s', (_name, value) => {
    expect(write(protectedMode(), 0, value)).toEqual(GP0);
  });

  // SDM vol. 3, "Control Registers": ET is hardwired, reserved bits of 31:0 stay clear without a fault.
  it('keeps ET and clear reserved bits', () => {
    const rig = protectedMode();
    expect(write(rig, 0, CR0.PE | 0xff80n)).toBeNull();
    expect(read(rig, 0)).toBe(CR0.PE | CR0.ET);
  });

  // SDM vol. 2, MOV CR: in 64-bit mode writing 1 to any of bits 63:32 of CR0 gives #GP(0).
  it('refuses bits above 31', () => {
    const rig = longMode();
    expect(write(rig, 0, rig.state.cr0[0] | (1n << 32n))).toEqual(GP0);
  });

  // SDM vol. 3, "Initializing IA-32e Mode": setting PG with LME needs PAE.
  it('refuses paging with LME and without PAE', () => {
    const rig = protectedMode();
    rig.state.efer[0] = EFER.LME;
    expect(write(rig, 0, CR0.PE | CR0.PG)).toEqual(GP0);
  });

  // SDM vol. 3, "Initializing IA-32e Mode": the processor sets LMA when paging is enabled with LME set.
  it('activates and deactivates IA-32e mode', () => {
    const rig = longMode(0, { compat: true });
    expect(write(rig, 0, CR0.PE)).toBeNull();
    expect(rig.state.efer[0] & EFER.LMA).toBe(0n);
    expect(rig.cpu.longMode).toBe(false);
    expect(write(rig, 0, CR0.PE | CR0.PG)).toBeNull();
    expect(rig.state.efer[0] & EFER.LMA).toBe(EFER.LMA);
    expect(rig.cpu.longMode).toBe(true);
  });

  // SDM vol. 2, MOV CR: clearing PG in 64-bit mode gives #GP(0).
  it('refuses to leave paging in 64-bit mode', () => {
    expect(write(longMode(), 0, CR0.PE)).toEqual(GP0);
  });

  // SDM vol. 2, MOV CR: #GP(0) when paging is enabled with PAE and a loaded PDPTE has a reserved bit set.
  it('loads the PDPTEs when PAE paging is turned on, and refuses reserved bits', () => {
    const rig = protectedMode();
    rig.state.cr4[0] = CR4.PAE;
    rig.state.cr3[0] = BigInt(AT.PDPT);
    rig.set64(AT.PDPT, BigInt(AT.PD) | 3n);
    expect(write(rig, 0, CR0.PE | CR0.PG)).toEqual(GP0);
    rig.set64(AT.PDPT, BigInt(AT.PD) | 1n);
    rig.set64(AT.PD, 0x87n);
    expect(write(rig, 0, CR0.PE | CR0.PG)).toBeNull();
    expect(rig.state.pdpte[0]).toBe(BigInt(AT.PD) | 1n);
    rig.state.pdpte[0] = 0n;
    // A change of none of CD, NW, PG loads nothing.
    expect(write(rig, 0, CR0.PE | CR0.PG | CR0.TS)).toBeNull();
    expect(rig.state.pdpte[0]).toBe(0n);
  });

  // SDM vol. 2, MOV CR: "#GP(0) if the current privilege level is not 0".
  it.each([0, 2, 3, 4, 8])('is for level 0: CR%i', (reg) => {
    expect(write(longMode(3), reg, 0n)).toEqual(GP0);
    expect(longMode(3).call('readControl', register(reg, 8)).fault).toEqual(GP0);
  });

  // SDM vol. 2, MOV CR: CR1, CR5 to CR7 and CR9 to CR15 give #UD.
  it.each([1, 5, 7, 9, 15])('knows no CR%i', (reg) => {
    expect(write(longMode(), reg, 0n)).toEqual([6, null]);
  });
});

describe('MOV to CR4', () => {
  const long = longMode().state.cr4[0];
  // SDM vol. 2, MOV CR: #GP(0) on a reserved bit; on clearing PAE in IA-32e mode.
  it.each([
    ['OSFXSR', CR4.PAE | CR4.OSFXSR],
    ['OSXSAVE', CR4.PAE | CR4.OSXSAVE],
    ['LA57', CR4.PAE | CR4.LA57],
    ['bit 32', CR4.PAE | (1n << 32n)],
    ['PAE clear', 0n],
  ])('refuses %s', (_name, value) => {
    expect(write(longMode(), 4, value)).toEqual(GP0);
  });

  it('takes what CPUID offers', () => {
    const rig = longMode();
    const value = long | CR4.PGE | CR4.PSE | CR4.DE | CR4.TSD | CR4.PCE | CR4.UMIP | CR4.FSGSBASE | CR4.SMEP | CR4.SMAP | CR4.PCIDE;
    expect(write(rig, 4, value)).toBeNull();
    expect(read(rig, 4)).toBe(value);
  });

  // SDM vol. 3, "Enabling of PCIDs": PCIDE may be set only in IA-32e mode and with CR3[11:0] = 0.
  it('sets PCIDE only in IA-32e mode with CR3[11:0] = 0', () => {
    expect(write(protectedMode(), 4, CR4.PCIDE)).toEqual(GP0);
    const rig = longMode();
    rig.state.cr3[0] = BigInt(AT.PML4) | 8n;
    expect(write(rig, 4, long | CR4.PCIDE)).toEqual(GP0);
  });

  // SDM vol. 3, "Enabling of PCIDs": MOV to CR0 may not clear PG while PCIDE is set.
  it('keeps paging on under PCIDE', () => {
    const rig = longMode(0, { compat: true });
    rig.state.cr4[0] |= CR4.PCIDE;
    expect(write(rig, 0, CR0.PE)).toEqual(GP0);
  });
});

describe('MOV to CR3', () => {
  // SDM vol. 2, MOV CR: #GP(0) on a 1 in reserved bits 63:MAXPHYADDR in IA-32e mode.
  it.each([1n << 40n, 1n << 62n, 1n << 63n])('refuses bit pattern %i', (bit) => {
    expect(write(longMode(), 3, BigInt(AT.PML4) | bit)).toEqual(GP0);
  });

  // SDM vol. 2, MOV CR: with CR4.PCIDE bit 63 of the source only decides what is invalidated and is not loaded.
  it('takes bit 63 with PCIDE and does not keep it', () => {
    const rig = longMode();
    rig.state.cr4[0] |= CR4.PCIDE;
    expect(write(rig, 3, BigInt(AT.PML4) | 5n | (1n << 63n))).toBeNull();
    expect(read(rig, 3)).toBe(BigInt(AT.PML4) | 5n);
  });

  // SDM vol. 3, "Operations that Invalidate TLBs and Paging-Structure Caches": all but global translations go.
  it('flushes translations that are not global', () => {
    const rig = longMode();
    const other = 0x20000;
    rig.set64(other, BigInt(AT.PDPT + 0x10000) | 7n);
    rig.set64(AT.PDPT + 0x10000, BigInt(AT.PD + 0x10000) | 7n);
    rig.set64(AT.PD + 0x10000, BigInt(2 * 0x100000) | 0x87n);
    rig.set32(AT.CODE, 0x11111111);
    rig.set32(UNMAPPED + AT.CODE, 0x22222222);
    expect(rig.cpu.memory.load(AT.CODE, 4, 3, 0)).toBe(0x11111111);
    expect(write(rig, 3, BigInt(other))).toBeNull();
    expect(rig.cpu.memory.load(AT.CODE, 4, 3, 0)).toBe(0x22222222);
  });
});

describe('the rest', () => {
  // SDM vol. 3, "Task Priority Register (CR8)": bits 63:4 are reserved.
  it('CR8 has four bits', () => {
    const rig = longMode();
    expect(write(rig, 8, 16n)).toEqual(GP0);
    expect(write(rig, 8, 15n)).toBeNull();
    expect(read(rig, 8)).toBe(15n);
  });

  // SDM vol. 2, LMSW: PE can be set but not cleared; only bits 3:0 are loaded.
  it('LMSW cannot clear PE', () => {
    const rig = protectedMode();
    expect(rig.call('writeMachineStatus', {}, 0xfff8n).fault).toBeNull();
    expect(rig.state.cr0[0]).toBe(CR0.PE | CR0.ET | CR0.TS);
    rig.call('clearTaskSwitched');
    expect(rig.state.cr0[0]).toBe(CR0.PE | CR0.ET);
  });

  // SDM vol. 3, "Control Registers", CR4.UMIP: SGDT, SIDT, SLDT, SMSW and STR give #GP(0) above level 0.
  const prevented = ['readMachineStatus', 'gdtBase', 'idtLimit', 'storeLdt', 'storeTaskRegister'] as const;
  it.each(prevented)('UMIP keeps %s from level 3', (helper) => {
    const rig = longMode(3);
    expect(rig.call(helper).fault).toBeNull();
    rig.state.cr4[0] |= CR4.UMIP;
    expect(rig.call(helper).fault).toEqual(GP0);
  });
});
