// Which pages anything wrote to, seen at the write door and so without memory tracking. This tells a page that was rightly
// reported from one that was invented.

import { around } from '../../vm/seams.ts';
import type { Wrap } from '../../vm/seams.ts';

export class WriteWitness {
  private opened = new Set<number>();

  /** Put around a machine before anything else is, so that it sees what really passes. */
  readonly wrap: Wrap = ({ parts }) => {
    around(parts.physical, 'open', (original) => (gfn, ...rest) => {
      this.opened.add(gfn);
      return original(gfn, ...rest);
    });
  };

  /** A cycle begins: every page is armed, so the first write to each comes through the door. */
  forget(): void {
    this.opened = new Set();
  }

  /** The first of `gfns` that nothing wrote to since the cycle began, `excused` ones aside; or null. */
  firstInvented(gfns: readonly number[], excused: ReadonlySet<number>): number | null {
    return gfns.find((gfn) => !this.opened.has(gfn) && !excused.has(gfn)) ?? null;
  }
}
