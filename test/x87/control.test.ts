// Gates and control instructions of the x87.

import { describe, expect, it } from 'vitest';
import { CR0 } from '../../src/cpu/arch/control-bits.ts';
import { resetVcpu } from '../../src/cpu/reset.ts';
import { AT } from '../system/support.ts';
import { Escape, absolute, execute, x87Rig } from './support.ts';

const NM = 7;
const MF = 16;
const PF = 14;
const IE = 1;
const ZE = 4;
const ES_B = 0x8080;

describe('the device-not-available exception', () => {
  // SDM vol. 3, "Control Registers": with EM or TS an x87 instruction raises #NM; WAIT with MP and TS together, and EM is nothing to it.
  it.each([
    ['nothing', 0n, null, null],
    ['EM', CR0.EM, NM, null],
    ['TS', CR0.TS, NM, null],
    ['MP', CR0.MP, null, null],
    ['MP and TS', CR0.MP | CR0.TS, NM, NM],
    ['EM and MP', CR0.EM | CR0.MP, NM, null],
  ])('with %s', (_name, bits, escape, fwait) => {
    const { FLD1, FNINIT, FNSTSW_AX, FWAIT } = Escape;
    for (const [bytes, expected] of [
      [FLD1, escape],
      [FNINIT, escape],
      [FNSTSW_AX, escape],
      [FWAIT, fwait],
    ] as const) {
      const rig = x87Rig();
      rig.state.cr0[0] |= bits;
      expect(execute(rig, ...bytes)).toBe(expected);
    }
  });

  // SDM vol. 3, "Prioritization of Concurrent Events": it is found when decoding, before memory is touched.
  it('comes before a page fault', () => {
    const rig = x87Rig('64-bit');
    const load = [0xdd, ...absolute('64-bit', 0, 0x200000)];
    expect(execute(rig, ...load)).toBe(PF);
    rig.state.cr0[0] |= CR0.TS;
    expect(execute(rig, ...load)).toBe(NM);
  });
});

describe('exceptions that are not masked', () => {
  // SDM vol. 1, "Software Exception Handling": with CR0.NE the next waiting instruction raises #MF; those that do not wait do not.
  it('are raised by the next instruction that waits, with its address', () => {
    const rig = x87Rig();
    rig.cpu.x87.control = 0x37b;
    const divide = [...Escape.FLD1, ...Escape.FLDZ, ...Escape.FDIVP, ...Escape.FNSTSW_AX, 0x40];
    expect(execute(rig, ...divide, ...Escape.FWAIT)).toBe(MF);
    expect(rig.state.gpr[0]! & 0xffffn).toBe(BigInt(ES_B | ZE | (6 << 11)) + 1n);
    expect(rig.word(0)).toBe(AT.CODE + divide.length);
  });

  it('leave the operands of the instruction that met them', () => {
    const rig = x87Rig();
    rig.cpu.x87.control = 0x37b;
    execute(rig, ...Escape.FLD1, ...Escape.FLDZ, ...Escape.FDIVP);
    expect([rig.cpu.x87.read(0), rig.cpu.x87.read(1)]).toEqual([0n, 0x3fff8000000000000000n]);
  });

  it('come before faults of memory, and after #NM', () => {
    const rig = x87Rig('64-bit');
    rig.cpu.x87.status = ZE;
    rig.cpu.x87.control = 0x37b;
    expect(execute(rig, 0xdd, ...absolute('64-bit', 0, 0x200000))).toBe(MF);
    rig.state.cr0[0] |= CR0.TS;
    expect(execute(rig, ...Escape.FNOP)).toBe(NM);
  });

  // SDM vol. 2, FLDCW: an exception that becomes unmasked is raised by the next waiting instruction; FCLEX clears it.
  it('appear and vanish with the control word, and are cleared by FNCLEX', () => {
    const rig = x87Rig();
    rig.set16(0x7000, 0x37e);
    rig.cpu.x87.status = IE;
    const fldcw = [0xd9, ...absolute('32-bit', 5, 0x7000)];
    expect(execute(rig, ...fldcw, ...Escape.FNOP)).toBe(MF);
    expect(rig.word(0)).toBe(AT.CODE + fldcw.length);
    expect(rig.cpu.x87.status).toBe(ES_B | IE);
    expect(execute(rig, ...Escape.FNCLEX, ...Escape.FNOP)).toBeNull();
    expect(rig.cpu.x87.status).toBe(0);
  });
});

describe('control instructions', () => {
  // SDM vol. 2, FINIT: CW 037FH, SW 0, all empty. SDM vol. 3, "x87 FPU State after Power-up or Reset": CW 0040H, tags 5555H.
  it('FNINIT and RESET', () => {
    const rig = x87Rig();
    resetVcpu(rig.cpu);
    expect([rig.cpu.x87.control, rig.cpu.x87.status, rig.state.ftw[0]]).toEqual([0x40, 0, 0xff]);
    const started = x87Rig();
    Object.assign(started.cpu.x87, { control: 0, status: 0x7fff });
    execute(started, ...Escape.FNINIT);
    expect([started.cpu.x87.control, started.cpu.x87.status, started.state.ftw[0]]).toEqual([0x37f, 0, 0]);
  });

  it('FNSTSW and FNSTCW write 16 bits', () => {
    const rig = x87Rig();
    rig.state.gpr[0] = 0x12345678n;
    rig.set32(0x7000, -1);
    execute(rig, ...Escape.FLD1, ...Escape.FNSTSW_AX, 0xd9, ...absolute('32-bit', 7, 0x7000));
    expect(rig.state.gpr[0]).toBe(0x12343800n);
    expect(rig.get32(0x7000)).toBe(0xffff037f);
  });

  it('FLDCW keeps the bits there are; bit 6 reads 1', () => {
    const rig = x87Rig();
    rig.set16(0x7000, 0xffbf);
    execute(rig, 0xd9, ...absolute('32-bit', 5, 0x7000));
    expect(rig.cpu.x87.control).toBe(0x1f7f);
  });
});
