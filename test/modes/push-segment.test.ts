// PUSH of a segment register in every mode and operand size (SDM vol. 2, PUSH): the selector; of a slot of 4 bytes the upper half
// stays as it was, one of 8 bytes is zero-extended.

import { describe, expect, it } from 'vitest';
import { Seg } from '../../src/base/state/vcpu.ts';
import { MODES } from './every-mode.ts';
import { run } from './support.ts';

const PUSHES = [
  ['ES', Seg.ES, [0x06], true],
  ['CS', Seg.CS, [0x0e], true],
  ['SS', Seg.SS, [0x16], true],
  ['DS', Seg.DS, [0x1e], true],
  ['FS', Seg.FS, [0x0f, 0xa0], false],
  ['GS', Seg.GS, [0x0f, 0xa8], false],
] as const;

describe.each(MODES.map((mode) => ({ title: mode.name, mode })))('$title', ({ mode }) => {
  const is64 = mode.addressSize === 8;

  it.each(PUSHES.filter(([, , , legacyOnly]) => !is64 || !legacyOnly))('PUSH %s', (_name, s, code) => {
    for (const prefix of [false, true]) {
      const size = is64 ? (prefix ? 2 : 8) : (mode.size === 2) !== prefix ? 2 : 4;
      const rig = mode.make(...(prefix ? [0x66] : []), ...code);
      // A selector that no other register has; CS and SS keep theirs.
      if (s !== Seg.CS && s !== Seg.SS) rig.state.segSelector[s] = 0xab00 + s;
      const selector = rig.selector(s);
      const top = Number(rig.state.segBase[Seg.SS]) + rig.rsp;
      rig.set64(top - 8, 0x1122334455667788n);
      rig.cpu.enterGuest();
      expect(run(rig, 1).retired).toBe(1);
      const bytes = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => rig.get8(top - n)).reverse();
      const low = [selector & 0xff, selector >>> 8];
      const before = [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11];
      const slot = size === 8 ? [...low, 0, 0, 0, 0, 0, 0] : size === 4 ? [...low, 0x22, 0x11] : low;
      expect([bytes, Number(rig.state.segBase[Seg.SS]) + rig.rsp]).toEqual([[...before.slice(0, 8 - size), ...slot], top - size]);
    }
  });
});
