// Bundles the sources into dist/ with esbuild: `npm run build`, or by itself when bin/tidemark finds dist/ stale.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { esbuildIced, icedAssets } from './iced.mjs';
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
/** Below .cache/, as dist/ is below the root, so that what looks for the checkout around it finds it. */
const DEBUG = join(ROOT, '.cache/debug');

/** What every bundle of this project is built with. Only dist/ brings iced-x86 along. */
export const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  logLevel: 'silent',
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
export function publish(path, contents) {
  const temporary = `${path}.${process.pid}.tmp`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}

/** What esbuild makes of `options`. Throws SetupError. */
async function bundle(options) {
  // esbuild may just have been installed, so it is not imported before.
  const { build } = await import('esbuild');
  const { outputFiles } = await build({ ...COMMON, ...options, external: [], write: false }).catch((error) => {
    throw buildFailure(error);
  });
  return outputFiles;
}

/**
 * Builds the page with everything that it loads into `outdir`, which then is all that a web server needs. Its source maps lie beside
 * the bundles, which do not name them: `npm run web` does, and the package goes without. Throws SetupError.
 */
export async function buildWeb(outdir = join(DIST, 'web')) {
  const form = { platform: 'browser', target: 'es2022', minify: true, sourcemap: 'external' };
  for (const { path, contents } of await bundle({ ...form, entryPoints: WEB_ENTRIES, outdir })) publish(path, contents);
  for (const path of WEB_FILES) publish(join(outdir, basename(path)), readFileSync(join(ROOT, path)));
  for (const path of guestImages()) publish(join(outdir, 'guests', basename(path)), readFileSync(path));
}

/** Columns after which a line of the bundles ends as soon as it can. */
const LINE = 160;

/** Builds the API and the command line. The two share the machine, which is a chunk of its own. Throws SetupError. */
async function buildMachine(outdir, sourcemap) {
  // Names stay and lines are short, for what Node prints of an error that nobody catches: its line, and the stack. What the rest of the
  // white space takes is a tenth of the package.
  const cut = {
    minifyWhitespace: true,
    lineLimit: LINE,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    plugins: [...COMMON.plugins, esbuildIced],
  };
  const files = await bundle({ ...cut, entryPoints: ENTRIES, outdir, sourcemap });
  const { resolve } = createRequire(import.meta.url);
  for (const { path, contents } of icedAssets(resolve)) publish(join(outdir, path), contents);
  // The entries name their chunks, so they come last.
  const isChunk = ({ path }) => dirname(path) !== outdir;
  for (const { path, contents } of [...files.filter(isChunk), ...files.filter((file) => !isChunk(file))]) publish(path, contents);
  return files.map(({ path }) => path);
}

/** The command line's bundle with its source maps, for stack traces that show the sources' lines. Its URL. Throws SetupError. */
export async function buildForDebugging() {
  await buildMachine(DEBUG, 'linked');
  return pathToFileURL(join(DEBUG, 'cli.js'));
}

/**
 * Builds every entry. Bundles appear in dist/ one by one, the stamp last. Whoever starts meanwhile finds the old bundle or the new
 * one, never half of one. A build that fails leaves the old ones. Chunks of earlier builds stay, for whoever still runs from them, as
 * long as nobody packs. Throws SetupError.
 */
export async function buildBundles() {
  // Before reading the sources: what is edited during the build makes the stamp stale, not wrong.
  const signature = sourceSignature();
  await buildMachine(DIST, false);
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
