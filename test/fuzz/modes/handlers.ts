// Handlers of exceptions and interrupts, in the forms that the modes need. A fault goes on with the byte behind the first one
// of the instruction, so that random bytes are executed at every alignment; a single step ends; INT3, of which the memory
// around the code consists, halts, and so does a double fault's task: the caller then sets the processor up anew.

import { HANDLERS, IDT, SEL } from './layout.ts';
import type { Image } from './layout.ts';

const HLT = 0xf4;
const WITH_ERROR_CODE: readonly number[] = [8, 10, 11, 12, 13, 14, 17, 21, 29, 30];
/** Of the external interrupt that boards raise. */
export const TIMER_VECTOR = 0x20;
const DEBUG = 1;
const BREAKPOINT = 3;
const DOUBLE_FAULT = 8;

/** `step` on by a byte without and with an error code; `unstep` clears TF; `back` returns. */
type Routines = Readonly<Record<'step' | 'stepCode' | 'unstep' | 'back', readonly number[]>>;

const ROUTINES: Readonly<Record<16 | 32 | 64, Routines>> = {
  // push bp; mov bp, sp; inc word [bp+2]; pop bp; iret
  16: {
    step: [0x55, 0x89, 0xe5, 0xff, 0x46, 0x02, 0x5d, 0xcf],
    stepCode: [0x55, 0x89, 0xe5, 0xff, 0x46, 0x04, 0x5d, 0x83, 0xc4, 0x02, 0xcf],
    unstep: [0x55, 0x89, 0xe5, 0x80, 0x66, 0x07, 0xfe, 0x5d, 0xcf],
    back: [0xcf],
  },
  // inc dword [esp]; iretd
  32: {
    step: [0xff, 0x04, 0x24, 0xcf],
    stepCode: [0x83, 0xc4, 0x04, 0xff, 0x04, 0x24, 0xcf],
    unstep: [0x80, 0x64, 0x24, 0x09, 0xfe, 0xcf],
    back: [0xcf],
  },
  // inc qword [rsp]; iretq
  64: {
    step: [0x48, 0xff, 0x04, 0x24, 0x48, 0xcf],
    stepCode: [0x48, 0x83, 0xc4, 0x08, 0x48, 0xff, 0x04, 0x24, 0x48, 0xcf],
    unstep: [0x80, 0x64, 0x24, 0x11, 0xfe, 0x48, 0xcf],
    back: [0x48, 0xcf],
  },
};

/** The routine at HANDLERS halts; the others follow in steps of 16 bytes. */
const AT = { step: HANDLERS + 16, stepCode: HANDLERS + 32, unstep: HANDLERS + 48, back: HANDLERS + 64 } as const;

function routineOf(vector: number, codes: boolean): number {
  if (vector === BREAKPOINT) return HANDLERS;
  if (vector === DEBUG) return AT.unstep;
  if (vector === TIMER_VECTOR) return AT.back;
  return codes && WITH_ERROR_CODE.includes(vector) ? AT.stepCode : AT.step;
}

/** Instructions of a fault's handler. */
export const HANDLER_INSTRUCTIONS = { 16: 5, 32: 2.5, 64: 2.5 } as const;

function putRoutines(image: Image, width: 16 | 32 | 64): void {
  image.put(HANDLERS, [HLT, HLT]);
  for (const [name, at] of Object.entries(AT)) image.put(at, ROUTINES[width][name as keyof typeof AT]);
}

/** The interrupt vector table of real-address mode; virtual-8086 mode uses it for redirected INT n. */
export function putVectorTable(image: Image): void {
  for (let vector = 0; vector < 256; vector++) {
    image.view.setUint16(4 * vector, routineOf(vector, false) - HANDLERS, true);
    image.view.setUint16(4 * vector + 2, HANDLERS >> 4, true);
  }
}

export function putRealHandlers(image: Image): void {
  putRoutines(image, 16);
  putVectorTable(image);
}

/** Selector, bytes and type of the gates. */
const GATES = { 16: [SEL.HANDLERS16, 8, 0x86], 32: [SEL.CODE0, 8, 0x8e], 64: [SEL.CODE64_0, 16, 0x8e] } as const;

/** An IDT of gates, a third of which INT n may use from ring 3; outside IA-32e mode a double fault switches tasks. */
export function putGates(image: Image, width: 16 | 32 | 64): void {
  const { view } = image;
  const [selector, bytes, type] = GATES[width];
  putRoutines(image, width);
  for (let vector = 0; vector < 0x1000 / bytes && vector < 256; vector++) {
    const at = IDT + bytes * vector;
    const dpl = vector % 3 === 0 || vector === 4 ? 0x60 : 0;
    view.setUint16(at, routineOf(vector, true), true);
    view.setUint16(at + 2, selector, true);
    // In 64-bit mode all are on the stack of IST1, so that a wild stack pointer is survived.
    view.setUint16(at + 4, ((type | dpl) << 8) | (width === 64 ? 1 : 0), true);
    if (vector === DOUBLE_FAULT && width !== 64) view.setBigUint64(at, (0xe500n << 32n) | (BigInt(SEL.FAULT_TSS) << 16n), true);
  }
}
