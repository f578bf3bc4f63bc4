// What a fresh checkout needs before anything runs: the development packages, and the bundles in dist/. Each step first
// finds out cheaply whether there is anything to do. Messages go to stderr, since stdout may be a guest's serial console.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { withLock } from './lock.mjs';
import { Progress } from './progress.mjs';

export const ROOT = resolve(import.meta.dirname, '..');
const STAMP = join(ROOT, 'dist/.stamp');

/** What the bundles are made of, besides src and the images of guests/, which the page brings along. */
const SCRIPTS = ['build', 'iced', 'instances', 'types'].map((name) => `scripts/${name}.mjs`);
const BUILD_INPUTS = ['package.json', 'package-lock.json', ...SCRIPTS];

/** A set-up step that failed, in one line for the user. */
export class SetupError extends Error {
  name = 'SetupError';
}

export const say = (message) => process.stderr.write(`tidemark: ${message}\n`);

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/** Whether node_modules holds what package-lock.json names. Optional packages of other platforms may be absent. */
export function packagesFresh() {
  const wanted = readJson(join(ROOT, 'package-lock.json'))?.packages;
  const present = readJson(join(ROOT, 'node_modules/.package-lock.json'))?.packages;
  if (!wanted || !present) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true;
    const found = present[path];
    return found ? found.version === version && found.integrity === integrity : optional === true;
  });
}

/** Runs `npm ci` if packages are missing or not those of the lock file. Throws SetupError. */
export function ensurePackages() {
  if (packagesFresh()) return;
  withLock(join(ROOT, '.cache/install.lock'), () => {
    if (packagesFresh()) return;
    // The installer tells how far it is on stderr, and why it failed on stdout.
    const { status, stdout, error } = spawnSync(process.execPath, [join(ROOT, 'scripts/install.mjs')], {
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
    });
    if (error) throw error;
    if (status !== 0) throw new SetupError(stdout || 'the installation of the development packages was ended');
  });
}

/** The benchmark's own guests: nobody runs them by name. */
const BENCHMARK = 'bench';

/** Paths of the guests' images. */
export function guestImages() {
  const entries = readdirSync(join(ROOT, 'guests'), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name !== BENCHMARK);
  const files = folders.flatMap(({ name }) => readdirSync(join(ROOT, 'guests', name)).map((file) => join(ROOT, 'guests', name, file)));
  return files.filter((file) => file.endsWith('.elf')).sort();
}

/** Changes when any file that goes into the bundles is edited, added or removed. Takes a few milliseconds. */
export function sourceSignature() {
  const hash = createHash('sha1');
  const add = (path) => {
    const { mtimeMs, size } = statSync(path);
    hash.update(`${path}\0${mtimeMs}\0${size}\n`);
  };
  const visit = (directory) => {
    for (const entry of readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile()) add(path);
    }
  };
  visit(join(ROOT, 'src'));
  for (const path of BUILD_INPUTS) add(join(ROOT, path));
  for (const path of guestImages()) add(path);
  return hash.digest('hex');
}

/** Whether dist/ was built from the sources as they are. */
export const bundlesFresh = () => existsSync(STAMP) && readFileSync(STAMP, 'utf8') === sourceSignature();

/** Installs and builds what is stale. Throws SetupError, also for a source that does not compile. */
export async function ensureBuilt() {
  if (bundlesFresh()) return;
  ensurePackages();
  const { buildBundles } = await import('./build.mjs');
  // Who edits the sources knows that they are built, and wants the guest's output alone.
  if (existsSync(STAMP)) return void (await buildBundles());
  const progress = new Progress('building the command and the page');
  try {
    await buildBundles();
  } catch (error) {
    progress.end(null);
    throw error;
  }
  progress.end('built');
}
