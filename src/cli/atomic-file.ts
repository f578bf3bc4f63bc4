// Files that appear whole or not at all: written under a temporary name beside the final one, forced to disk, then renamed.

import { closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { naming } from './system-error.ts';
import { sweepTemporaries, temporaryName } from './temporary-name.ts';

const BUFFER = 65536;

function writeWhole(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}

/** Forces a directory's entries to disk. */
export function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Writes the pieces as the file at `path`, replacing one that is there. Returns what the generator does. `ready` is called when
 * all is written, before the file has its name; if it throws, the file never gets it. System errors name `path`.
 */
export function writeAtomically<R>(path: string, pieces: Generator<Uint8Array, R>, ready: () => void = () => {}): R {
  return naming(path, () => writeThenRename(path, pieces, ready));
}

function writeThenRename<R>(path: string, pieces: Generator<Uint8Array, R>, ready: () => void): R {
  const temporary = temporaryName(path);
  const descriptor = openSync(temporary, 'w');
  try {
    try {
      let piece = pieces.next();
      for (; !piece.done; piece = pieces.next()) writeWhole(descriptor, piece.value);
      fsyncSync(descriptor);
      ready();
      renameSync(temporary, path);
      syncDirectory(dirname(path));
      return piece.value;
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Names of what the process has open already, by number or as stdout and stderr. */
const OPEN_ALREADY = /^\/(?:dev|proc\/self)\/(?:fd\/(\d+)|stdout|stderr)$/;

interface Destination {
  /** What to open, and what to rename it to when it is whole; null for what is written to as it is. */
  readonly write: string;
  readonly rename: string | null;
  /** In place of opening anything. */
  readonly descriptor: number | null;
}

/**
 * Where to write what is to be found at `path`. A pipe, a terminal or /dev/null that is there is written to as it is, without a rename,
 * which would replace it; a file that is stdout, where it is. Behind a symbolic link the file is replaced, not the link.
 */
function destination(path: string): Destination {
  const absolute = resolve(path);
  try {
    const real = realpathSync(path);
    if (!statSync(real).isFile()) return { write: path, rename: null, descriptor: null };
    const open = OPEN_ALREADY.exec(absolute);
    if (open)
      return { write: path, rename: null, descriptor: open[1] === undefined ? (absolute.endsWith('out') ? 1 : 2) : Number(open[1]) };
    return { write: temporaryName(real), rename: real, descriptor: null };
  } catch {
    // Of a pipe that is stdout there is no real path.
    if (OPEN_ALREADY.test(absolute)) return { write: path, rename: null, descriptor: null };
    return { write: temporaryName(absolute), rename: absolute, descriptor: null };
  }
}

/** A file that grows byte by byte and takes its name when it is closed. System errors name it as it was asked for. */
export class OutputFile {
  private readonly place: Destination;
  private readonly descriptor: number;
  private readonly buffer = new Uint8Array(BUFFER);
  private used = 0;

  /** Throws the system's error at once if the place cannot be written to. */
  constructor(private readonly path: string) {
    this.place = destination(path);
    if (this.place.rename !== null) sweepTemporaries(this.place.rename);
    this.descriptor = this.place.descriptor ?? naming(path, () => openSync(this.place.write, 'w'));
  }

  byte(byte: number): void {
    this.buffer[this.used++] = byte;
    if (this.used === BUFFER) this.flush();
  }

  text(text: string): void {
    this.flush();
    naming(this.path, () => writeWhole(this.descriptor, Buffer.from(text)));
  }

  bytes(pieces: Iterable<Uint8Array>): void {
    this.flush();
    naming(this.path, () => {
      for (const piece of pieces) writeWhole(this.descriptor, piece);
    });
  }

  /** The name that the file will have; null for what is written as it is, such as a pipe. */
  get takes(): string | null {
    return this.place.rename;
  }

  flush(): void {
    const bytes = this.buffer.subarray(0, this.used);
    // What could not be written is not tried again.
    this.used = 0;
    naming(this.path, () => writeWhole(this.descriptor, bytes));
  }

  /** Gives the file up: what had its name keeps it. */
  discard(): void {
    if (this.place.descriptor === null) closeSync(this.descriptor);
    if (this.place.rename !== null) rmSync(this.place.write, { force: true });
  }

  /** The file takes its name, if all of it could be written; nothing can be written afterwards. */
  close(): void {
    const { write, rename, descriptor } = this.place;
    try {
      this.flush();
      if (rename !== null) naming(this.path, () => fsyncSync(this.descriptor));
    } catch (error) {
      this.discard();
      throw error;
    }
    naming(this.path, () => {
      if (descriptor === null) closeSync(this.descriptor);
      if (rename !== null) renameOrRemove(write, rename);
    });
  }
}

function renameOrRemove(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    rmSync(from, { force: true });
    throw error;
  }
}
