// The ring of keystrokes in the data area: words of scan code and character. Head and tail are offsets in segment 0040H; a ring
// that a guest has spoilt is emptied.

import { BDA_BYTES, BDA_START, Bda, inBda } from './data-area.ts';
import type { FirmwareMemory } from './firmware-memory.ts';

interface Ring {
  readonly start: number;
  readonly end: number;
  readonly head: number;
  readonly tail: number;
}

function ringOf(memory: FirmwareMemory): Ring {
  const start = memory.u16(Bda.KEY_BUFFER_START);
  const end = memory.u16(Bda.KEY_BUFFER_END);
  const head = memory.u16(Bda.KEY_HEAD);
  const tail = memory.u16(Bda.KEY_TAIL);
  const inside = (at: number): boolean => at >= start && at < end && (at - start) % 2 === 0;
  if (start < end && (end - start) % 2 === 0 && end <= BDA_BYTES && inside(head) && inside(tail)) return { start, end, head, tail };
  return resetKeys(memory);
}

/** An empty ring of 16 words, where PCs have it. */
export function resetKeys(memory: FirmwareMemory): Ring {
  const start = inBda(Bda.KEY_BUFFER);
  const end = start + 32;
  memory.setU16(Bda.KEY_BUFFER_START, start);
  memory.setU16(Bda.KEY_BUFFER_END, end);
  memory.setU16(Bda.KEY_HEAD, start);
  memory.setU16(Bda.KEY_TAIL, start);
  return { start, end, head: start, tail: start };
}

const after = ({ start, end }: Ring, at: number): number => (at + 2 >= end ? start : at + 2);

/** Puts a keystroke in; false when the ring is full. */
export function putKey(memory: FirmwareMemory, key: number): boolean {
  const ring = ringOf(memory);
  const next = after(ring, ring.tail);
  if (next === ring.head) return false;
  memory.setU16(BDA_START + ring.tail, key);
  memory.setU16(Bda.KEY_TAIL, next);
  return true;
}

/** The oldest keystroke, or null. */
export function peekKey(memory: FirmwareMemory): number | null {
  const { head, tail } = ringOf(memory);
  return head === tail ? null : memory.u16(BDA_START + head);
}

export function dropKey(memory: FirmwareMemory): void {
  const ring = ringOf(memory);
  if (ring.head !== ring.tail) memory.setU16(Bda.KEY_HEAD, after(ring, ring.head));
}
