// SYSCALL, SYSRET, SYSENTER, SYSEXIT.

import { describe, expect, it } from 'vitest';
import { Seg } from '../../src/base/state/vcpu.ts';
import { EFER } from '../../src/cpu/arch/control-bits.ts';
import { AC, CF, IF, RF, TF, VM } from '../../src/cpu/arch/rflags.ts';
import { AT, longMode, protectedMode } from './support.ts';
import type { Rig } from './support.ts';

describe('SYSCALL and SYSRET', () => {
  function rigAt(cpl: 0 | 3): Rig {
    const rig = longMode(cpl);
    rig.state.star[0] = (0x23n << 48n) | (0x08n << 32n);
    rig.state.lstar[0] = 0xffffff8000007000n;
    rig.state.sfmask[0] = BigInt(IF | TF);
    return rig;
  }

  // SDM vol. 2, SYSCALL: RCX = RIP, R11 = RFLAGS, RFLAGS masked, CS = STAR[47:32], SS = CS + 8, level 0.
  it('SYSCALL', () => {
    const rig = rigAt(3);
    rig.cpu.flags.write(IF | CF | AC);
    expect(rig.call('syscall').fault).toBeNull();
    expect([rig.cpu.nextRip, rig.cpu.cpl, rig.selector(Seg.CS), rig.selector(Seg.SS)]).toEqual([-0x8000000000 + 0x7000, 0, 8, 16]);
    expect([rig.state.gpr[1], rig.state.gpr[11]]).toEqual([BigInt(AT.CODE + 2), BigInt(IF | CF | AC | 2)]);
    expect([rig.cpu.flags.read(), rig.cpu.dataContext, rig.rsp]).toEqual([CF | AC | 2, 2, AT.STACK3]);
  });

  it('needs EFER.SCE and 64-bit mode', () => {
    const rig = rigAt(3);
    rig.state.efer[0] &= ~EFER.SCE;
    expect(rig.call('syscall').fault).toEqual([6, null]);
    expect(longMode(3, { compat: true }).call('syscall').fault).toEqual([6, null]);
  });

  // SDM vol. 2, SYSRET: RFLAGS = (R11 and 3C7FD7H) or 2; CS = STAR[63:48] + 16 with RPL 3, SS = STAR[63:48] + 8.
  it('SYSRET to 64-bit mode', () => {
    const rig = rigAt(0);
    rig.state.gpr[1] = 0x7000n;
    rig.state.gpr[11] = BigInt(RF | VM | IF | CF);
    expect(rig.call('sysret', { size: 8 }).fault).toBeNull();
    expect([rig.cpu.cpl, rig.cpu.mode, rig.cpu.flags.read()]).toEqual([3, 8, IF | CF | 2]);
    expect([rig.selector(Seg.CS), rig.selector(Seg.SS)]).toEqual([0x33, 0x2b]);
  });

  it('SYSRET to compatibility mode', () => {
    const rig = rigAt(0);
    rig.state.gpr[1] = 0xffffffff00007000n;
    expect(rig.call('sysret', { size: 4 }).fault).toBeNull();
    expect([rig.cpu.mode, rig.selector(Seg.CS), rig.cpu.nextRip]).toEqual([4, 0x23, 0x7000]);
  });

  // SDM vol. 2, SYSRET: a non-canonical RCX gives #GP(0), at level 0.
  it('SYSRET checks RCX', () => {
    const rig = rigAt(0);
    rig.state.gpr[1] = 1n << 47n;
    expect(rig.call('sysret', { size: 8 }).fault).toEqual([13, 0]);
    expect(rigAt(3).call('sysret', { size: 8 }).fault).toEqual([13, 0]);
  });
});

describe('SYSENTER and SYSEXIT', () => {
  it('SYSENTER and back, 32 bits', () => {
    const rig = protectedMode(3);
    expect(rig.call('sysenter').fault).toEqual([13, 0]);
    rig.state.sysenterCs[0] = 8n;
    rig.state.sysenterEsp[0] = BigInt(AT.STACK0);
    rig.state.sysenterEip[0] = 0x7000n;
    rig.cpu.flags.write(IF);
    expect(rig.call('sysenter').fault).toBeNull();
    expect([rig.cpu.cpl, rig.selector(Seg.CS), rig.selector(Seg.SS), rig.cpu.flags.read()]).toEqual([0, 8, 16, 2]);
    expect([rig.rsp, rig.cpu.nextRip]).toEqual([AT.STACK0, 0x7000]);
    rig.state.gpr[1] = BigInt(AT.STACK3);
    rig.state.gpr[2] = 0x5000n;
    expect(rig.call('sysexit', { size: 4 }).fault).toBeNull();
    expect([rig.cpu.cpl, rig.selector(Seg.CS), rig.selector(Seg.SS), rig.rsp, rig.cpu.nextRip]).toEqual([3, 0x1b, 0x23, AT.STACK3, 0x5000]);
    expect(rig.call('sysexit', { size: 4 }).fault).toEqual([13, 0]);
  });

  it('SYSENTER from compatibility mode enters 64-bit mode; SYSEXIT checks both pointers', () => {
    const rig = longMode(3, { compat: true });
    rig.state.sysenterCs[0] = 8n;
    rig.state.sysenterEip[0] = 0xffffff8000007000n;
    expect(rig.call('sysenter').fault).toBeNull();
    expect([rig.cpu.mode, rig.cpu.nextRip]).toEqual([8, -0x8000000000 + 0x7000]);
    rig.state.gpr[1] = 1n << 47n;
    expect(rig.call('sysexit', { size: 8 }).fault).toEqual([13, 0]);
    rig.state.gpr[1] = 0x9000n;
    expect(rig.call('sysexit', { size: 8 }).fault).toBeNull();
    expect(rig.selector(Seg.CS)).toBe(8 + 32 + 3);
  });
});
