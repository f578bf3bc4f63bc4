// Takes what a guest prints on its way, for whoever collects it.

import type { GuestSinks } from '../guest/session.ts';
import type { Tape, TapeEnd } from '../record/tape.ts';

/** Most bytes of a console that wait to be taken; beyond that the oldest go, and the guest is not held up. */
const MOST_WAITING = 4 * 1024 * 1024;

interface Taken {
  readonly console: 'serial' | 'debugcon';
  readonly bytes: Uint8Array;
}

class Buffered {
  private buffer = new Uint8Array(4096);
  private used = 0;

  byte(byte: number): void {
    if (this.used === this.buffer.length) this.grow();
    this.buffer[this.used++] = byte;
  }

  private grow(): void {
    const kept = this.used < MOST_WAITING ? this.buffer : this.buffer.subarray(this.used / 2);
    this.used = kept.length;
    const buffer = new Uint8Array(Math.min(2 * this.used, MOST_WAITING));
    buffer.set(kept);
    this.buffer = buffer;
  }

  take(): Uint8Array {
    const bytes = this.buffer.slice(0, this.used);
    this.used = 0;
    return bytes;
  }
}

/** A tape that records nothing. */
export class ConsoleTap implements Tape {
  readonly endsWith = null;
  readonly journal = null;
  private readonly serial = new Buffered();
  private readonly debugcon = new Buffered();

  locate(path: string): string {
    return path;
  }

  sinks(sinks: GuestSinks): GuestSinks {
    const { serial, debugcon } = this;
    return {
      ...sinks,
      serial: (byte) => {
        serial.byte(byte);
        sinks.serial(byte);
      },
      debugcon: (byte) => {
        debugcon.byte(byte);
        sinks.debugcon(byte);
      },
    };
  }

  open(): void {}

  begin(): null {
    return null;
  }

  end(status: number): TapeEnd {
    return { status, lines: [] };
  }

  /** What came since the last call. */
  taken(): Taken[] {
    const all: Taken[] = [
      { console: 'serial', bytes: this.serial.take() },
      { console: 'debugcon', bytes: this.debugcon.take() },
    ];
    return all.filter(({ bytes }) => bytes.length > 0);
  }
}
