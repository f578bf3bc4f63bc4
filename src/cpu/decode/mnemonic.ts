// The names of all instructions: whatever the opcode maps say, and no list beside them. The semantics (cpu/isa) have one
// meaning for each, which the compiler demands. A name is the SDM's; a suffix tells apart forms whose semantics differ.

import type { ONE_BYTE } from './one-byte.ts';
import type { OpcodeMap } from './row.ts';
import type { THREE_BYTE_38 } from './three-byte.ts';
import type { TWO_BYTE } from './two-byte.ts';

type In<T> = T extends OpcodeMap<infer M> ? M : never;

/** TOO_LONG, which is in no map, is an instruction of more than 15 bytes. */
export type Mnemonic = In<typeof ONE_BYTE> | In<typeof TWO_BYTE> | In<typeof THREE_BYTE_38> | 'TOO_LONG';
