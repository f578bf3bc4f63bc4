// `npm pack` calls this first: what the package is made of is built as the sources are now, and nothing else lies in dist/.

import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, SetupError, ensureBuilt, say } from './setup.mjs';
import { ensureTypes } from './types.mjs';

const DIST = join(ROOT, 'dist');

/** Removes the chunks of earlier builds: those that no bundle names, directly or through another chunk. */
function removeOldChunks() {
  const named = new Set();
  const visit = (path) => {
    for (const [, name] of readFileSync(path, 'utf8').matchAll(/["'](?:\.\/|\.\/chunks\/)([\w-]+-[A-Z0-9]{8}\.js)["']/g)) {
      if (named.has(name)) continue;
      named.add(name);
      visit(join(DIST, 'chunks', name));
    }
  };
  for (const bundle of ['cli.js', 'tidemark.js']) visit(join(DIST, bundle));
  for (const name of readdirSync(join(DIST, 'chunks'))) if (!named.has(name)) rmSync(join(DIST, 'chunks', name));
}

try {
  await ensureBuilt();
  await ensureTypes();
  removeOldChunks();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
