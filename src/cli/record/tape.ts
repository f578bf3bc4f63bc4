// What goes along with a session: a recording that is made, or one that is replayed.

import { crc32 } from '../../base/crc32.ts';
import type { SliceResult } from '../../vm/exit.ts';
import type { Journal } from '../../vm/journal.ts';
import type { Vm } from '../../vm/vm.ts';
import type { RunFiles } from '../guest/run-files.ts';
import type { GuestSinks } from '../guest/session.ts';

export interface TapeEnd {
  /** What the process is to end with. */
  readonly status: number;
  /** For stderr, below the run's own report. */
  readonly lines: readonly string[];
}

export interface Tape {
  /** Where the file lies that the guest's options call `path`. */
  locate(path: string): string;
  /** The sinks with what the tape wants to know of them. */
  sinks(sinks: GuestSinks): GuestSinks;
  /** Opens what the tape writes, before the guest runs. Errors as `RunFiles.open`. */
  open(files: RunFiles): void;
  /** The machine is ready to run. Returns what runs its slices in place of `vm.runSlice`; null if nothing does. */
  begin(vm: Vm): ((limit: number) => SliceResult) | null;
  /** What it records, once the run has begun; null for a tape that does not record. */
  readonly journal: Journal | null;
  /** The status with which the run is to end now; null while it goes on. */
  readonly endsWith: number | null;
  /** The run has ended with that status. */
  end(status: number): TapeEnd;
}

/** What went into a sink: how many bytes, and their CRC-32. */
export interface OutputDigest {
  readonly bytes: number;
  readonly crc: number;
}

const PIECE = 4096;

/** Takes the digest of what goes through it. */
class DigestSink {
  private readonly piece = new Uint8Array(PIECE);
  private used = 0;
  private bytes = 0;
  private crc = 0;

  constructor(private readonly sink: (byte: number) => void) {}

  readonly byte = (byte: number): void => {
    this.piece[this.used++] = byte;
    if (this.used === PIECE) this.flush();
    this.sink(byte);
  };

  digest(): OutputDigest {
    this.flush();
    return { bytes: this.bytes, crc: this.crc };
  }

  private flush(): void {
    if (this.used === 0) return;
    this.crc = crc32(this.piece.subarray(0, this.used), this.crc);
    this.bytes += this.used;
    this.used = 0;
  }
}

/** The digests of a session's sinks, by their names. */
export class OutputDigests {
  private readonly byName = new Map<string, DigestSink>();

  wrap(sinks: GuestSinks): GuestSinks {
    const wrapped = Object.entries(sinks).map(([name, sink]: [string, unknown]) => {
      if (name !== 'serial' && name !== 'debugcon') return [name, sink] as const;
      const digest = new DigestSink(sink as (byte: number) => void);
      this.byName.set(name, digest);
      return [name, digest.byte] as const;
    });
    return Object.fromEntries(wrapped) as unknown as GuestSinks;
  }

  digests(): { readonly [name: string]: OutputDigest } {
    return Object.fromEntries([...this.byName].map(([name, sink]) => [name, sink.digest()]));
  }
}
