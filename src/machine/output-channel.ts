// One of the machine's outputs: COM1, or the debug console. Each byte goes to the owner's sink or is collected, then to those who
// listen.

import { InputError } from '../base/errors.ts';
import type { Sink } from './board.ts';

const PIECE = 65536;
/** Bytes that are kept at the most. */
export const KEPT_BYTES = 4 * 2 ** 20;

export class OutputChannel {
  private readonly sink: Sink | null;
  private readonly listeners = new Set<Sink>();
  private pieces: Uint8Array[] = [];
  /** Bytes in the last piece. */
  private used = PIECE;

  /** `name` is the configuration's. */
  constructor(
    private readonly name: string,
    given: Sink | 'collect',
  ) {
    this.sink = given === 'collect' ? null : given;
  }

  /** What a device calls. If the owner's sink throws, nobody else hears of the byte: the guest's instruction will be executed again. */
  readonly byte = (byte: number): void => {
    if (this.sink) this.sink(byte);
    else this.keep(byte);
    for (const listener of this.listeners) listener(byte);
  };

  /** Calls `listener` with each byte from now on, until the function that is returned is called. */
  listen(listener: Sink): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** The newest `KEPT_BYTES` at the most, give or take a piece. InputError if the owner takes them himself. */
  bytes(): Uint8Array {
    const { sink, name, pieces, used } = this;
    if (sink)
      throw new InputError(`nothing is collected of '${name}': it goes to the function that createPc was given; 'collect' keeps it`);
    const bytes = new Uint8Array(pieces.length === 0 ? 0 : (pieces.length - 1) * PIECE + used);
    pieces.forEach((piece, n) => bytes.set(n < pieces.length - 1 ? piece : piece.subarray(0, used), n * PIECE));
    return bytes;
  }

  /** The same as text, UTF-8. */
  text(): string {
    return new TextDecoder().decode(this.bytes());
  }

  /** Forgets what was collected. */
  clear(): void {
    this.pieces = [];
    this.used = PIECE;
  }

  private keep(byte: number): void {
    if (this.used === PIECE) {
      this.pieces.push(new Uint8Array(PIECE));
      this.used = 0;
      if (this.pieces.length * PIECE > KEPT_BYTES + PIECE) this.pieces.shift();
    }
    this.pieces[this.pieces.length - 1]![this.used++] = byte;
  }
}
