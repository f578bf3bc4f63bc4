// Where older AMD processors (Zen 4 and before, as tried) differ from the modelled one, by name; Zen 5, of which the vectors were
// recorded, does not. Vectors that are recorded anew on such a processor meet them; older-differences.test.ts has one of each.

import { Seg } from '../../src/base/state/vcpu.ts';
import type { Insn } from '../../src/cpu/builder/insn.ts';
import { withoutEffect } from './vector.ts';
import type { RecordedFault, Vector } from './vector.ts';
import { operandOffset, readFault } from './vector-memory.ts';
import type { VendorDifference } from './vendor-differences.ts';
import type { X87State } from './x87-state.ts';

const ONE = 0x3fff8000000000000000n;
const BELOW_ONE = 0x3ffeffffffffffffffffn;
/** The last offset in a segment of 64 KiB at which eight bytes have room, and ten have not. */
const EIGHT_FIT = 0xfff8n;

const same = (x: RecordedFault | null, y: RecordedFault | null): boolean => x?.vector === y?.vector && x?.cr2 === y?.cr2;

/** The faults of reading the source of CMPS and of reading its destination, each by itself, where the iteration that faults is. */
function faultsOfCmps(insn: Insn, { mode, gprAfter }: Vector): readonly [RecordedFault | null, RecordedFault | null] {
  const fault = (operand: Insn['dst']): RecordedFault | null =>
    readFault(operand, operand.size, operandOffset(insn, operand, mode, gprAfter), mode);
  return [fault(insn.src), fault(insn.dst)];
}

const withRegister = (x87: X87State, from: bigint, to: bigint): X87State => ({
  ...x87,
  registers: x87.registers.map((bits) => (bits === from ? to : bits)),
});

const isOneUnder = (x87: X87State | null, after: X87State | null): boolean =>
  x87 !== null && after !== null && x87.registers.some((bits, n) => bits === ONE && after.registers[n] === BELOW_ONE);

export const OLDER_DIFFERENCES: readonly VendorDifference[] = [
  {
    name: 'CMPS with neither operand readable',
    why: 'the source is read first, as by the pseudo-code (SDM vol. 2, CMPS, "temp := SRC1 - SRC2"); there the fault is that of ES:(E)DI',
    excuses: 'nothing',
    holds: (insn, vector) => {
      if (insn.mnemonic !== 'CMPS' || vector.fault === null) return false;
      const [source, destination] = faultsOfCmps(insn, vector);
      return source !== null && same(vector.fault, destination) && !same(source, destination);
    },
    expects: (insn, vector) => ({ ...vector, fault: faultsOfCmps(insn, vector)[0] }),
  },
  {
    name: 'FSTP m80 or FBSTP of which eight bytes fit in a segment of 64 KiB',
    why: 'the operand is beyond the limit (SDM vol. 3, "Limit Checking"); there ten bytes are stored, the last two past the end',
    excuses: 'nothing',
    holds: (insn, { mode, gpr, fault }) =>
      (insn.mnemonic === 'FSTP_M80' || insn.mnemonic === 'FBSTP') &&
      mode === '16w' &&
      fault === null &&
      operandOffset(insn, insn.dst, mode, gpr) === EIGHT_FIT,
    expects: (insn, vector) => withoutEffect(vector, { vector: insn.dst.address.segment === Seg.SS ? 12 : 13, errorCode: 0, cr2: null }),
  },
  {
    name: 'F2XM1 of 1.0, rounded down',
    why: 'is 1.0, which needs no rounding (SDM vol. 2, F2XM1, "2^ST(0) - 1"); there it is the number below',
    excuses: 'C1',
    holds: (insn, { x87, x87After }) => insn.mnemonic === 'F2XM1' && isOneUnder(x87, x87After),
    expects: (_insn, vector) => ({ ...vector, x87After: vector.x87After && withRegister(vector.x87After, BELOW_ONE, ONE) }),
  },
];
