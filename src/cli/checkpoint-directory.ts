// A directory of checkpoints: base.tmck, then cycle-000001.tmck and so on, each written whole before it has its name. Each
// cycle names the file it continues by that file's CRC, so a directory that mixes runs is refused. A run holds the directory's
// lock while it writes; readers need none.

import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { InputError } from '../base/errors.ts';
import { decodeBase, decodeDelta, encodeBase, encodeDelta } from '../checkpoint/checkpoint-file.ts';
import { PagePool } from '../checkpoint/page-pool.ts';
import { PooledPages } from '../checkpoint/pooled-pages.ts';
import type { BaseCheckpoint, CheckpointStore, DeltaCheckpoint } from '../checkpoint/store.ts';
import { storedCrc } from '../snapshot/format.ts';
import type { ByteSource } from '../snapshot/format.ts';
import { syncDirectory, writeAtomically } from './atomic-file.ts';
import { isSystemError, naming, systemErrorText } from './system-error.ts';
import { sweepDirectory } from './temporary-name.ts';
import { LOCK_FILE, sweepLock, WriterLock } from './writer-lock.ts';

const BASE = 'base.tmck';
const CYCLE = /^cycle-(\d{6,})\.tmck$/;
/** Temporaries of any host and process, even one that may be alive: the lock says whether it is in the way. */
const TEMPORARY = /^(base|cycle-\d{6,})\.tmck\.[0-9a-f.]+\.tmp$/;
const OURS = /^(base|cycle-\d{6,})\.tmck$/;

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
  /** CRC of the file that was written last. */
  private previous = 0;
  /** In chunks of a MiB, so that most of a cycle is written as it lies. */
  readonly pool = new PagePool(256);

  private constructor(
    readonly path: string,
    private last: number,
    private readonly lock: WriterLock | null,
  ) {}

  /**
   * An empty store in a new directory, or in one that holds nothing but what killed runs left unfinished. InputError for a directory
   * that holds more, and for one that another run writes into. To be closed.
   */
  static create(path: string): DirectoryStore {
    if (namesIn(path) === null) mkdirSync(path);
    else requireUnused(path);
    const lock = WriterLock.take(path);
    try {
      // Once more, now that nobody else can begin.
      requireUnused(path);
      return new DirectoryStore(path, 0, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** The checkpoints that a run left. InputError if there are none. A missing cycle is an InputError when it is asked for. */
  static open(path: string): DirectoryStore {
    const names = namesIn(path);
    if (names === null) throw new InputError(`directory '${path}': no such file or directory`);
    if (!names.includes(BASE)) throw new InputError(`directory '${path}': holds no checkpoints (there is no ${BASE})`);
    const cycles = names.flatMap((name) => CYCLE.exec(name)?.[1] ?? []).map(Number);
    return new DirectoryStore(path, Math.max(0, ...cycles), null);
  }

  /** Removes what killed runs left in the directory: unfinished files, and a lock. */
  sweep(): void {
    sweepDirectory(this.path, (final) => OURS.test(final));
    sweepLock(this.path);
  }

  /** Releases the lock: others may write into the directory. */
  close(): void {
    this.lock?.release();
  }

  get lastCycle(): number {
    return this.last;
  }

  putBase(base: BaseCheckpoint): void {
    this.vcpus = base.machine.vcpus;
    this.previous = writeAtomically(join(this.path, BASE), encodeBase(base, crc32), () => this.lock?.check());
    this.last = 0;
  }

  putDelta(delta: DeltaCheckpoint): void {
    this.previous = writeAtomically(this.file(delta.cpid), encodeDelta(delta, this.previous, crc32), () => this.lock?.check());
    this.last = delta.cpid;
    // What is written is needed no more.
    if (delta.pages instanceof PooledPages && delta.pages.claimFor(this.pool)) delta.pages.release();
  }

  /**
   * The last file goes first, and each is gone for good before the one before it goes: a crash leaves a run that ends somewhere between.
   * InputError for a store that was opened for reading, or whose lock was lost.
   */
  truncate(cpid: number): void {
    if (!this.lock) throw new InputError(`directory '${this.path}': was opened to be read: its cycles stay`);
    const previous = withFile(this.file(cpid), storedCrc);
    for (; this.last > cpid; this.last--) {
      this.lock.check();
      naming(this.file(this.last), () => rmSync(this.file(this.last), { force: true }));
      syncDirectory(this.path);
    }
    this.previous = previous;
  }

  base(): BaseCheckpoint {
    const base = withFile(this.file(0), decodeBase);
    this.vcpus = base.machine.vcpus;
    return base;
  }

  delta(cpid: number): DeltaCheckpoint {
    if (this.vcpus === 0) this.base();
    const delta = this.read(cpid);
    if (delta.cpid !== cpid) throw new InputError(`${this.file(cpid)}: holds cycle ${delta.cpid}`);
    if (delta.previous !== withFile(this.file(cpid - 1), storedCrc)) {
      throw new InputError(`${this.file(cpid)}: does not continue ${this.file(cpid - 1)}: they are of different runs`);
    }
    return delta;
  }

  private read(cpid: number): ReturnType<typeof decodeDelta> {
    if (!existsSync(this.file(cpid))) {
      throw new InputError(
        `directory '${this.path}': ${cycleFile(cpid)} is missing: cycles ${cpid} to ${this.last} cannot be rebuilt without it`,
      );
    }
    return withFile(this.file(cpid), (source) => decodeDelta(source, this.vcpus));
  }

  /** Path of the file of cycle `cpid`, 0 for the base. */
  file(cpid: number): string {
    return join(this.path, cpid === 0 ? BASE : cycleFile(cpid));
  }

  /** Its size in bytes. */
  fileSize(cpid: number): number {
    return withFile(this.file(cpid), ({ length }) => length);
  }
}

/** InputError if the directory holds anything but a lock and temporaries; those of killed runs are removed. */
function requireUnused(path: string): void {
  sweepDirectory(path, (final) => OURS.test(final));
  const names = (namesIn(path) ?? []).filter((name) => name !== LOCK_FILE && !TEMPORARY.test(name));
  const old = names.find((name) => OURS.test(name));
  if (old !== undefined) {
    throw new InputError(`directory '${path}': holds another run's checkpoints ('${old}'); choose another directory, or empty it first`);
  }
  if (names.length > 0) {
    throw new InputError(`directory '${path}': is not empty (it holds '${names[0]}'); checkpoints need a directory of their own`);
  }
}

/** Names in the directory; null if there is no such directory. InputError if it cannot be read. */
function namesIn(path: string): string[] | null {
  try {
    return readdirSync(path).sort();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code === 'ENOENT') return null;
    throw new InputError(`directory '${path}': ${error.code === 'ENOTDIR' ? 'is not a directory' : systemErrorText(error)}`);
  }
}
