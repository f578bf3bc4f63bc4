// IA32_MISC_ENABLE (SDM vol. 4, "Architectural MSRs").

import { describe, expect, it } from 'vitest';
import { EFER } from '../../src/cpu/arch/control-bits.ts';
import { resetVcpu } from '../../src/cpu/reset.ts';
import { visibleCpuidLeaf } from '../../src/cpu/system/cpuid.ts';
import { MsrAddress } from '../../src/cpu/system/msr-table.ts';
import { longMode } from './support.ts';
import type { Rig } from './support.ts';

/** Fast strings on; branch trace storage and PEBS unavailable. */
const RESET = 0x1801n;
const LIMIT_CPUID = 1n << 22n;
const DISABLE_XD = 1n << 34n;
const GP0 = [13, 0];

function write(rig: Rig, value: bigint, address: number = MsrAddress.MISC_ENABLE): readonly [number, number | null] | null {
  rig.state.gpr[1] = BigInt(address);
  rig.state.gpr[0] = value & 0xffffffffn;
  rig.state.gpr[2] = value >> 32n;
  return rig.call('writeMsr').fault;
}

function read(rig: Rig): bigint {
  rig.state.gpr[1] = BigInt(MsrAddress.MISC_ENABLE);
  return rig.call('readMsr').value;
}

describe('the register', () => {
  it('after RESET', () => {
    const rig = longMode();
    write(rig, 0n);
    resetVcpu(rig.cpu);
    expect(read(rig)).toBe(RESET);
  });

  // [bit, what writing 1 and 0 does]: 0 fast strings, 3 thermal control, 16 SpeedStep, 18 MONITOR, 22 CPUID limit, 23 xTPR, 34 XD.
  it.each([0, 3, 16, 18, 22, 23, 34])('bit %i can be written', (bit) => {
    const rig = longMode();
    const mask = 1n << BigInt(bit);
    expect([write(rig, RESET | mask), read(rig) & mask]).toEqual([null, mask]);
    expect([write(rig, RESET & ~mask), read(rig) & mask]).toEqual([null, 0n]);
  });

  it.each([
    [7, 0n],
    [11, 1n],
    [12, 1n],
  ])('bit %i is read-only: a write leaves it', (bit, value) => {
    const rig = longMode();
    for (const written of [0n, 1n << BigInt(bit)]) {
      expect([write(rig, written), (read(rig) >> BigInt(bit)) & 1n]).toEqual([null, value]);
    }
  });

  it('all others are reserved: #GP(0)', () => {
    const rig = longMode();
    const known = [0, 3, 7, 11, 12, 16, 18, 22, 23, 34];
    for (let bit = 0; bit < 64; bit++) {
      if (!known.includes(bit)) expect([bit, write(rig, RESET | (1n << BigInt(bit)))]).toEqual([bit, GP0]);
    }
    expect(read(rig)).toBe(RESET);
  });
});

describe('what depends on it', () => {
  // "When this bit is set to 1, CPUID.00H returns a maximum value in EAX[7:0] of 2."
  it('the CPUID limit', () => {
    const rig = longMode();
    expect(visibleCpuidLeaf(rig.cpu, 0, 0)[0]).toBe(7);
    write(rig, RESET | LIMIT_CPUID);
    expect(visibleCpuidLeaf(rig.cpu, 0, 0)[0]).toBe(2);
    expect(visibleCpuidLeaf(rig.cpu, 7, 0)).toEqual(visibleCpuidLeaf(rig.cpu, 2, 0));
    expect(visibleCpuidLeaf(rig.cpu, 0x80000009, 0)).toEqual(visibleCpuidLeaf(rig.cpu, 2, 0));
    expect(visibleCpuidLeaf(rig.cpu, 0x80000000, 0)[0]).toBe(0x80000008);
    rig.state.gpr[0] = 0n;
    rig.call('cpuid');
    expect(rig.state.gpr[0]).toBe(2n);
  });

  // "XD Bit Disable": CPUID.80000001H:EDX[20] is clear, and NXE, whose feature is absent then, is reserved.
  it('XD', () => {
    const rig = longMode();
    const reported = (): number => (visibleCpuidLeaf(rig.cpu, 0x80000001, 0)[3] >>> 20) & 1;
    const longBit = (): number => (visibleCpuidLeaf(rig.cpu, 0x80000001, 0)[3] >>> 29) & 1;
    const efer = rig.state.efer[0];
    expect(reported()).toBe(1);
    write(rig, RESET | DISABLE_XD);
    expect([reported(), longBit(), write(rig, efer | EFER.NXE, MsrAddress.EFER)]).toEqual([0, 1, GP0]);
    write(rig, RESET);
    expect([reported(), write(rig, efer | EFER.NXE, MsrAddress.EFER)]).toEqual([1, null]);
    write(rig, RESET | DISABLE_XD);
    expect(write(rig, rig.state.efer[0], MsrAddress.EFER)).toBeNull();
  });
});
