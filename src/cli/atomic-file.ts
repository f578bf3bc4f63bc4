// Files that appear whole or not at all: written under a temporary name beside the final one, forced to disk, then renamed.

import { closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
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

/**
 * Where to write what is to be found at `path`, and where to rename it to. A pipe, a terminal or /dev/null that is there is written
 * to as it is, without a rename, which would replace it. Behind a symbolic link the file is replaced, not the link.
 */
function destination(path: string): { readonly write: string; readonly rename: string | null } {
  try {
    const real = realpathSync(path);
    return statSync(real).isFile() ? { write: temporaryName(real), rename: real } : { write: path, rename: null };
  } catch {
    return { write: temporaryName(path), rename: path };
  }
}

/** A file that grows byte by byte and takes its name when it is closed. System errors name it as it was asked for. */
export class OutputFile {
  private readonly place: ReturnType<typeof destination>;
  private readonly descriptor: number;
  private readonly buffer = new Uint8Array(BUFFER);
  private used = 0;

  /** Throws the system's error at once if the place cannot be written to. */
  constructor(private readonly path: string) {
    this.place = destination(path);
    if (this.place.rename !== null) sweepTemporaries(this.place.rename);
    this.descriptor = naming(path, () => openSync(this.place.write, 'w'));
  }

  byte(byte: number): void {
    this.buffer[this.used++] = byte;
    if (this.used === BUFFER) this.flush();
  }

  text(text: string): void {
    this.flush();
    naming(this.path, () => writeWhole(this.descriptor, Buffer.from(text)));
  }

  flush(): void {
    const bytes = this.buffer.subarray(0, this.used);
    // What could not be written is not tried again.
    this.used = 0;
    naming(this.path, () => writeWhole(this.descriptor, bytes));
  }

  /** Gives the file up: what had its name keeps it. */
  discard(): void {
    closeSync(this.descriptor);
    if (this.place.rename !== null) rmSync(this.place.write, { force: true });
  }

  /** The file takes its name; nothing can be written afterwards. */
  close(): void {
    const { write, rename } = this.place;
    try {
      this.flush();
    } finally {
      naming(this.path, () => {
        if (rename !== null) fsyncSync(this.descriptor);
        closeSync(this.descriptor);
        if (rename !== null) renameSync(write, rename);
      });
    }
  }
}

/** Throws the system's error if no file can be written at `path`; what is there stays as it is. */
export const requireWritable = (path: string): void => new OutputFile(path).discard();
