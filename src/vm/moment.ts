// The present moment of a machine, between two instructions.

import type { Cpu } from '../cpu/cpu.ts';
import type { VirtualClock } from './clock.ts';
import type { Moment } from './journal.ts';

const FNV_PRIME = 0x01000193;
const FNV_BASIS = 0x811c9dc5;

export function momentOf(cpus: readonly Cpu[], clock: VirtualClock): Moment {
  return { at: { ticks: clock.ticks, events: clock.events }, waiting: isWaiting(cpus), check: checksum(cpus) };
}

/** An access has left the machine and waits for its answer. */
export const isWaiting = (cpus: readonly Cpu[]): boolean => cpus.some(({ replay }) => replay.pending !== null);

/** FNV-1a by words over what every engine leaves alike at a boundary: general registers, RIP, flags, activity, retired count. */
function checksum(cpus: readonly Cpu[]): number {
  let hash = FNV_BASIS;
  const add = (word: number): void => {
    hash = Math.imul(hash ^ word, FNV_PRIME);
  };
  for (const { gprHalves, flags, state } of cpus) {
    for (const half of gprHalves) add(half);
    for (const word of [state.rip[0], state.retired[0]]) {
      add(Number(word & 0xffffffffn));
      add(Number(word >> 32n));
    }
    add(flags.read());
    add(state.activity[0]);
  }
  return hash >>> 0;
}
