// A million random instructions in each mode of 16-bit code, by both engines in lockstep, and a few in every mode.
// MODES_SEED looks elsewhere, MODES_MILLIONS longer.

import { describe } from 'vitest';
import { CodeMode } from '../../src/cpu/builder/insn.ts';
import { MODES } from './modes/modes.ts';
import { describeModes } from './modes/suite.ts';

const modes = MODES.filter(({ code }) => code === CodeMode.BITS16);
const millions = Number(process.env['MODES_MILLIONS'] ?? 1);

/** Those of every test run, and as many again. */
describe('first', () => describeModes(MODES, 5_000, 2_026, 1_500));

describe('random instructions, both engines', () => describeModes(modes, millions * 1e6, Number(process.env['MODES_SEED'] ?? 1), 12_000));
