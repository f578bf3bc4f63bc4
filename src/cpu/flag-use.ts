// What an instruction does to the status flags, as the survey finds it. Flags are bits of RFLAGS.

import { STATUS_FLAGS } from './arch/rflags.ts';

export class FlagUse {
  /** Flags that it depends on. */
  reads = 0;
  /** Flags that it sets whatever happens. */
  writes = 0;
  /** Flags that it sets or may set. */
  changes = 0;
  /** It reads flags that it has set itself. */
  isReadBack = false;
  private conditions = 0;

  read(bits: number): void {
    if ((this.changes & bits) !== 0) this.isReadBack = true;
    this.reads |= bits & ~this.writes;
  }

  write(bits: number): void {
    this.changes |= bits;
    if (this.conditions === 0) this.writes |= bits;
  }

  /** It reads and sets flags, nobody says which. */
  mayDoAnything(): void {
    this.reads |= STATUS_FLAGS & ~this.writes;
    this.changes |= STATUS_FLAGS;
  }

  /** What `body` does is done under a condition. */
  perhaps(body: () => void): void {
    this.conditions++;
    body();
    this.conditions--;
  }
}
