// Instructions on flags themselves (SDM vol. 2, CLC STC CMC CLD STD LAHF SAHF CLI STI CLAC STAC), and SALC,
// which it leaves out.

import type { Semantics } from '../builder/builder.ts';
import { RAX } from './registers.ts';

export const CLC: Semantics = (b) => b.flags.setCarry(b.never());
export const STC: Semantics = (b) => b.flags.setCarry(b.notC(b.never()));
export const CMC: Semantics = (b) => b.flags.setCarry(b.notC(b.flags.carry()));
export const CLD: Semantics = (b) => b.flags.setDirection(false);
export const STD: Semantics = (b) => b.flags.setDirection(true);

export const LAHF: Semantics = (b) => b.writeHighByte(RAX, b.flags.lowByte());
export const SAHF: Semantics = (b) => b.flags.setLowByte(b.readHighByte(RAX));

/** AL = FFH if CF, else 0. */
export const SALC: Semantics = (b) => b.writeRegister(1, RAX, b.select(b.flags.carry(), b.constant(1, 0xff), b.constant(1, 0)));

export const CLI: Semantics = (b, i) => void b.system('cli', i);
export const STI: Semantics = (b, i) => void b.system('sti', i);
export const CLAC: Semantics = (b, i) => void b.system('clac', i);
export const STAC: Semantics = (b, i) => void b.system('stac', i);
