/** Collects what a guest prints until someone takes it. */
export class ConsoleBytes {
  private bytes: number[] = [];

  readonly put = (byte: number): void => {
    this.bytes.push(byte);
  };

  /** What came since the last call; null if nothing did. */
  take(): Uint8Array | null {
    if (this.bytes.length === 0) return null;
    const taken = Uint8Array.from(this.bytes);
    this.bytes = [];
    return taken;
  }
}
