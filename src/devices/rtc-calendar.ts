// Dates as the MC146818 keeps them: the calendar as a count of seconds, and its registers in whichever coding register B asks for.

/** Offsets of the clock's registers; the century is where PCs keep it. */
export const ClockRegister = { SECONDS: 0, MINUTES: 2, HOURS: 4, WEEKDAY: 6, DAY: 7, MONTH: 8, YEAR: 9, CENTURY: 0x32 } as const;

export const CLOCK_REGISTERS: readonly number[] = Object.values(ClockRegister);

/** How the registers are coded: register B's DM (binary instead of BCD) and 24/12. */
export interface Coding {
  readonly binary: boolean;
  readonly hours24: boolean;
}

const PM = 0x80;
const MILLISECONDS = 1000;
/** Seconds from 1970 to the year 0, and from there to the year 10000, at which four digits begin again. */
export const YEAR_0 = -62167219200;
export const YEAR_10000 = 253402300800;

/** `seconds` since 1970, brought into the years 0 … 9999. */
export function wrapYears(seconds: number): number {
  const span = YEAR_10000 - YEAR_0;
  return ((((seconds - YEAR_0) % span) + span) % span) + YEAR_0;
}

const encode = (value: number, { binary }: Coding): number => (binary ? value : Math.floor(value / 10) * 16 + (value % 10));
const decode = (value: number, { binary }: Coding): number => (binary ? value : (value >> 4) * 10 + (value & 15));

/** The hours register for an hour 0 … 23: 1 … 12 with PM in bit 7 on a 12-hour clock. */
export function encodeHour(hour: number, coding: Coding): number {
  return coding.hours24 ? encode(hour, coding) : encode(((hour + 11) % 12) + 1, coding) | (hour >= 12 ? PM : 0);
}

function decodeHour(value: number, coding: Coding): number {
  return coding.hours24 ? decode(value, coding) : (decode(value & ~PM, coding) % 12) + (value & PM ? 12 : 0);
}

export const encodeSixtieth = encode;

/** The registers of the second `seconds` since 1970 (UTC), by offset. Sunday is day 1 of the week. */
export function clockRegisters(seconds: number, coding: Coding): ReadonlyMap<number, number> {
  const date = new Date(seconds * MILLISECONDS);
  const year = date.getUTCFullYear();
  return new Map([
    [ClockRegister.SECONDS, encode(date.getUTCSeconds(), coding)],
    [ClockRegister.MINUTES, encode(date.getUTCMinutes(), coding)],
    [ClockRegister.HOURS, encodeHour(date.getUTCHours(), coding)],
    [ClockRegister.WEEKDAY, encode(date.getUTCDay() + 1, coding)],
    [ClockRegister.DAY, encode(date.getUTCDate(), coding)],
    [ClockRegister.MONTH, encode(date.getUTCMonth() + 1, coding)],
    [ClockRegister.YEAR, encode(year % 100, coding)],
    [ClockRegister.CENTURY, encode(Math.floor(year / 100), coding)],
  ]);
}

/**
 * The second that the registers name. A day beyond the month's end (30 February) counts on into the next month. The day of the week
 * follows the date, whatever was written.
 */
export function secondsOf(register: (offset: number) => number, coding: Coding): number {
  const value = (offset: number): number => decode(register(offset), coding);
  const date = new Date(0);
  const year = value(ClockRegister.CENTURY) * 100 + value(ClockRegister.YEAR);
  date.setUTCFullYear(year, value(ClockRegister.MONTH) - 1, value(ClockRegister.DAY));
  date.setUTCHours(decodeHour(register(ClockRegister.HOURS), coding), value(ClockRegister.MINUTES), value(ClockRegister.SECONDS));
  return wrapYears(date.getTime() / MILLISECONDS);
}
