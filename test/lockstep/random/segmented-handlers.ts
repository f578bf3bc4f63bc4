// The handlers of random programs in segments: as those of flat programs (handlers.ts), and after a fault CS and DS are the
// program's own again.

import { Assembler } from './assembler.ts';
import { TIMER_VECTOR, TRAPS, VECTORS, WITH_ERROR_CODE } from './handlers.ts';
import { RESUME } from './layout.ts';

interface Program {
  /** Selectors of the program's code and data. */
  readonly code: number;
  readonly data: number;
  /** What the handler loads into DS. */
  readonly handlerData: number;
}

export interface Handlers {
  readonly bytes: Uint8Array;
  readonly entries: ReadonlyMap<number, number>;
}

const NOT_TF = ~0x100;
const VECTORS_HANDLED = [...Array.from({ length: VECTORS }, (_, n) => n), TIMER_VECTOR];
const goesBack = (vector: number): boolean => TRAPS.includes(vector) || vector === TIMER_VECTOR;

/** 16-bit code at offset 0 of its segment; `base` is that of `handlerData`. */
export function handlers16({ code, data, handlerData, base, errorCodes }: Program & { base: number; errorCodes: boolean }): Handlers {
  const a = new Assembler(16, 0);
  const entries = new Map<number, number>();
  const BP = 5;
  const at = (displacement: number) => ({ base: BP, displacement });
  const word = (target: number, value: number): void =>
    void a.instruction({ opcode: [0xc7], reg: 0, size: 2, rm: at(target), immediate: { bytes: 2, value } });
  const resume = a.label();
  const back = a.label();
  for (const vector of VECTORS_HANDLED) {
    entries.set(vector, a.here);
    if (errorCodes && WITH_ERROR_CODE.includes(vector)) a.raw(0x83, 0xc4, 2);
    // push ds; push ax; push bp; mov bp, sp; mov ax, …; mov ds, ax
    a.raw(0x1e, 0x50, 0x55, 0x89, 0xe5, 0xb8).field(2, handlerData).raw(0x8e, 0xd8);
    a.instruction({ opcode: [0xff], reg: 0, size: 4, rm: { displacement: RESUME + 64 + 4 * vector - base } });
    a.branch([0xe9], goesBack(vector) ? back : resume);
  }
  a.bind(resume);
  a.instruction({ opcode: [0x8b], reg: 0, size: 2, rm: { displacement: RESUME - base } });
  a.instruction({ opcode: [0x89], reg: 0, size: 2, rm: at(6) });
  word(8, code);
  word(4, data);
  a.bind(back);
  a.instruction({ opcode: [0x81], reg: 4, size: 2, rm: at(10), immediate: { bytes: 2, value: NOT_TF & 0xffff } });
  a.raw(0x5d, 0x58, 0x1f, 0xcf);
  return { bytes: a.finish(), entries };
}

/** 32-bit code. With `virtual` the program's DS is in the frame that IRETD takes back. */
export function handlers32({ code, data, handlerData, virtual, origin }: Program & { virtual: boolean; origin: number }): Handlers {
  const a = new Assembler(32, origin);
  const entries = new Map<number, number>();
  const ESP = 4;
  const at = (displacement: number) => ({ base: ESP, displacement });
  const put = (target: number, value: number): void =>
    void a.instruction({ opcode: [0xc7], reg: 0, size: 4, rm: at(target), immediate: { bytes: 4, value } });
  const resume = a.label();
  const back = a.label();
  for (const vector of VECTORS_HANDLED) {
    entries.set(vector, a.here);
    if (WITH_ERROR_CODE.includes(vector)) a.raw(0x83, 0xc4, 4);
    // push ds; push eax; mov eax, …; mov ds, ax
    a.raw(0x1e, 0x50, 0xb8).field(4, handlerData).raw(0x8e, 0xd8);
    a.instruction({ opcode: [0xff], reg: 0, size: 4, rm: { displacement: RESUME + 64 + 4 * vector } });
    a.branch([0xe9], goesBack(vector) ? back : resume);
  }
  a.bind(resume);
  a.instruction({ opcode: [0x8b], reg: 0, size: 4, rm: { displacement: RESUME } });
  a.instruction({ opcode: [0x89], reg: 0, size: 4, rm: at(8) });
  put(12, code);
  put(virtual ? 32 : 4, data);
  a.bind(back);
  a.instruction({ opcode: [0x81], reg: 4, size: 4, rm: at(16), immediate: { bytes: 4, value: NOT_TF } });
  a.raw(0x58, 0x1f, 0xcf);
  return { bytes: a.finish(), entries };
}
