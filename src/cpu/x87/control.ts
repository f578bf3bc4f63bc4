// x87 control operations: they raise nothing and leave C1 and the pointers as they are.

import type { X87Operation } from './operation.ts';
import { EXCEPTIONS, Status } from '../arch/x87-status.ts';

export const CONTROL = {
  fninit: ({ x87 }) => x87.initialize(),
  fnclex: ({ x87 }) => {
    x87.status &= ~(EXCEPTIONS | Status.SF);
  },
  /** x = the control word. */
  fldcw: ({ x87 }, _i, x) => {
    x87.control = Number(x);
  },
  /** All exceptions masked, as FNSTENV leaves it. */
  x87MaskAll: ({ x87 }) => {
    x87.control |= EXCEPTIONS;
  },
  /** The last piece of an image has been taken. */
  x87Loaded: () => {},
} satisfies Record<string, X87Operation>;
