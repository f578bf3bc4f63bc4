// Environment and state of the x87 in memory, in the formats that operand size and mode give them (SDM vol. 1, "x87 FPU State
// Image in Memory").

import { describe, expect, it } from 'vitest';
import { Seg } from '../../src/base/state/vcpu.ts';
import type { Rig } from '../system/support.ts';
import { Escape, absolute, execute, x87Rig } from './support.ts';
import type { Mode } from './support.ts';

const AT_IMAGE = 0x7000;
const FNSTENV = 6;
const FLDENV = 4;
const FNSAVE = 6;
const FRSTOR = 4;

/** Known values in every field: R6 valid, R7 zero, TOP = 6, the rest empty. */
function filled(mode: Mode): Rig {
  const rig = x87Rig(mode);
  const { state, cpu } = rig;
  cpu.x87.control = 0x27f;
  cpu.x87.status = 0x3020;
  state.ftw[0] = 0xc0;
  cpu.x87.writePhysical(6, 0x3fff8000000000000000n);
  for (const [field, value] of [
    [state.fop, 0x5a5],
    [state.fcs, 0x1230],
    [state.fds, 0x4560],
  ] as const)
    field[0] = value;
  state.fip[0] = 0x98765n;
  state.fdp[0] = 0xcba98n;
  return rig;
}

const clear = (rig: Rig): void => {
  for (let at = 0; at < 128; at += 4) rig.set32((rig.state.segBase[Seg.DS] ? 0x10000 : 0) + AT_IMAGE + at, 0x11111111);
};

/** Bytes of the instruction with the operand size `size`. */
const coded = (mode: Mode, size: 2 | 4, escape: number, reg: number): number[] => [
  ...((mode === 'real') === (size === 4) ? [0x66] : []),
  escape,
  ...absolute(mode, reg, AT_IMAGE),
];

const image = (rig: Rig, size: 2 | 4): string[] => {
  const base = Number(rig.state.segBase[Seg.DS]) + AT_IMAGE;
  return Array.from({ length: 7 }, (_, n) => (size === 2 ? rig.get16(base + 2 * n) : rig.get32(base + 4 * n) >>> 0).toString(16));
};

// real: 1230h * 16 + 98765h = AAA65h, 4560h * 16 + CBA98h = 111098h
const FORMATS: readonly (readonly [Mode, 2 | 4, readonly string[]])[] = [
  ['32-bit', 4, ['ffff027f', 'ffff3020', 'ffff4fff', '98765', '5a51230', 'cba98', 'ffff4560']],
  ['64-bit', 4, ['ffff027f', 'ffff3020', 'ffff4fff', '98765', '5a51230', 'cba98', 'ffff4560']],
  ['32-bit', 2, ['27f', '3020', '4fff', '8765', '1230', 'ba98', '4560']],
  ['real', 2, ['27f', '3020', '4fff', 'aa65', 'a5a5', '1098', '1000']],
  ['real', 4, ['ffff027f', 'ffff3020', 'ffff4fff', 'ffffaa65', 'a5a5', 'ffff1098', '11000']],
];

