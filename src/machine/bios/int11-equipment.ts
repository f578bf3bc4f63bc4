// INT 11H: the equipment word of the data area. INT 12H: KiB of conventional memory.

import type { Caller } from './caller.ts';
import { Bda } from './data-area.ts';
import type { Firmware } from './firmware.ts';

export function int11({ memory }: Firmware, caller: Caller): void {
  caller.ax = memory.u16(Bda.EQUIPMENT);
}

export function int12({ memory }: Firmware, caller: Caller): void {
  caller.ax = memory.u16(Bda.MEMORY_KIB);
}
