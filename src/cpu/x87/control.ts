// x87 control instructions: they raise nothing and leave C1 as it is.

import type { X87Operation } from './operation.ts';
import { loadEnvironment, loadRegisters } from './image.ts';
import { EXCEPTIONS, Status } from './x87.ts';

const nothing: X87Operation = () => {};

/** All but FNOP leave the pointers as they are (SDM vol. 1, "x87 FPU Instruction and Data (Operand) Pointers"). */
export const CONTROL = {
  FNOP: nothing,
  FWAIT: nothing,
  FNENI: nothing,
  FNDISI: nothing,
  FNSETPM: nothing,
  FNINIT: ({ x87 }) => x87.initialize(),
  FNCLEX: ({ x87 }) => {
    x87.status &= ~(EXCEPTIONS | Status.SF);
  },
  FLDCW: ({ x87 }, _i, x) => {
    x87.control = Number(x);
  },
  FNSTSW: nothing, // in AX; nothing is left to do
  FLDENV: (cpu, i) => loadEnvironment(cpu, i.size),
  FRSTOR: (cpu, i) => {
    loadEnvironment(cpu, i.size);
    loadRegisters(cpu, i.size);
  },
} satisfies Record<string, X87Operation>;
