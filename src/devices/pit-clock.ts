// The PIT's input clock, 1.193182 MHz (14.31818 MHz / 12), against virtual nanoseconds. Both ways are exact: every product
// stays below 2^53, since whole seconds are split off first.

export const PIT_HZ = 1193182;
const SECOND = 1_000_000_000;

/** Clock pulses that have passed at `now` nanoseconds. */
export function ticksAt(now: number): number {
  const whole = Math.floor(now);
  const rest = whole % SECOND;
  const product = rest * PIT_HZ;
  return ((whole - rest) / SECOND) * PIT_HZ + (product - (product % SECOND)) / SECOND;
}

/** The first nanosecond at which `tick` pulses have passed; Infinity for a tick that never comes. */
export function nanosecondsOf(tick: number): number {
  if (tick === Infinity) return Infinity;
  const rest = tick % PIT_HZ;
  const product = rest * SECOND;
  const remainder = product % PIT_HZ;
  return ((tick - rest) / PIT_HZ) * SECOND + (product - remainder) / PIT_HZ + (remainder === 0 ? 0 : 1);
}
