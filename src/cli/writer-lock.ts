// Who writes into a directory: a file that names host, process and when that process began. A crash leaves it behind. The next
// writer on that host sees that it is stale, whatever process has the number by now.

import { closeSync, constants, fstatSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../base/errors.ts';
import { isSystemError } from './system-error.ts';
import { isAlive } from './temporary-name.ts';

export const LOCK_FILE = 'writer.lock';

interface Holder {
  readonly host: string;
  readonly pid: number;
  /** What tells this process from an earlier one with its number; null where the host does not say. */
  readonly started: string | null;
}

export class WriterLock {
  private constructor(
    private readonly path: string,
    private readonly inode: number,
  ) {}

  /** Takes the directory's lock. InputError if a process holds it, or may do so on another host. */
  static take(directory: string): WriterLock {
    const path = join(directory, LOCK_FILE);
    for (;;) {
      const lock = WriterLock.create(path);
      if (lock) return lock;
      const holder = readHolder(path);
      if (holder && !isStale(holder)) throw new InputError(`directory '${directory}': ${heldText(holder, path)}`);
      // Two that find it stale may both remove one; `check` then tells the one whose file has gone.
      rmSync(path, { force: true });
    }
  }

  private static create(path: string): WriterLock | null {
    let descriptor = -1;
    try {
      descriptor = openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o666);
      const holder: Holder = { host: hostname(), pid: process.pid, started: startOf(process.pid) };
      writeSync(descriptor, `${JSON.stringify(holder)}\n`);
      return new WriterLock(path, fstatSync(descriptor).ino);
    } catch (error) {
      if (isSystemError(error) && error.code === 'EEXIST') return null;
      throw error;
    } finally {
      if (descriptor >= 0) closeSync(descriptor);
    }
  }

  /** InputError if the lock is not held any more: somebody removed its file, and may have taken it. */
  check(): void {
    if (!this.isHeld()) throw new InputError(`'${this.path}' is no longer this run's: another may be writing here`);
  }

  release(): void {
    if (this.isHeld()) rmSync(this.path, { force: true });
  }

  private isHeld(): boolean {
    return statSync(this.path, { throwIfNoEntry: false })?.ino === this.inode;
  }
}

/** Removes a lock that a crash left. */
export function sweepLock(directory: string): void {
  const path = join(directory, LOCK_FILE);
  try {
    const holder = readHolder(path);
    if (holder && isStale(holder)) rmSync(path, { force: true });
  } catch {
    // It may not be written to: whoever has to is told.
  }
}

/** Null if there is no lock, or one that is not whole: its writer was killed, or writes it right now. */
function readHolder(path: string): Holder | null {
  for (let tries = 0; tries < 3; tries++) {
    try {
      const { host, pid, started } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>;
      if (typeof host === 'string' && Number.isSafeInteger(pid)) return { host, pid: pid!, started: started ?? null };
    } catch (error) {
      if (isSystemError(error)) return null;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
  return null;
}

function isStale({ host, pid, started }: Holder): boolean {
  if (host !== hostname()) return false;
  return !isAlive(pid) || (started !== null && started !== startOf(pid));
}

const heldText = ({ host, pid }: Holder, path: string): string =>
  host === hostname()
    ? `process ${pid} is writing its checkpoints here; choose another directory`
    : `process ${pid} on host ${host} was writing its checkpoints here; if it has gone, remove '${path}'`;

/** On Linux the boot and the ticks from there to the process's start (proc(5): field 22 of `stat`, after the name in brackets). */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${boot} ${fields[19]}`;
  } catch {
    return null;
  }
}
