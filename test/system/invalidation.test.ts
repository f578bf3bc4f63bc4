import { describe, expect, it } from 'vitest';
import { Seg } from '../../src/base/state/vcpu.ts';
import { AT, UNMAPPED, longMode } from './support.ts';
import type { Rig } from './support.ts';

describe('INVLPG and INVPCID', () => {
  function remap(rig: Rig): void {
    rig.set32(AT.CODE, 1);
    rig.set32(UNMAPPED + AT.CODE, 2);
    expect(rig.cpu.memory.load(AT.CODE, 4, Seg.DS, 0)).toBe(1);
    rig.set64(AT.PD, BigInt(UNMAPPED) | 0x87n);
  }
  const seen = (rig: Rig): number => rig.cpu.memory.load(AT.CODE, 4, Seg.DS, 0);

  it('INVLPG', () => {
    const rig = longMode();
    remap(rig);
    expect(seen(rig)).toBe(1);
    rig.call('invalidatePage', {}, BigInt(AT.CODE));
    expect(seen(rig)).toBe(2);
    expect(rig.call('invalidatePage', {}, 1n << 47n).fault).toBeNull();
  });

  // SDM vol. 2, INVPCID: type above 3, reserved bits 63:12, a PCID without CR4.PCIDE, a non-canonical address: #GP(0).
  it.each([
    [0n, 0n, BigInt(AT.CODE), null],
    [1n, 0n, 0n, null],
    [2n, 0n, 0n, null],
    [3n, 0n, 0n, null],
    [4n, 0n, 0n, [13, 0]],
    [0n, 1n, 0n, [13, 0]],
    [2n, 0x1000n, 0n, [13, 0]],
    [0n, 0n, 1n << 47n, [13, 0]],
  ] as const)('INVPCID type %i, PCID word %i', (type, pcid, address, fault) => {
    const rig = longMode();
    const at = 0x1f0000;
    rig.set64(at, pcid);
    rig.set64(at + 8, address);
    // What INVPCID itself reads is mapped by another entry: by the high alias.
    remap(rig);
    const alias = BigInt(-0x8000000000 + at);
    rig.set64(AT.PD, 0x87n);
    rig.cpu.memory.load64(Number(alias), Seg.DS, 0);
    rig.set64(AT.PD, BigInt(UNMAPPED) | 0x87n);
    expect(rig.call('invpcid', { size: 8 }, type, BigInt.asUintN(64, alias)).fault).toEqual(fault);
    expect(seen(rig)).toBe(fault ? 1 : 2);
  });
});
