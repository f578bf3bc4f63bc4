// Files of Debian's packages, for tests that run software of others: downloaded into a cache outside the repository, once.
// Where they cannot be had the test is skipped, and its name says why (skip.ts).

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Longer than any package takes; a registry that hangs must not hang the tests. */
const TIMEOUT_MS = 120_000;

export type DebianFile = { readonly path: string; readonly reason: '' } | { readonly path: null; readonly reason: string };

export interface DebianOptions {
  /** The cache; `tidemark/debian` in XDG_CACHE_HOME, or in ~/.cache, if not given. */
  readonly cache?: string;
}

/** Debian Policy, "Source and binary package names", and what stands after a colon to name another architecture. */
const NAME = /^[a-z0-9][a-z0-9+.-]+(:[a-z0-9]+)?$/;

const defaultCache = (): string => join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'tidemark', 'debian');

/**
 * Absolute path of `file` (relative to the root, as `dpkg -L` lists it without the slash) of the newest `name` that apt knows;
 * a null path and the reason where it cannot be had. Safe in several processes at once: a package appears whole or not.
 */
export function debianFile(name: string, file: string, { cache = defaultCache() }: DebianOptions = {}): DebianFile {
  if (!NAME.test(name)) return { path: null, reason: `'${name}' is no name of a Debian package` };
  const directory = join(cache, name);
  const reason = existsSync(directory) ? '' : fetchPackage(name, cache, directory);
  if (reason !== '') return { path: null, reason };
  const path = join(directory, file);
  return existsSync(path) ? { path, reason: '' } : { path: null, reason: `Debian's ${name} has no ${file}` };
}

/** Downloads and unpacks; what went wrong, or nothing. */
function fetchPackage(name: string, cache: string, directory: string): string {
  try {
    mkdirSync(cache, { recursive: true });
  } catch (error) {
    return `no cache for Debian's packages: ${(error as Error).message}`;
  }
  const temporary = mkdtempSync(join(cache, '.fetching-'));
  try {
    const failed = download(name, temporary);
    if (failed !== null) return `Debian's ${name} cannot be had: ${failed}`;
    const archive = readdirSync(temporary).find((entry) => entry.endsWith('.deb'))!;
    const tree = join(temporary, 'tree');
    const unpacking = run('dpkg-deb', ['-x', archive, tree], temporary);
    if (unpacking !== null) return `Debian's ${name} cannot be unpacked: ${unpacking}`;
    publish(tree, directory);
    return '';
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** By the lists that apt has, or else by new ones of our own: those of the system need its lock, and its administrator. */
function download(name: string, temporary: string): string | null {
  const options = ['-q', '-o', 'Acquire::Retries=0', '-o', 'Acquire::http::Timeout=20', '-o', 'APT::Sandbox::User=root'];
  if (run('apt-get', [...options, 'download', name], temporary) === null) return null;
  const lists = join(temporary, 'lists'), apt = join(temporary, 'apt');
  for (const needed of [lists, apt]) mkdirSync(join(needed, 'partial'), { recursive: true });
  const own = [...options, '-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${apt}`];
  return run('apt-get', [...own, 'update'], temporary) ?? run('apt-get', [...own, 'download', name], temporary);
}

/** The last line of what a failed command said, null after success. */
function run(command: string, args: readonly string[], cwd: string): string | null {
  const env = { ...process.env, LC_ALL: 'C' };
  const { status, error, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: TIMEOUT_MS, env });
  if (error) return error.message;
  return status === 0 ? null : stderr.trim().split('\n').at(-1) || `${command} failed`;
}

/** Who comes second leaves the other's tree, which is the same. */
function publish(tree: string, directory: string): void {
  try {
    renameSync(tree, directory);
  } catch (error) {
    if (!existsSync(directory)) throw error;
  }
}
