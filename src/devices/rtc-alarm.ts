// When the MC146818's alarm goes off: three registers against seconds, minutes and hours, once a second.

import { encodeHour, encodeSixtieth } from './rtc-calendar.ts';
import type { Coding } from './rtc-calendar.ts';

const ALARM = { SECONDS: 1, MINUTES: 3, HOURS: 5 } as const;
/** "Don't care": the two highest bits set. */
const ANY = 0xc0;
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

/** Seconds from `now` (since 1970) to the next moment at which the alarm registers match, 1 … 86400; Infinity for never. */
export function nextAlarm(now: number, ram: readonly number[], coding: Coding): number {
  const matches = (register: number, code: number): boolean => ram[register]! >= ANY || ram[register] === code;
  const hours = Array.from({ length: 24 }, (_, hour) => matches(ALARM.HOURS, encodeHour(hour, coding)));
  const minutes = Array.from({ length: 60 }, (_, minute) => matches(ALARM.MINUTES, encodeSixtieth(minute, coding)));
  const seconds = Array.from({ length: 60 }, (_, second) => matches(ALARM.SECONDS, encodeSixtieth(second, coding)));
  const midnight = Math.floor(now / DAY) * DAY;
  const last = now - midnight + DAY;
  for (let time = now - midnight + 1; time <= last; ) {
    const inDay = time % DAY;
    if (!hours[Math.floor(inDay / HOUR)]) time += HOUR - (inDay % HOUR);
    else if (!minutes[Math.floor(inDay / MINUTE) % 60]) time += MINUTE - (inDay % MINUTE);
    else if (!seconds[inDay % 60]) time++;
    else return time + midnight - now;
  }
  return Infinity;
}
