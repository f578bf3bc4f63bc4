// Division of AX or (R)DX:(R)AX (SDM vol. 2, DIV IDIV). All six flags are undefined; they stay as they were.

import type { Builder, Semantics } from '../builder/builder.ts';
import type { Size } from '../builder/insn.ts';
import { RAX, RDX } from './registers.ts';

const highHalf = <V, A, C>(b: Builder<V, A, C>, size: Size): V => (size === 1 ? b.readHighByte(RAX) : b.readRegister(size, RDX));

/** The quotient to AL or (R)AX, the remainder to AH or (R)DX. */
function writeQuotient<V, A, C>(b: Builder<V, A, C>, size: Size, [quotient, remainder]: readonly [V, V]): void {
  b.writeRegister(size, RAX, quotient);
  if (size === 1) b.writeHighByte(RAX, remainder);
  else b.writeRegister(size, RDX, remainder);
}

export const DIV: Semantics = (b, i) => {
  const divisor = b.read(i.dst);
  writeQuotient(b, i.size, b.divideUnsigned(i.size, highHalf(b, i.size), b.readRegister(i.size, RAX), divisor));
};

export const IDIV: Semantics = (b, i) => {
  const divisor = b.read(i.dst);
  writeQuotient(b, i.size, b.divideSigned(i.size, highHalf(b, i.size), b.readRegister(i.size, RAX), divisor));
};
