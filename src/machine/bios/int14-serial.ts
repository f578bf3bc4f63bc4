// INT 14H: the first serial port. Nothing is waited for: what has not come is a time-out.

import type { Caller } from './caller.ts';
import { Bda } from './data-area.ts';
import type { Firmware } from './firmware.ts';

/** Registers of the 16550, by offset. */
const DATA = 0;
const INTERRUPTS = 1;
const LINE_CONTROL = 3;
const LINE_STATUS = 5;
const MODEM_STATUS = 6;
const DIVISOR_ACCESS = 0x80;
const DATA_READY = 1;
const TIME_OUT = 0x80;
/** By bits 7:5 of AL, the divisors of 110 … 9600 baud. */
const DIVISORS = [0x417, 0x300, 0x180, 0xc0, 0x60, 0x30, 0x18, 0x0c];

export function int14({ memory, ports }: Firmware, caller: Caller): void {
  const base = caller.dx < 4 ? memory.u16(Bda.COM1 + 2 * caller.dx) : 0;
  if (base === 0) {
    caller.ah = TIME_OUT;
    return;
  }
  const status = (): void => {
    caller.ah = ports.in(base + LINE_STATUS);
    caller.al = ports.in(base + MODEM_STATUS);
  };
  switch (caller.ah) {
    case 0x00: {
      const divisor = DIVISORS[caller.al >>> 5]!;
      ports.out(base + LINE_CONTROL, DIVISOR_ACCESS);
      ports.out(base + DATA, divisor);
      ports.out(base + INTERRUPTS, divisor >>> 8);
      ports.out(base + LINE_CONTROL, caller.al & 0x1f);
      ports.out(base + INTERRUPTS, 0);
      return status();
    }
    case 0x01:
      ports.out(base + DATA, caller.al);
      caller.ah = ports.in(base + LINE_STATUS) & ~TIME_OUT;
      return;
    case 0x02: {
      const ready = (ports.in(base + LINE_STATUS) & DATA_READY) !== 0;
      if (ready) caller.al = ports.in(base + DATA);
      caller.ah = ready ? 0 : TIME_OUT;
      return;
    }
    case 0x03:
      status();
  }
}

/** INT 17H: there is no printer. */
export function int17(_firmware: Firmware, caller: Caller): void {
  caller.ah = 1;
}
