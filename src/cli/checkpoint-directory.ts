// A directory of checkpoints: base.tmck, then cycle-000001.tmck and so on, each written whole before it has its name. Each
// cycle names the file it continues by that file's CRC, so a directory holds one run or is refused.

import { closeSync, fstatSync, mkdirSync, openSync, readSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../base/errors.ts';
import { decodeBase, decodeDelta, encodeBase, encodeDelta } from '../checkpoint/checkpoint-file.ts';
import type { BaseCheckpoint, CheckpointStore, DeltaCheckpoint } from '../checkpoint/store.ts';
import { storedCrc } from '../snapshot/format.ts';
import type { ByteSource } from '../snapshot/format.ts';
import { syncDirectory, writeAtomically } from './atomic-file.ts';
import { isSystemError, systemErrorText } from './system-error.ts';

const BASE = 'base.tmck';
const CYCLE = /^cycle-(\d{6,})\.tmck$/;
/** Also what a run left that was killed while writing. */
const OURS = /^(base|cycle-\d{6,})\.tmck(\.\d+\.tmp)?$/;

export const cycleFile = (cpid: number): string => `cycle-${String(cpid).padStart(6, '0')}.tmck`;

/** Runs `read` over the open file. System errors become InputErrors that name it. */
export function withFile<T>(path: string, read: (source: ByteSource) => T): T {
  let descriptor = -1;
  try {
    descriptor = openSync(path, 'r');
    return read(fileSource(path, descriptor));
  } catch (error) {
    throw isSystemError(error) ? new InputError(`${path}: ${systemErrorText(error)}`) : error;
  } finally {
    if (descriptor >= 0) closeSync(descriptor);
  }
}

function fileSource(name: string, descriptor: number): ByteSource {
  return {
    name,
    length: fstatSync(descriptor).size,
    read(offset, length) {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const count = readSync(descriptor, bytes, done, length - done, offset + done);
        if (count === 0) throw new InputError(`${name}: offset 0x${(offset + done).toString(16)}: the file ends while it is read`);
        done += count;
      }
      return bytes;
    },
  };
}

export class DirectoryStore implements CheckpointStore {
  readonly firstCycle = 0;
  private vcpus = 0;

  private constructor(
    readonly path: string,
    private last: number,
    private previous: number,
  ) {}

  /** An empty store in a new directory, or in an empty one that is there. InputError for any other. */
  static create(path: string): DirectoryStore {
    const names = namesIn(path);
    if (names === null) mkdirSync(path);
    const [first, ...others] = names ?? [];
    if (first !== undefined) {
      const old = [first, ...others].find((name) => OURS.test(name));
      throw new InputError(
        `directory '${path}': ` +
          (old === undefined
            ? `is not empty (it holds '${first}'); checkpoints need a directory of their own`
            : `holds another run's checkpoints ('${old}'); choose another directory, or empty it first`),
      );
    }
    return new DirectoryStore(path, 0, 0);
  }

  /** The checkpoints that a run left. InputError if there are none, or one in the middle is missing. */
  static open(path: string): DirectoryStore {
    const names = namesIn(path);
    if (names === null) throw new InputError(`directory '${path}': no such file or directory`);
    if (!names.includes(BASE)) throw new InputError(`directory '${path}': holds no checkpoints (there is no ${BASE})`);
    const cycles = names
      .flatMap((name) => CYCLE.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
    const missing = cycles.findIndex((cpid, index) => cpid !== index + 1);
    if (missing >= 0) {
      throw new InputError(`directory '${path}': ${cycleFile(missing + 1)} is missing (the last is ${cycleFile(cycles.at(-1)!)})`);
    }
    return new DirectoryStore(path, cycles.length, 0);
  }

  get lastCycle(): number {
    return this.last;
  }

  putBase(base: BaseCheckpoint): void {
    this.vcpus = base.machine.vcpus;
    this.previous = writeAtomically(join(this.path, BASE), encodeBase(base));
    this.last = 0;
  }

  putDelta(delta: DeltaCheckpoint): void {
    this.previous = writeAtomically(this.file(delta.cpid), encodeDelta(delta, this.previous));
    this.last = delta.cpid;
  }

  base(): BaseCheckpoint {
    const base = withFile(this.file(0), decodeBase);
    this.vcpus = base.machine.vcpus;
    return base;
  }

  delta(cpid: number): DeltaCheckpoint {
    if (this.vcpus === 0) this.base();
    const delta = withFile(this.file(cpid), (source) => decodeDelta(source, this.vcpus));
    if (delta.cpid !== cpid) throw new InputError(`${this.file(cpid)}: holds cycle ${delta.cpid}`);
    if (delta.previous !== withFile(this.file(cpid - 1), storedCrc)) {
      throw new InputError(`${this.file(cpid)}: does not continue ${this.file(cpid - 1)}: they are of different runs`);
    }
    return delta;
  }

  /** Path of the file of cycle `cpid`, 0 for the base. */
  file(cpid: number): string {
    return join(this.path, cpid === 0 ? BASE : cycleFile(cpid));
  }

  /** Its size in bytes. */
  fileSize(cpid: number): number {
    return withFile(this.file(cpid), ({ length }) => length);
  }

  /** Forces the directory itself to disk, after it was created. */
  sync(): void {
    syncDirectory(this.path);
  }
}

/** Names in the directory; null if there is no such directory. InputError for any other reason. */
function namesIn(path: string): string[] | null {
  try {
    return readdirSync(path).sort();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code === 'ENOENT') return null;
    throw new InputError(`directory '${path}': ${error.code === 'ENOTDIR' ? 'is not a directory' : systemErrorText(error)}`);
  }
}
