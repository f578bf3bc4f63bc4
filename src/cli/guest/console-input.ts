// What is typed at stdin, for the serial console or the PC keyboard. A terminal gives it byte by byte and without echo. Ctrl-A x
// quits, Ctrl-A Ctrl-A types a Ctrl-A, as in QEMU.

import type { CliIo } from '../io.ts';

const CTRL_A = 0x01;
const KEY_X = 0x78;

/** `Item` is what the guest takes: bytes, or keys. */
export class ConsoleInput<Item = number> {
  private readonly pending: Item[] = [];
  private escaped = false;
  /** Nothing more will come. */
  private ended = false;
  /** The guest took nothing of what is pending. */
  private blocked = false;
  private arrived: () => void = () => {};
  private readonly onData = (chunk: Uint8Array | string): void => this.typed(Buffer.from(chunk as string));
  private readonly onEnd = (): void => {
    this.ended = true;
    this.arrived();
  };

  /** `decode` makes items of one chunk of input; `deliver` hands items to the guest and returns how many it took. */
  constructor(
    private readonly io: CliIo,
    private readonly decode: (bytes: Uint8Array) => readonly Item[],
    private readonly deliver: (items: Item[]) => number,
    private readonly quit: () => void,
  ) {}

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

  /** Whether the guest may still be typed at. */
  get mayType(): boolean {
    return !this.ended || this.pending.length > 0;
  }

  /** Hands the guest what it can take now. */
  pump(): void {
    if (this.pending.length === 0) return;
    const taken = this.deliver(this.pending);
    this.pending.splice(0, taken);
    this.blocked = taken === 0;
  }

  /** Waits until there is something that the guest may take; false when there never will be, or `signal` aborts. */
  async more(signal: AbortSignal): Promise<boolean> {
    while (!this.offers() && !this.ended && !signal.aborted) await this.arrival(signal);
    return this.offers() && !signal.aborted;
  }

  /** Waits until something is typed, `signal` aborts, or for `milliseconds`. */
  async arrival(signal: AbortSignal, milliseconds = Infinity): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = milliseconds < Infinity ? setTimeout(() => done(), milliseconds) : null;
      const done = (): void => {
        if (timer !== null) clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.arrived = () => {};
        resolve();
      };
      this.arrived = done;
      signal.addEventListener('abort', done);
    });
  }

  private offers(): boolean {
    return this.pending.length > 0 && !this.blocked;
  }

  private typed(bytes: Uint8Array): void {
    const heard = this.io.stdin.isTTY ? Uint8Array.from([...bytes].filter((byte) => this.isForGuest(byte))) : bytes;
    if (heard.length > 0) {
      for (const item of this.decode(heard)) this.pending.push(item);
      this.blocked = false;
    }
    this.arrived();
  }

  /** False for what is meant for the host: Ctrl-A and the byte after it, unless that is a Ctrl-A too. */
  private isForGuest(byte: number): boolean {
    if (this.escaped) {
      this.escaped = false;
      if (byte === KEY_X) this.quit();
      return byte === CTRL_A;
    }
    this.escaped = byte === CTRL_A;
    return !this.escaped;
  }
}
