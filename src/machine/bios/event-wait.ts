// Waiting for a number of microseconds (INT 15H, AH = 83H and 86H): the real-time clock's periodic interrupt counts them down
// in the data area, as on the PC/AT. So a wait lies wholly in guest memory and the clock, and is saved with them.

import type { Caller } from './caller.ts';
import { BDA_START, Bda, inBda } from './data-area.ts';
import type { Firmware, FirmwarePorts } from './firmware.ts';
import { RTC_IRQ, Rtc, RtcB, changeB } from './int1a-clock.ts';
import { unmaskSecond } from './pic.ts';

/** Register A of the clock: its time base of 32.768 kHz, and a periodic interrupt of 1024 Hz. */
const RATE_1024 = 0x26;
const PERIOD_MICROSECONDS = 976;
/** Bits of WAIT_ACTIVE, and of the user's flag. */
const ACTIVE = 1;
const ELAPSED = 0x80;
const PF = 0x40;
const AF = 0x20;

export const waitIsActive = ({ memory }: Firmware): boolean => (memory.u8(Bda.WAIT_ACTIVE) & ACTIVE) !== 0;

/** Starts to count; after so many microseconds bit 7 of the byte at segment:offset is set. */
export function startWait({ memory, ports }: Firmware, microseconds: number, flag: { segment: number; offset: number }): void {
  memory.setU16(Bda.USER_FLAG, flag.offset);
  memory.setU16(Bda.USER_FLAG + 2, flag.segment);
  memory.setU32(Bda.WAIT_MICROSECONDS, microseconds);
  memory.setU8(Bda.WAIT_ACTIVE, ACTIVE);
  ports.writeCmos(Rtc.A, RATE_1024);
  // A period that began before the wait must not count.
  ports.readCmos(Rtc.C);
  unmaskSecond(ports, RTC_IRQ);
  changeB(ports, RtcB.PIE, RtcB.PIE);
}

export function cancelWait({ memory, ports }: Firmware): void {
  changeB(ports, RtcB.PIE, 0);
  memory.setU8(Bda.WAIT_ACTIVE, 0);
}

/** The flag of a caller that waits itself: the byte that says that a wait is active. */
export const OWN_FLAG = { segment: BDA_START >>> 4, offset: inBda(Bda.WAIT_ACTIVE) };

/** Whether the caller's own wait has ended; it is forgotten then. */
export function ownWaitEnded({ memory }: Firmware): boolean {
  if ((memory.u8(Bda.WAIT_ACTIVE) & ELAPSED) === 0) return false;
  memory.setU8(Bda.WAIT_ACTIVE, 0);
  return true;
}

/** INT 70H: IRQ 8. The answer is whether the ROM shall call the alarm's handler, INT 4AH. */
export function int70(firmware: Firmware, caller: Caller): void {
  const { ports } = firmware;
  const events = ports.readCmos(Rtc.C) & ports.readCmos(Rtc.B);
  if (events & PF) countDown(firmware, ports);
  caller.setLiveCarry((events & AF) !== 0);
}

function countDown(firmware: Firmware, ports: FirmwarePorts): void {
  const { memory } = firmware;
  if (!waitIsActive(firmware)) return changeB(ports, RtcB.PIE, 0);
  const left = memory.u32(Bda.WAIT_MICROSECONDS) - PERIOD_MICROSECONDS;
  if (left > 0) return memory.setU32(Bda.WAIT_MICROSECONDS, left);
  const flag = memory.u16(Bda.USER_FLAG + 2) * 16 + memory.u16(Bda.USER_FLAG);
  memory.setU32(Bda.WAIT_MICROSECONDS, 0);
  cancelWait(firmware);
  memory.setU8(flag, memory.u8(flag) | ELAPSED);
}
