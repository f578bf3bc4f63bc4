// The names of all instructions, as values.

import { ISA } from '../../src/cpu/isa/index.ts';
import * as x87 from '../../src/cpu/isa/x87.ts';
import type { Mnemonic } from '../../src/cpu/decode/mnemonic.ts';

export const MNEMONICS = Object.keys(ISA) as readonly Mnemonic[];
export const X87_MNEMONICS = Object.keys(x87) as readonly (keyof typeof x87)[];
