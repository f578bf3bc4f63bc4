/** Thrown where an operand has no meaning (a register where memory must be, CR1); never leaves `decode`, which gives UD. */
export class UndefinedSignal {
  readonly signal = 'undefined';
}
