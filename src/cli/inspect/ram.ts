import { InputError } from '../../base/errors.ts';
import type { MachineDescription } from '../../checkpoint/store.ts';
import { defaultMemslots } from '../../vm/config.ts';
import { address } from './views/view.ts';

/** InputError unless all `length` bytes at guest-physical `start` are memory of the machine. */
export function requireRam({ memory, rom }: MachineDescription, start: number, length: number): void {
  const end = start + length;
  for (let at = start; at < end; ) {
    const slot = defaultMemslots(memory, rom).find(({ guestPhysAddr: from, memorySize }) => at >= from && at < from + memorySize);
    if (slot === undefined) throw new InputError(`there is no RAM at guest-physical address ${address(at)}`);
    at = slot.guestPhysAddr + slot.memorySize;
  }
}
