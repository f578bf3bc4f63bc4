// Module instances. `import { ISA } from './isa/index.ts?instance=NAME'` yields a copy of that module, and of every module
// under the instanced directories that it reaches by relative imports, which belongs to NAME alone.
//
// Why: V8 keeps type feedback for each function's code. If two builders run through one copy of the instruction semantics, it
// turns megamorphic and slow. A query on one import does not reach the modules behind it; these plugins carry it on. Both bundlers
// that load the sources have the same rule: esbuild (dist, bench) and Vite (Vitest).

import { readFileSync } from 'node:fs';
import { dirname, extname, resolve, sep } from 'node:path';

/** Directories whose modules are copied per instance, relative to the root of the checkout. */
export const INSTANCED_DIRECTORIES = ['src/cpu/isa'];

const QUERY = /\?instance=([a-z][a-z0-9-]*)$/;
const root = resolve(import.meta.dirname, '..');

/** Splits `./isa/index.ts?instance=NAME` into its path and NAME, which is null without the query. */
function splitQuery(specifier) {
  const match = QUERY.exec(specifier);
  return match ? { path: specifier.slice(0, match.index), instance: match[1] } : { path: specifier, instance: null };
}

/**
 * Where an import leads, as `{ path, instance }`, or null if it is none of these plugins' business.
 * @param {string} specifier what the import says
 * @param {string} importerDirectory absolute
 * @param {string | null} importerInstance the instance that the importing module belongs to
 * @param {string[]} directories absolute, the instanced ones
 */
function follow(specifier, importerDirectory, importerInstance, directories) {
  const { path, instance } = splitQuery(specifier);
  if (!path.startsWith('.')) return null;
  const target = resolve(importerDirectory, path);
  if (instance) return { path: target, instance };
  const inside = directories.some((directory) => target.startsWith(directory + sep));
  return importerInstance && inside ? { path: target, instance: importerInstance } : null;
}

const absolute = (directories) => directories.map((directory) => resolve(root, directory));

/** For esbuild's `plugins`. */
export function esbuildInstances(directories = INSTANCED_DIRECTORIES) {
  const instanced = absolute(directories);
  return {
    name: 'instances',
    setup(build) {
      build.onResolve({ filter: /^\./ }, ({ path, resolveDir, pluginData }) => {
        const found = follow(path, resolveDir, pluginData?.instance ?? null, instanced);
        return found && { path: found.path, suffix: `?instance=${found.instance}`, pluginData: { instance: found.instance } };
      });
      build.onLoad({ filter: /\.[mc]?[jt]s$/ }, ({ path, pluginData }) => {
        if (!pluginData?.instance) return null;
        return { contents: readFileSync(path, 'utf8'), loader: extname(path).endsWith('ts') ? 'ts' : 'js', pluginData };
      });
    },
  };
}

/** For Vite's and Vitest's `plugins`. */
export function viteInstances(directories = INSTANCED_DIRECTORIES) {
  const instanced = absolute(directories);
  return {
    name: 'instances',
    enforce: 'pre',
    resolveId(specifier, importer) {
      if (!importer) return null;
      const from = splitQuery(importer);
      const found = follow(specifier, dirname(from.path), from.instance, instanced);
      return found && `${found.path}?instance=${found.instance}`;
    },
  };
}
