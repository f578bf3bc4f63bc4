// A directory with those above it.

import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { naming } from './system-error.ts';

/**
 * Makes the directory at `path`, and those above it that are missing; one that is there is left alone. System errors name `path`. Node's
 * own recursion never returns where the system refuses a directory by ENOENT, as it does below /proc.
 */
export function makeDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const above = dirname(path);
  if (!existsSync(above)) makeDirectory(above);
  naming(path, () => mkdirSync(path));
}
