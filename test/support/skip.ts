// The only place that skips tests, so that every skipped one says why in the report.

import { describe, it } from 'vitest';

/** `it`, if `available`; else the test is reported as skipped, `reason` in its name. */
export function itNeeding(available: boolean, reason: string) {
  return (name: string, body: () => void | Promise<void>): void => {
    if (available) it(name, body);
    else it.skip(`${name} [skipped: ${reason}]`, body);
  };
}

/** `describe`, if `available`; else all in it is reported as skipped, `reason` in its name. */
export function describeNeeding(available: boolean, reason: string) {
  return (name: string, body: () => void): void => {
    if (available) describe(name, body);
    else describe.skip(`${name} [skipped: ${reason}]`, body);
  };
}
