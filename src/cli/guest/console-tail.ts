// The end of what a guest printed, for reports.

/** Most bytes that are kept. */
const KEPT = 65536;

export class ConsoleTail {
  /** Bytes go round, the oldest being overwritten. */
  private readonly ring = new Uint8Array(KEPT);
  private count = 0;

  readonly byte = (byte: number): void => {
    this.ring[this.count++ % KEPT] = byte;
  };

  /** How many bytes there were in all. */
  get bytes(): number {
    return this.count;
  }

  /** The last lines, as text; what is left out is told. */
  get text(): string {
    const { ring, count } = this;
    if (count <= KEPT) return decode(ring.subarray(0, count));
    const at = count % KEPT;
    const text = decode(Uint8Array.from([...ring.subarray(at), ...ring.subarray(0, at)]));
    const whole = text.slice(text.indexOf('\n') + 1);
    return `[the first ${count - Buffer.byteLength(whole)} bytes are left out]\n${whole}`;
  }
}

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
