// The files that a run writes, checkpoints apart. All are opened before the guest runs, or none is. One that cannot be written on is
// given up: the guest runs on, and the end says so.

import { InputError } from '../../base/errors.ts';
import { OutputFile } from '../atomic-file.ts';
import { errorText } from '../report-error.ts';
import { isSystemError } from '../system-error.ts';

export class RunFile {
  /** Why it could not be written; null while all is well. */
  failure: Error | null = null;
  private isOpen = true;

  constructor(private readonly file: OutputFile) {}

  byte(byte: number): void {
    if (this.failure === null) this.attempt(() => this.file.byte(byte));
  }

  text(text: string): void {
    if (this.failure === null) this.attempt(() => this.file.text(text));
  }

  bytes(pieces: Iterable<Uint8Array>): void {
    if (this.failure === null) this.attempt(() => this.file.bytes(pieces));
  }

  /** The file takes its name, if all of it was written. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.attempt(() => this.file.close());
  }

  discard(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.file.discard();
  }

  private attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!isSystemError(error) && !(error instanceof InputError)) throw error;
      this.failure = error;
      if (this.isOpen) this.discard();
    }
  }
}

export class RunFiles {
  private readonly files: RunFile[] = [];
  private readonly places = new Set<string>();

  /** Opens the file at `path`. A system error that names it, or an InputError if it is open already: then `discard` is to follow. */
  open(path: string): RunFile {
    const file = new OutputFile(path);
    const run = new RunFile(file);
    this.files.push(run);
    if (file.takes === null) return run;
    if (this.places.has(file.takes)) throw new InputError(`'${path}' is to be written by two options`);
    this.places.add(file.takes);
    return run;
  }

  /** Gives all up, before the guest has run. */
  discard(): void {
    for (const file of this.files) file.discard();
  }

  /** The files take their names. */
  close(): void {
    for (const file of this.files) file.close();
  }

  /** What could not be written, and why: a line for each file. */
  get failures(): readonly string[] {
    return this.files.flatMap(({ failure }) => (failure === null ? [] : [errorText(failure)]));
  }
}
