// Files of Debian's packages, for tests that run software of others: downloaded into a cache outside the repository, once.
// Where they cannot be had the test is skipped, and its name says why (skip.ts).

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** Longer than any package takes; a registry that hangs must not hang the tests. */
const TIMEOUT_MS = 600_000;

export type DebianFile = { readonly path: string; readonly reason: '' } | { readonly path: null; readonly reason: string };

export interface DebianOptions {
  /** The cache; `tidemark/debian` in XDG_CACHE_HOME, or in ~/.cache, if not given. */
  readonly cache?: string;
  /** `name` is a package without files: what is meant is the first that it depends on. */
  readonly dependency?: boolean;
}

/** Debian Policy, "Source and binary package names", and what stands after a colon to name another architecture. */
const NAME = /^[a-z0-9][a-z0-9+.-]+(:[a-z0-9]+)?$/;

const defaultCache = (): string => join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'tidemark', 'debian');

/**
 * Absolute path of `file` (relative to the root, as `dpkg -L` lists it without the slash; a `*` at its end stands for whatever
 * the name goes on with) of the newest `name` that apt knows; a null path and the reason where it cannot be had. Safe in several
 * processes at once: a package appears whole or not.
 */
export function debianFile(name: string, file: string, options: DebianOptions = {}): DebianFile {
  if (!NAME.test(name)) return { path: null, reason: `'${name}' is no name of a Debian package` };
  const { cache = defaultCache(), dependency = false } = options;
  const directory = join(cache, name);
  const reason = existsSync(directory) ? '' : fetchPackage(name, dependency, cache, directory);
  if (reason !== '') return { path: null, reason };
  const path = fileIn(directory, file);
  return path === null ? { path, reason: `Debian's ${name} has no ${file}` } : { path, reason: '' };
}

function fileIn(tree: string, file: string): string | null {
  if (!file.endsWith('*')) return existsSync(join(tree, file)) ? join(tree, file) : null;
  const folder = join(tree, dirname(file));
  const start = basename(file).slice(0, -1);
  const found = existsSync(folder) ? readdirSync(folder).find((name) => name.startsWith(start)) : undefined;
  return found === undefined ? null : join(folder, found);
}

/** Downloads and unpacks; what went wrong, or nothing. */
function fetchPackage(name: string, dependency: boolean, cache: string, directory: string): string {
  try {
    mkdirSync(cache, { recursive: true });
  } catch (error) {
    return `no cache for Debian's packages: ${(error as Error).message}`;
  }
  const temporary = mkdtempSync(join(cache, '.fetching-'));
  try {
    const failed = download(name, dependency, temporary);
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
function download(name: string, dependency: boolean, temporary: string): string | null {
  const options = ['-q', '-o', 'Acquire::Retries=0', '-o', 'Acquire::http::Timeout=20', '-o', 'APT::Sandbox::User=root'];
  if (downloadOne(name, dependency, options, temporary) === null) return null;
  const lists = join(temporary, 'lists');
  const apt = join(temporary, 'apt');
  for (const needed of [lists, apt]) mkdirSync(join(needed, 'partial'), { recursive: true });
  const own = [...options, '-o', 'Acquire::Languages=none', '-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${apt}`];
  const [, architecture] = name.split(':');
  if (architecture !== undefined) own.push('-o', `APT::Architectures::=${architecture}`);
  // It fails as soon as one of the system's sources cannot be had; the package may be in another.
  run('apt-get', [...own, 'update'], temporary);
  return downloadOne(name, dependency, own, temporary);
}

function downloadOne(name: string, dependency: boolean, options: readonly string[], temporary: string): string | null {
  const wanted = dependency ? dependencyOf(name, options) : name;
  return wanted === null ? `apt does not know what ${name} depends on` : run('apt-get', [...options, 'download', wanted], temporary);
}

/** The first package that `name` depends on. */
function dependencyOf(name: string, options: readonly string[]): string | null {
  const { stdout } = spawnSync('apt-cache', [...options, 'depends', '--important', name], { encoding: 'utf8', timeout: TIMEOUT_MS });
  return /^ +Depends: (\S+)$/m.exec(stdout ?? '')?.[1] ?? null;
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
