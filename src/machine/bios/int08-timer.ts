// INT 08H: IRQ 0, 18.2 times a second. The ROM calls INT 1CH and ends the interrupt.

import { Bda } from './data-area.ts';
import type { Firmware } from './firmware.ts';

/** Ticks of a day: 24 hours at 1193182 / 65536 Hz. */
export const TICKS_A_DAY = 0x1800b0;

export function int08({ memory }: Firmware): void {
  const ticks = memory.u32(Bda.TICKS) + 1;
  memory.setU32(Bda.TICKS, ticks >= TICKS_A_DAY ? 0 : ticks);
  if (ticks >= TICKS_A_DAY) memory.setU8(Bda.MIDNIGHT, 1);
}
