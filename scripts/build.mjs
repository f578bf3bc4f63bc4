// Bundles the sources into dist/ with esbuild: `npm run build`, or by itself when bin/tidemark finds dist/ stale.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { esbuildInstances } from './instances.mjs';
import { ROOT, SetupError, ensurePackages, guestImages, say, sourceSignature } from './setup.mjs';

/** Bundle in dist/ → its entry in src/. */
const ENTRIES = {
  cli: 'src/cli/main.ts',
  tidemark: 'src/index.ts',
};

/** The same for the page, and its files that are taken as they are. */
const WEB_ENTRIES = { main: 'src/web/main.ts', worker: 'src/web/worker.ts' };
const WEB_FILES = ['src/web/index.html', 'src/web/style.css'];

const DIST = join(ROOT, 'dist');

/** What every bundle of this project is built with. */
export const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  logLevel: 'silent',
  // Left where npm put it, since it reads a file that lies beside it.
  external: ['iced-x86'],
  plugins: [esbuildInstances()],
};

/** Rewords esbuild's failure as one line for each error. */
export function buildFailure(error) {
  if (!error.errors?.length) return error;
  const lines = error.errors.map(({ text, location }) => (location ? `${location.file}:${location.line}: ${text}` : text));
  return new SetupError(`the sources do not build: ${lines.join('\n  ')}`);
}

/** Puts a file in place whole, by one rename. */
function publish(path, contents) {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}

/** Builds the page with everything that it loads into `outdir`, which then is all that a web server needs. Throws SetupError. */
export async function buildWeb(outdir = join(DIST, 'web')) {
  const { build } = await import('esbuild');
  const options = { ...COMMON, platform: 'browser', target: 'es2022', external: [], entryPoints: WEB_ENTRIES, outdir, write: false };
  const { outputFiles } = await build(options).catch((error) => {
    throw buildFailure(error);
  });
  mkdirSync(join(outdir, 'guests'), { recursive: true });
  for (const { path, contents } of outputFiles) publish(path, contents);
  for (const path of WEB_FILES) publish(join(outdir, basename(path)), readFileSync(join(ROOT, path)));
  for (const path of guestImages()) publish(join(outdir, 'guests', basename(path)), readFileSync(path));
}

/**
 * Builds every entry. Bundles appear in dist/ one by one, the stamp last. Whoever starts meanwhile finds the old bundle or the new
 * one, never half of one. A build that fails leaves the old ones. Throws SetupError.
 */
export async function buildBundles() {
  // esbuild may just have been installed, so it is not imported before.
  const { build } = await import('esbuild');
  // Before reading the sources: what is edited during the build makes the stamp stale, not wrong.
  const signature = sourceSignature();
  const { outputFiles } = await build({ ...COMMON, entryPoints: ENTRIES, outdir: DIST, write: false }).catch((error) => {
    throw buildFailure(error);
  });
  mkdirSync(DIST, { recursive: true });
  for (const { path, contents } of outputFiles) publish(path, contents);
  await buildWeb();
  publish(join(DIST, '.stamp'), signature);
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
