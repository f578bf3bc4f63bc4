// What is known of an instruction while its operands are being found.

import type { CodeMode } from '../arch/code-mode.ts';
import type { Address, Size } from '../builder/operand.ts';
import type { Prefixes } from './prefixes.ts';
import type { ByteStream } from './stream.ts';

export interface Parts {
  readonly stream: ByteStream;
  readonly mode: CodeMode;
  readonly prefixes: Prefixes;
  /** Last opcode byte. */
  readonly opcode: number;
  /** Operand size by the row's rule. */
  readonly size: Size;
  readonly addressSize: 2 | 4 | 8;
  /** ModRM fields without REX; mod is 3 when there is no ModRM byte. */
  readonly mod: number;
  readonly reg: number;
  readonly rm: number;
  /** Of a memory form. */
  readonly address: Address;
}
