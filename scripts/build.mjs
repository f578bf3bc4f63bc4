// Bundles the sources into dist/ with esbuild: `npm run build`, or by itself when bin/tidemark finds dist/ stale.

import { build } from 'esbuild';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { esbuildInstances } from './instances.mjs';
import { ROOT, SetupError, ensurePackages, say, sourceSignature } from './setup.mjs';

/** Bundle in dist/ → its entry in src/. */
const ENTRIES = {
  cli: 'src/cli/main.ts',
  tidemark: 'src/index.ts',
  'fetch-worker': 'src/cli/fetch-worker.ts',
};

const DIST = join(ROOT, 'dist');

/** What every bundle of this project is built with. */
export const COMMON = {
  absWorkingDir: ROOT,
  bundle: true, format: 'esm', platform: 'node', target: 'node20', sourcemap: true, logLevel: 'silent',
  plugins: [esbuildInstances()],
};

/** Rewords esbuild's failure as one line for each error. */
export function buildFailure(error) {
  if (!error.errors?.length) return error;
  const lines = error.errors.map(({ text, location }) => (location ? `${location.file}:${location.line}: ${text}` : text));
  return new SetupError(`the sources do not build: ${lines.join('\n  ')}`);
}

/**
 * Builds every entry that exists. Bundles appear in dist/ whole, each by one rename, and the stamp last: whoever starts
 * meanwhile finds the old bundle or the new one, and a build that fails or dies leaves the old ones in place.
 */
export async function buildBundles() {
  // Before reading the sources: what is edited during the build makes the stamp stale, not wrong.
  const signature = sourceSignature();
  mkdirSync(DIST, { recursive: true });
  const fresh = mkdtempSync(join(DIST, '.build-'));
  try {
    const entryPoints = Object.fromEntries(Object.entries(ENTRIES).filter(([, entry]) => existsSync(join(ROOT, entry))));
    await build({ ...COMMON, entryPoints, outdir: fresh }).catch((error) => { throw buildFailure(error); });
    for (const name of readdirSync(fresh)) renameSync(join(fresh, name), join(DIST, name));
    writeFileSync(join(fresh, '.stamp'), signature);
    renameSync(join(fresh, '.stamp'), join(DIST, '.stamp'));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    ensurePackages();
    await buildBundles();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
