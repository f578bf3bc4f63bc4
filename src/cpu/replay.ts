// Accesses that nobody on the board claims leave the machine as exits, and the caller of `run` answers them. The instruction
// is then executed again from its start. The answers already given are replayed in order, so that the caller sees each access
// exactly once, however many the instruction makes. Accesses that the board did claim are replayed too: to read a device again
// would have its effect twice.

import type { AccessWidth } from '../base/device.ts';

/** An access of a vCPU that nobody in the machine claimed. */
export interface OutsideAccess {
  readonly kind: 'io' | 'mmio';
  /** As the guest sees it. */
  readonly direction: 'read' | 'write';
  /** Port number or guest-physical address. */
  readonly address: number;
  /** Bytes. */
  readonly width: AccessWidth;
  /** Written by the guest, or to be filled in by the caller. Unsigned. */
  value: number;
}

export class AccessReplay {
  private answered: OutsideAccess[] = [];
  private next = 0;
  /** The access that waits for an answer. */
  pending: OutsideAccess | null = null;
  /** The accesses that the board claimed, of the instruction that begins after `claimedAt` instructions. */
  private claimed: OutsideAccess[] = [];
  private claimedAt = -1;

  /** Nothing is to be replayed and nothing waits. */
  get idle(): boolean {
    return this.pending === null && this.answered.length === 0;
  }

  /** The value of the instruction's next access if it was answered before; otherwise null. */
  replayed(): number | null {
    return this.next < this.answered.length ? this.answered[this.next++].value : null;
  }

  /** The board claimed `access`, made by the instruction (or delivery) that begins after `progress` instructions. */
  note(access: OutsideAccess, progress: number): void {
    if (progress !== this.claimedAt) this.claimed = [];
    this.claimedAt = progress;
    this.claimed.push(access);
  }

  /** `access` leaves the machine. What the board claimed before it in the same instruction counts as answered. */
  leave(access: OutsideAccess, progress: number): void {
    if (progress === this.claimedAt) this.answered.push(...this.claimed);
    this.forget();
    this.pending = access;
  }

  /** Another instruction, or the delivery of an event, begins: the accesses claimed so far are not its own. */
  forget(): void {
    this.claimedAt = -1;
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
    this.forget();
  }

  /** The answers given so far. The pending access is left out: after a restore the instruction makes it again. */
  save(): OutsideAccess[] {
    return this.answered.map((access) => ({ ...access }));
  }

  restore(answered: readonly OutsideAccess[]): void {
    this.clear();
    this.answered = answered.map((access) => ({ ...access }));
  }
}
