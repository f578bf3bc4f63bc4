// Accesses that nobody on the board claims leave the machine as exits, and the caller of `run` answers them. The instruction
// is then executed again from its start; the answers already given are replayed in order, so that each access is seen by
// the caller exactly once, however many accesses the instruction makes.

import type { AccessWidth } from '../base/device.ts';

export interface OutsideAccess {
  readonly kind: 'io' | 'mmio';
  readonly direction: 'read' | 'write';
  /** Port number or guest-physical address. */
  readonly address: number;
  readonly width: AccessWidth;
  /** Written by the guest, or to be filled in by the caller. Unsigned. */
  value: number;
}

export class AccessReplay {
  private answered: OutsideAccess[] = [];
  private next = 0;
  /** The access that waits for an answer. */
  pending: OutsideAccess | null = null;

  /** Nothing is to be replayed and nothing waits. */
  get idle(): boolean {
    return this.pending === null && this.answered.length === 0;
  }

  /** The access's value if it was answered before; otherwise null, with the access left in `pending`. */
  take(
    kind: OutsideAccess['kind'], direction: OutsideAccess['direction'], address: number, width: AccessWidth, value: number,
  ): number | null {
    const done = this.answered[this.next];
    if (done) {
      this.next++;
      return done.value;
    }
    this.pending = { kind, direction, address, width, value };
    return null;
  }

  /** The caller's answer to the pending access; the instruction is about to be executed again. */
  answer(): void {
    if (this.pending) this.answered.push(this.pending);
    this.pending = null;
    this.next = 0;
  }

  /** The instruction is over. */
  clear(): void {
    this.answered = [];
    this.next = 0;
    this.pending = null;
  }
}
