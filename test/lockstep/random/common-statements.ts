// What a statement of a random program is, and the one that others have inside.

import type { OperandSize } from './assembler.ts';
import type { Emitter } from './emitter.ts';

export type Statement = (e: Emitter) => void;

export const w = (size: OperandSize): number => (size === 1 ? 0 : 1);

/** ADD OR ADC SBB AND SUB XOR CMP in all their directions. */
export const arithmetic: Statement = (e) => {
  const op = 8 * e.choices.below(8);
  const size = e.size();
  switch (e.choices.below(4)) {
    case 0:
      e.instruction([op + 2 + w(size)], size, e.register(), e.operand());
      break;
    case 1:
      e.instruction([op + w(size)], size, e.register(), e.operand());
      break;
    case 2:
      e.instruction([size === 1 ? 0x80 : 0x81], size, op >> 3, e.operand(), { immediate: e.immediate(size) });
      break;
    default:
      e.instruction([size === 1 ? 0x80 : 0x83], size, op >> 3, e.operand(), { immediate: { bytes: 1, value: e.value() } });
  }
};
