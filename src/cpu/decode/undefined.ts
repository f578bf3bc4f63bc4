/** Thrown where nothing is defined: a register where memory must be, CR1, a missing feature. `decode` catches it and gives UD. */
export class UndefinedSignal {
  readonly signal = 'undefined';
}
