// What is typed at COM1. The UART takes 64 KiB that the guest has not read yet; what is more waits here and is handed over as the
// guest reads.

import type { Board } from './board.ts';

/** Virtual nanoseconds from one hand-over to the next while bytes wait. */
export const FEED_NS = 1_000_000;

export interface TypingHost {
  readonly board: Pick<Board, 'serialInput' | 'serialRoom'>;
  /** Virtual time in nanoseconds. */
  now(): number;
}

export class SerialTyping {
  private waiting: Uint8Array[] = [];
  /** Bytes handed over at `sentAt`. From within a slice they reach the UART at the next boundary only. */
  private sent = 0;
  private sentAt = -1;

  constructor(private readonly host: TypingHost) {}

  /** Whether bytes wait here. */
  get pending(): boolean {
    return this.waiting.length > 0;
  }

  type(bytes: Uint8Array): void {
    if (bytes.length > 0) this.waiting.push(bytes);
    this.feed();
  }

  /** Hands over what the UART has room for. */
  feed(): void {
    const { waiting, host } = this;
    const now = host.now();
    if (now !== this.sentAt) this.sent = 0;
    this.sentAt = now;
    while (waiting.length > 0) {
      const [first] = waiting as [Uint8Array];
      const taken = Math.min(first.length, host.board.serialRoom - this.sent);
      if (taken <= 0) return;
      host.board.serialInput(first.subarray(0, taken));
      this.sent += taken;
      if (taken < first.length) waiting[0] = first.subarray(taken);
      else waiting.shift();
    }
  }

  clear(): void {
    this.waiting = [];
  }
}
