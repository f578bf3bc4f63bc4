// A PC with a guest program in it, ready to run.

import type { EntryState } from '../boot/target.ts';
import { loadImage } from '../boot/image.ts';
import { bootTarget, enter } from '../boot/vm-target.ts';
import { createPc } from '../machine/pc.ts';
import type { Vm } from '../vm/vm.ts';
import type { WebGuest } from './guests.ts';
import type { RunRequest } from './protocol.ts';

/** As much as the largest of the guests needs. */
const MEMORY = 16 * 1024 ** 2;

/** Builds the machine, lost-write oracle included. `serial` gets each byte that goes to COM1. Errors as `loadImage`. */
export function buildMachine(
  { append, engine, tracking }: RunRequest,
  { id, vcpus = 1 }: WebGuest,
  image: Uint8Array,
  serial: (byte: number) => void,
): Vm {
  const { vm } = createPc({ memory: MEMORY, vcpus, engine, tracking, verify: true, serial });
  // Guests for several vCPUs take the vCPU's index in RSI.
  const setEntry = (state: EntryState): void => {
    for (let index = 0; index < vcpus; index++) {
      enter(vm, index === 0 ? state : { ...state, gpr: { ...state.gpr, rdi: 0, rsi: index } }, index);
    }
  };
  loadImage(`${id}.elf`, image, { ...bootTarget(vm), setEntry }, { append });
  return vm;
}