describe.each(FORMATS)('the environment in %s code with an operand size of %i', (mode, size, expected) => {
  it('is stored, and masks all exceptions', () => {
    const rig = filled(mode);
    clear(rig);
    expect(execute(rig, ...coded(mode, size, 0xd9, FNSTENV))).toBeNull();
    expect(image(rig, size)).toEqual(expected);
    expect(rig.cpu.x87.control).toBe(0x27f);
    const base = Number(rig.state.segBase[Seg.DS]) + AT_IMAGE;
    expect(rig.get16(base + 7 * size)).toBe(0x1111);
  });

  it('is loaded again as it was', () => {
    const rig = filled(mode);
    const store = coded(mode, size, 0xd9, FNSTENV);
    const load = coded(mode, size, 0xd9, FLDENV);
    execute(rig, ...store, ...Escape.FNINIT, ...load, ...store);
    // what the 16-bit format of protected mode does not hold is 0; the pointers of real mode are linear
    expect(image(rig, size)).toEqual(expected);
    expect([rig.cpu.x87.control, rig.cpu.x87.status, rig.state.ftw[0]]).toEqual([0x27f, 0x3020, 0xc0]);
  });

  it('with the registers behind it is saved, which initializes, and restored', () => {
    const rig = filled(mode);
    execute(rig, ...coded(mode, size, 0xdd, FNSAVE));
    const base = Number(rig.state.segBase[Seg.DS]) + AT_IMAGE + 7 * size;
    expect([rig.get64(base), rig.get16(base + 8), rig.get16(base + 18)]).toEqual([1n << 63n, 0x3fff, 0]);
    expect([rig.cpu.x87.control, rig.cpu.x87.status, rig.state.ftw[0]]).toEqual([0x37f, 0, 0]);
    rig.cpu.x87.writePhysical(6, 0n);
    execute(rig, ...coded(mode, size, 0xdd, FRSTOR));
    expect([rig.cpu.x87.read(0), rig.cpu.x87.status, rig.state.ftw[0]]).toEqual([0x3fff8000000000000000n, 0x3020, 0xc0]);
  });
});

describe('images', () => {
  // SDM vol. 2, FLDENV: exceptions that the new words leave unmasked are raised by the next waiting instruction.
  it('bring exceptions that are pending', () => {
    const rig = filled('32-bit');
    execute(rig, ...coded('32-bit', 4, 0xd9, FNSTENV));
    rig.set16(AT_IMAGE, 0x35f);
    expect(execute(rig, ...coded('32-bit', 4, 0xd9, FLDENV), ...Escape.FNSTSW_AX, ...Escape.FNOP)).toBe(16);
    expect(rig.state.gpr[0]! & 0xffffn).toBe(0xb0a0n);
  });

  // SDM vol. 1, "x87 FPU Tag Word": what is stored tells zeros and special values from valid numbers.
  it('tell tags from what registers hold', () => {
    const rig = x87Rig();
    const { x87 } = rig.cpu;
    const held = [0n, 0x3fff8000000000000000n, 0x7fff8000000000000000n, 1n, 0x7fffc000000000000000n, 0x3fff0000000000000001n, 1n << 79n];
    held.forEach((bits, n) => x87.writePhysical(n, bits));
    rig.state.ftw[0] = 0x7f;
    execute(rig, ...coded('32-bit', 4, 0xd9, FNSTENV));
    expect(rig.get16(AT_IMAGE + 8).toString(4)).toBe('31222201');
  });

  it('that fault leave everything as it was', () => {
    const rig = filled('64-bit');
    expect(execute(rig, 0xdd, ...absolute('64-bit', FRSTOR, 0x1ffffc))).toBe(14);
    expect([rig.cpu.x87.control, rig.cpu.x87.status, rig.state.ftw[0]]).toEqual([0x27f, 0x3020, 0xc0]);
  });
});

describe('the pointers', () => {
  // SDM vol. 1, "x87 FPU Instruction and Data (Operand) Pointers": of the last instruction that is no control instruction.
  it('are those of the last numeric instruction and of its operand', () => {
    const rig = x87Rig('64-bit');
    const { state } = rig;
    const load = [0x66, 0xdd, ...absolute('64-bit', 0, 0x7008)];
    execute(rig, ...Escape.FLD1, ...load, ...Escape.FADDP, ...Escape.FNSTSW_AX, ...coded('64-bit', 4, 0xd9, FNSTENV));
    expect([state.fip[0], state.fop[0], state.fdp[0]]).toEqual([BigInt(0x5000 + 2 + load.length), 0x6c1, 0x7008n]);
    expect([state.fcs[0], state.fds[0]]).toEqual([rig.selector(Seg.CS), rig.selector(Seg.DS)]);
  });
});
