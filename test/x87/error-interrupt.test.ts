// x87 exceptions while CR0.NE is 0 (SDM vol. 1, "MS-DOS Compatibility Sub-mode").

import { describe, expect, it } from 'vitest';
import { CR0 } from '../../src/cpu/arch/control-bits.ts';
import { IF } from '../../src/cpu/arch/rflags.ts';
import { AT } from '../system/support.ts';
import type { Rig } from '../system/support.ts';
import { Escape, execute, x87Rig } from './support.ts';

const VECTOR = 45;
const IRETD = 0xcf;
const DIVIDE = [...Escape.FLD1, ...Escape.FLDZ, ...Escape.FDIVP];

/** FERR# raises an interrupt; `ignored` is IGNNE#. What the pin did is in `pin`. */
function rigWithout(ne: boolean): { rig: Rig; pin: boolean[]; ignore(): void } {
  const rig = x87Rig();
  const pin: boolean[] = [];
  let ignored = false;
  rig.state.cr0[0] = ne ? rig.state.cr0[0]! | CR0.NE : rig.state.cr0[0]! & ~CR0.NE;
  rig.cpu.x87.control = 0x37b;
  rig.cpu.flags.write(IF);
  const floatError = (_vcpu: number, pending: boolean): boolean => {
    if (pending && !pin.at(-1)) {
      rig.host.pending = VECTOR;
      rig.cpu.noteInterruptWindow();
    }
    pin.push(pending);
    return ignored;
  };
  Object.assign(rig.host, { floatError });
  return {
    rig,
    pin,
    ignore: () => {
      ignored = true;
    },
  };
}

describe('an exception with CR0.NE = 0', () => {
  it('is reported by the next waiting instruction, which waits for the interrupt', () => {
    const { rig, pin } = rigWithout(false);
    // the handler clears what is pending, and the instruction goes on
    rig.code(rig.handler(VECTOR), ...Escape.FNCLEX, 0x40, IRETD);
    expect(execute(rig, ...DIVIDE, ...Escape.FNSTSW_AX, ...Escape.FLDPI, 0x43)).toBeNull();
    expect(pin).toEqual([true, false]);
    expect([rig.state.gpr[0]! & 0xffn, rig.state.gpr[3]]).toEqual([0x85n, 1n]);
    expect(rig.cpu.x87.read(0)).toBe(0x4000c90fdaa22168c235n);
  });

  it('interrupts before the instruction that reports it', () => {
    const { rig } = rigWithout(false);
    rig.code(rig.handler(VECTOR), 0xf4);
    execute(rig, ...DIVIDE, ...Escape.FWAIT, 0x43);
    expect([rig.word(0), rig.state.gpr[3]]).toEqual([AT.CODE + DIVIDE.length, 0n]);
  });

  it('holds the processor while interrupts are off', () => {
    const { rig } = rigWithout(false);
    rig.cpu.flags.write(0);
    execute(rig, ...DIVIDE, ...Escape.FWAIT, 0x43);
    expect([Number(rig.state.rip[0]), rig.state.gpr[3]]).toEqual([AT.CODE + DIVIDE.length, 0n]);
  });

  it('is nothing under IGNNE#, and raises no #MF', () => {
    const { rig, ignore } = rigWithout(false);
    ignore();
    rig.cpu.flags.write(0);
    expect(execute(rig, ...DIVIDE, ...Escape.FWAIT, 0x43)).toBeNull();
    expect(rig.state.gpr[3]).toBe(1n);
  });

  it('raises #MF, and not the pin, with CR0.NE = 1', () => {
    const { rig, pin } = rigWithout(true);
    expect(execute(rig, ...DIVIDE, ...Escape.FWAIT)).toBe(16);
    expect(pin).toEqual([]);
  });
});
