// A device's input clock against virtual nanoseconds. Unless told otherwise it is the PIT's, 1.193182 MHz (14.31818 MHz / 12).
// Both ways are exact: whole seconds are split off first, so every product stays below 2^53.

export const PIT_HZ = 1193182;
const SECOND = 1_000_000_000;

/** Pulses of a clock of `hz` (up to some MHz) that have passed at `now` nanoseconds. */
export function ticksAt(now: number, hz = PIT_HZ): number {
  const whole = Math.floor(now);
  const rest = whole % SECOND;
  const product = rest * hz;
  return ((whole - rest) / SECOND) * hz + (product - (product % SECOND)) / SECOND;
}

/** The first nanosecond at which `tick` pulses have passed; Infinity for a tick that never comes. */
export function nanosecondsOf(tick: number, hz = PIT_HZ): number {
  if (tick === Infinity) return Infinity;
  const rest = tick % hz;
  const product = rest * SECOND;
  const remainder = product % hz;
  return ((tick - rest) / hz) * SECOND + (product - remainder) / hz + (remainder === 0 ? 0 : 1);
}
