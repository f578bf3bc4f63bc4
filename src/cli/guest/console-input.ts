// The keyboard of the serial console: stdin, byte by byte and without echo when it is a terminal. Ctrl-A x quits, Ctrl-A
// Ctrl-A types a Ctrl-A, as in QEMU.

import type { CliIo } from '../io.ts';

const CTRL_A = 0x01;
const KEY_X = 0x78;

export class ConsoleInput {
  private readonly pending: number[] = [];
  private escaped = false;
  /** Nothing more will come. */
  private ended = false;
  private arrived: () => void = () => {};
  private readonly onData = (chunk: Uint8Array | string): void => this.typed(Buffer.from(chunk as string));
  private readonly onEnd = (): void => {
    this.ended = true;
    this.arrived();
  };

  /** `deliver` hands bytes to the guest and returns how many it took. */
  constructor(private readonly io: CliIo, private readonly deliver: (bytes: number[]) => number, private readonly quit: () => void) {}

  open(): void {
    const { stdin } = this.io;
    if (stdin.isTTY) stdin.setRawMode?.(true);
    stdin.on('data', this.onData);
    stdin.on('end', this.onEnd);
    // A stdin that is closed or cannot be read is one that never types.
    stdin.on('error', this.onEnd);
    stdin.resume();
  }

  close(): void {
    const { stdin } = this.io;
    stdin.off('data', this.onData);
    stdin.off('end', this.onEnd);
    stdin.off('error', this.onEnd);
    stdin.pause();
    if (stdin.isTTY) stdin.setRawMode?.(false);
  }

  /** Hands the guest what it can take now. */
  pump(): void {
    if (this.pending.length > 0) this.pending.splice(0, this.deliver(this.pending));
  }

  /** Waits until something is typed; false when nothing ever will be, or `signal` aborts. */
  async more(signal: AbortSignal): Promise<boolean> {
    while (this.pending.length === 0 && !this.ended && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.arrived = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    return this.pending.length > 0 && !signal.aborted;
  }

  private typed(bytes: Uint8Array): void {
    for (const byte of bytes) this.key(byte);
    this.arrived();
  }

  private key(byte: number): void {
    if (!this.io.stdin.isTTY) {
      this.pending.push(byte);
    } else if (this.escaped) {
      this.escaped = false;
      if (byte === KEY_X) this.quit();
      else if (byte === CTRL_A) this.pending.push(byte);
    } else if (byte === CTRL_A) {
      this.escaped = true;
    } else {
      this.pending.push(byte);
    }
  }
}
