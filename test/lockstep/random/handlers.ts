// The exception and interrupt handlers of random programs.

import { Assembler } from './assembler.ts';
import type { Label, Width } from './assembler.ts';
import { RESUME } from './layout.ts';

/** Vectors that come with an error code (SDM vol. 3, "Protected-Mode Exceptions and Interrupts"). */
export const WITH_ERROR_CODE: readonly number[] = [8, 10, 11, 12, 13, 14];
export const VECTORS = 21;
export const TIMER_VECTOR = 32;
export const TRAPS: readonly number[] = [1, 3, 4];
const NOT_TF = ~0x100;

/**
 * A fault counts itself and goes on at the address in the word at RESUME; a trap or an interrupt goes on where it was. All
 * clear TF in the flags that they return to.
 */
export function handlers(width: Exclude<Width, 16>, origin: number): { code: Uint8Array; entries: ReadonlyMap<number, number> } {
  const a = new Assembler(width, origin);
  const word = width / 8;
  const size = width === 64 ? 8 : 4;
  const RAX = 0;
  const RSP = 4;
  const entries = new Map<number, number>();
  const count = (vector: number): void =>
    void a.instruction({ opcode: [0xff], reg: 0, size: 4, rm: { displacement: RESUME + 64 + 4 * vector } });
  const resume: Label = a.label();
  const back: Label = a.label();
  for (const vector of [...Array.from({ length: VECTORS }, (_, n) => n), TIMER_VECTOR]) {
    entries.set(vector, a.here);
    count(vector);
    if (WITH_ERROR_CODE.includes(vector)) a.instruction({ opcode: [0x83], reg: 0, size, rm: RSP, immediate: { bytes: 1, value: word } });
    a.branch([0xe9], TRAPS.includes(vector) || vector === TIMER_VECTOR ? back : resume);
  }
  a.bind(resume);
  a.raw(0x50 + RAX);
  a.instruction({ opcode: [0x8b], reg: RAX, size, rm: { displacement: RESUME } });
  a.instruction({ opcode: [0x89], reg: RAX, size, rm: { base: RSP, displacement: word } });
  a.raw(0x58 + RAX);
  a.bind(back);
  a.instruction({ opcode: [0x81], reg: 4, size: 4, rm: { base: RSP, displacement: 2 * word }, immediate: { bytes: 4, value: NOT_TF } });
  a.instruction({ opcode: [0xcf], size });
  return { code: a.finish(), entries };
}
