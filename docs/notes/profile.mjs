// Where the time of a run goes, by source folder and file: node docs/notes/profile.mjs FILE.cpuprofile
// (written by `node --cpu-prof`). Self time, attributed through the bundles' source maps; inlined functions count for themselves.

import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';

const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const maps = new Map();

function mapOf(url) {
  if (!maps.has(url)) {
    const path = url.startsWith('file:') ? `${fileURLToPath(url)}.map` : '';
    maps.set(url, existsSync(path) ? new SourceMap(JSON.parse(readFileSync(path, 'utf8'))) : null);
  }
  return maps.get(url);
}

/** `cpu/isa/arith.ts`, or what V8 calls the rest. */
function placeOf({ functionName, url, lineNumber, columnNumber }) {
  if (url.startsWith('wasm:')) return 'translated code';
  const source = mapOf(url)?.findEntry(lineNumber, columnNumber)?.originalSource;
  return source ? source.replace(/^.*\/src\//, '').replace(/\?.*$/, '') : functionName === '(garbage collector)' ? functionName : '(start of Node, and the rest)';
}

const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
const total = timeDeltas.reduce((sum, delta) => sum + delta, 0);

function print(title, keyOf) {
  const times = new Map();
  samples.forEach((id, n) => times.set(keyOf(places.get(id)), (times.get(keyOf(places.get(id))) ?? 0) + timeDeltas[n]));
  console.log(title);
  for (const [key, time] of [...times].sort(([, a], [, b]) => b - a).filter(([, time]) => time > total / 50)) {
    console.log(`  ${((100 * time) / total).toFixed(0).padStart(3)} %  ${key}`);
  }
}

print('by folder', (place) => (place.includes('/') ? place.slice(0, place.lastIndexOf('/')) : place));
print('by file', (place) => place);
