// x87 instructions in random programs: every escape, with exceptions masked or not, and now and then a fresh start.

import type { Statement } from './common-statements.ts';

const FNINIT = [0xdb, 0xe3];
const FNCLEX = [0xdb, 0xe2];
const FWAIT = [0x9b];

/** Register forms, and memory forms on whatever bytes the window has. */
export const x87: Statement = (e) => {
  const { choices } = e;
  const escape = 0xd8 + choices.below(8);
  switch (choices.below(6)) {
    case 0:
      e.a.raw(...choices.of([FNINIT, FNCLEX, FWAIT, FNINIT]));
      break;
    case 1:
    case 2:
      e.i({ opcode: [escape], size: 4, reg: choices.below(8), rm: e.memory() });
      break;
    default:
      e.a.raw(escape, 0xc0 + choices.below(64));
  }
};

/** A masked start and a few pushes, so that what follows has operands. */
export const x87Pushes: Statement = (e) => {
  e.a.raw(...FNINIT);
  for (let n = e.choices.below(4); n >= 0; n--) e.i({ opcode: [0xdb], size: 4, reg: 0, rm: e.memory() });
};
