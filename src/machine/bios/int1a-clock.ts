// INT 1AH: the tick count, and the real-time clock's time, date and alarm in BCD, as the clock has them.

import type { Caller } from './caller.ts';
import { Bda } from './data-area.ts';
import type { Firmware, FirmwarePorts } from './firmware.ts';
import { unmaskSecond } from './pic.ts';

/** Registers of the MC146818 and, beside it, the byte of the century. */
export const Rtc = {
  SECOND: 0x00,
  SECOND_ALARM: 0x01,
  MINUTE: 0x02,
  MINUTE_ALARM: 0x03,
  HOUR: 0x04,
  HOUR_ALARM: 0x05,
  DAY: 0x07,
  MONTH: 0x08,
  YEAR: 0x09,
  A: 0x0a,
  B: 0x0b,
  C: 0x0c,
  CENTURY: 0x32,
} as const;
export const RtcB = { SET: 0x80, PIE: 0x40, AIE: 0x20, DSE: 0x01 } as const;
export const RTC_IRQ = 8;

export function int1a({ memory, ports }: Firmware, caller: Caller): void {
  switch (caller.ah) {
    case 0x00:
      caller.al = memory.u8(Bda.MIDNIGHT);
      caller.cx = memory.u16(Bda.TICKS + 2);
      caller.dx = memory.u16(Bda.TICKS);
      memory.setU8(Bda.MIDNIGHT, 0);
      break;
    case 0x01:
      memory.setU32(Bda.TICKS, caller.cx * 65536 + caller.dx);
      memory.setU8(Bda.MIDNIGHT, 0);
      break;
    case 0x02:
      caller.ch = ports.readCmos(Rtc.HOUR);
      caller.cl = ports.readCmos(Rtc.MINUTE);
      caller.dh = ports.readCmos(Rtc.SECOND);
      caller.dl = ports.readCmos(Rtc.B) & RtcB.DSE;
      break;
    case 0x03: {
      const { ch, cl, dh, dl } = caller;
      setClock(ports, [
        [Rtc.HOUR, ch],
        [Rtc.MINUTE, cl],
        [Rtc.SECOND, dh],
      ]);
      changeB(ports, RtcB.DSE, dl & RtcB.DSE);
      break;
    }
    case 0x04:
      caller.ch = ports.readCmos(Rtc.CENTURY);
      caller.cl = ports.readCmos(Rtc.YEAR);
      caller.dh = ports.readCmos(Rtc.MONTH);
      caller.dl = ports.readCmos(Rtc.DAY);
      break;
    case 0x05: {
      const { ch, cl, dh, dl } = caller;
      setClock(ports, [
        [Rtc.CENTURY, ch],
        [Rtc.YEAR, cl],
        [Rtc.MONTH, dh],
        [Rtc.DAY, dl],
      ]);
      break;
    }
    case 0x06:
      return setAlarm(ports, caller);
    case 0x07:
      changeB(ports, RtcB.AIE, 0);
      break;
    default:
      // PCI BIOS (AH = B1H) among them: there is none.
      caller.carry = true;
      return;
  }
  caller.carry = false;
}

/** An alarm that is set already is an error. */
function setAlarm(ports: FirmwarePorts, caller: Caller): void {
  caller.carry = (ports.readCmos(Rtc.B) & RtcB.AIE) !== 0;
  if (ports.readCmos(Rtc.B) & RtcB.AIE) return;
  const { ch, cl, dh } = caller;
  ports.writeCmos(Rtc.HOUR_ALARM, ch);
  ports.writeCmos(Rtc.MINUTE_ALARM, cl);
  ports.writeCmos(Rtc.SECOND_ALARM, dh);
  unmaskSecond(ports, RTC_IRQ);
  changeB(ports, RtcB.AIE, RtcB.AIE);
}

/** The clock stands still while it is set. */
function setClock(ports: FirmwarePorts, values: readonly (readonly [register: number, value: number])[]): void {
  changeB(ports, RtcB.SET, RtcB.SET);
  for (const [register, value] of values) ports.writeCmos(register, value);
  changeB(ports, RtcB.SET, 0);
}

/** Sets those bits of register B that `mask` names. */
export function changeB(ports: FirmwarePorts, mask: number, value: number): void {
  ports.writeCmos(Rtc.B, (ports.readCmos(Rtc.B) & ~mask) | value);
}
