// The names of all instructions, collected from the opcode maps: there is no list beside them. The compiler demands that the
// semantics (cpu/isa) have a meaning for each. A name is the SDM's; a suffix tells apart forms whose semantics differ.

import type { ONE_BYTE } from './one-byte.ts';
import type { OpcodeMap } from './row.ts';
import type { THREE_BYTE_38 } from './three-byte.ts';
import type { TWO_BYTE } from './two-byte.ts';

type In<T> = T extends OpcodeMap<infer M> ? M : never;

/** TOO_LONG, which is in no map, is an instruction of more than 15 bytes. */
export type Mnemonic = In<typeof ONE_BYTE> | In<typeof TWO_BYTE> | In<typeof THREE_BYTE_38> | 'TOO_LONG';
