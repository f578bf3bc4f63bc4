// Division of AX or (R)DX:(R)AX (SDM vol. 2, DIV IDIV). All six flags are undefined; they stay as they were.

import type { Builder, Semantics, Values } from '../builder/builder.ts';
import type { Size } from '../builder/insn.ts';
import { RAX, RDX } from './registers.ts';

const highHalf = <T extends Values>(b: Builder<T>, size: Size): T['value'] =>
  size === 1 ? b.readHighByte(RAX) : b.readRegister(size, RDX);

/** The quotient to AL or (R)AX, the remainder to AH or (R)DX. */
function writeQuotient<T extends Values>(b: Builder<T>, size: Size, [quotient, remainder]: readonly [T['value'], T['value']]): void {
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
