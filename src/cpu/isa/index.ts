// The instruction set: the meaning of every mnemonic that decoding gives. The type demands that none is missing.

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
import { OperandKind } from '../builder/operand.ts';
import type { Insn } from '../builder/insn.ts';
import type { Mnemonic } from '../decode/mnemonic.ts';
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

/** Checks first that the operand in memory, dst or src, is aligned as the row demands. */
const aligned =
  (semantics: Semantics): Semantics =>
  (b, i) => {
    const operand = i.dst.kind === OperandKind.MEM ? i.dst : i.src;
    b.requireAligned(operand.address.segment, b.address(operand), i.alignment);
    semantics(b, i);
  };

/** What `i` does. */
export const meaningOf = (i: Insn): Semantics => (i.alignment > 1 ? aligned(ISA[i.mnemonic]) : ISA[i.mnemonic]);
