// The order of the layers: a file imports from its own folder or from a layer before it. Folders of one layer do not import
// each other.

import { posix } from 'node:path';
import { blank } from './blank.ts';

const LAYERS = [
  ['base'],
  ['mt', 'dirty-log', 'mmu'],
  ['cpu', 'devices'],
  ['vm'],
  ['boot', 'snapshot'],
  ['checkpoint'],
  ['machine'],
  ['migrate', 'debug'],
  ['cli', 'web'],
] as const;

/** Hosts: the only folders that may use what their host alone has. */
const HOSTS = ['cli', 'web'];

/** What the command line may use beyond Node, each with the reason. */
export const RUN_TIME_PACKAGES: Readonly<Record<string, string>> = {
  'iced-x86': 'disassembly for --trace instructions',
};

const levelOf = (folder: string): number => LAYERS.findIndex((layer) => (layer as readonly string[]).includes(folder));

/** Specifiers of static and dynamic imports, re-exports and import types. */
export function importsOf(source: string): string[] {
  return [...blank(source, { strings: false }).matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])(.*?)\1/g)].map((match) => match[2]!);
}

/** What is wrong with the imports of `source`, the file at `path` (such as `src/mt/lists.ts`). */
export function layerViolations(path: string, source: string): string[] {
  return importsOf(source).flatMap((specifier) => {
    const why = violation(path, specifier);
    return why === null ? [] : [`${path}: imports '${specifier}': ${why}`];
  });
}

function violation(path: string, specifier: string): string | null {
  const [, folder] = path.split('/') as [string, string];
  const inFolder = path.split('/').length > 2;
  if (inFolder && levelOf(folder) < 0) return `src/${folder} is in no layer`;
  if (!specifier.startsWith('.')) {
    if (specifier.startsWith('node:') && folder === 'cli') return null;
    if (folder === 'cli' && specifier in RUN_TIME_PACKAGES) return null;
    return specifier.startsWith('node:') ? 'the core does not depend on Node' : 'the core depends on no package at run time';
  }
  const target = posix.join(posix.dirname(path), specifier.replace(/\?.*$/, ''));
  if (!target.startsWith('src/')) return HOSTS.includes(folder) && target === 'package.json' ? null : 'leads out of src';
  if (target.split('/').length === 2) return inFolder && !HOSTS.includes(folder) ? 'the public API stands above the layers' : null;
  const to = target.split('/')[1]!;
  // src/index.ts, the public API, is made of everything but the hosts.
  if (!inFolder) return HOSTS.includes(to) ? 'the public API has no part in a host' : null;
  if (to === folder || levelOf(to) < levelOf(folder)) return levelOf(to) < 0 ? `src/${to} is in no layer` : null;
  return levelOf(to) === levelOf(folder) ? `${folder} and ${to} are of one layer` : `${to} is a layer above ${folder}`;
}
