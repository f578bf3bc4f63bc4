// The instruction set: the meaning of every mnemonic. The type demands that none is missing.

import type { Semantics } from '../builder/builder.ts';
import * as arith from './arith.ts';
import * as bits from './bits.ts';
import * as control from './control.ts';
import * as decimal from './decimal.ts';
import * as divide from './divide.ts';
import * as doubleShifts from './double-shifts.ts';
import * as exchange from './exchange.ts';
import * as flagOps from './flag-ops.ts';
import * as logic from './logic.ts';
import type { Mnemonic } from './mnemonics.ts';
import * as moves from './moves.ts';
import * as multiply from './multiply.ts';
import * as rotates from './rotates.ts';
import * as segments from './segments.ts';
import * as shifts from './shifts.ts';
import * as stack from './stack.ts';
import * as strings from './strings.ts';
import * as system from './system.ts';
import * as tables from './tables.ts';
import * as x87 from './x87.ts';

// biome-ignore format: a table
export const ISA: Record<Mnemonic, Semantics> = {
  ...arith, ...logic, ...multiply, ...divide, ...shifts, ...rotates, ...doubleShifts, ...bits, ...moves, ...exchange,
  ...stack, ...control, ...strings, ...flagOps, ...decimal, ...segments, ...tables, ...system, ...x87,
};

export type Isa = typeof ISA;
