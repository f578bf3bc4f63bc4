// Names of files that are not whole yet: the final name, a digest of the host's name, the process, `.tmp`. Host and process tell
// whether anybody still writes to such a file.

import { readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { crc32 } from '../base/crc32.ts';

const PATTERN = /^(.+)\.([0-9a-f]{8})\.(\d+)\.tmp$/;

const hostDigest = (): string => crc32(new TextEncoder().encode(hostname())).toString(16).padStart(8, '0');

/** Of its own for each process: two may be asked for the same file. */
export const temporaryName = (path: string): string => `${path}.${hostDigest()}.${process.pid}.tmp`;

/** Whether there is a process with this number on this host. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: there is one, of somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The file that `name` is a temporary of, if the process that wrote it ran on this host and has gone; else null. */
export function abandonedBy(name: string): string | null {
  const [, final, host, pid] = PATTERN.exec(name) ?? [];
  return final !== undefined && host === hostDigest() && !isAlive(Number(pid)) ? final : null;
}

/** Removes what killed processes left of the file at `path`. Where that cannot be done it stays. */
export function sweepTemporaries(path: string): void {
  sweepDirectory(dirname(path), (final) => final === basename(path));
}

/** The same for all files in `directory` that `isOurs` says so of, by their final names. */
export function sweepDirectory(directory: string, isOurs: (final: string) => boolean): void {
  try {
    for (const name of readdirSync(directory)) {
      const final = abandonedBy(name);
      if (final !== null && isOurs(final)) rmSync(join(directory, name), { force: true });
    }
  } catch {
    // A directory that may not be read or written; whoever writes the file itself is told.
  }
}
