// `npm run test:current-node`: the engines' tests under the current release of Node, from the registry's package of its
// binaries. The other tests run under the Node at hand, which may be the oldest supported. Ends with the runner's summary line.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { ROOT, ensurePackages, say } from './setup.mjs';

const CACHE = join(ROOT, '.cache/current-node');
const PACKAGE = `node-${process.platform}-${process.arch}`;
const SUITES = ['test/translator', 'test/lockstep', 'test/guests/run.test.ts', 'test/mt', 'test/checkpoint'];

/** Path of the current Node's binary, or null where none can be had. */
function currentNode() {
  mkdirSync(CACHE, { recursive: true });
  const install = ['install', '--no-save', '--no-package-lock', '--prefix', CACHE, `${PACKAGE}@latest`];
  const { status } = spawnSync('npm', install, { cwd: CACHE, stdio: ['ignore', 'ignore', 'ignore'] });
  const binary = join(CACHE, 'node_modules', PACKAGE, 'bin/node');
  return status === 0 && existsSync(binary) ? binary : null;
}

ensurePackages();
const node = currentNode();
if (node === null) {
  say(`no binary of the current Node can be had here (package ${PACKAGE}): its tests are skipped`);
  process.stdout.write('0 passed, 0 failed, 1 skipped\n');
} else {
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  const suites = process.argv.length > 2 ? process.argv.slice(2) : SUITES;
  spawnSync(node, ['--version'], { stdio: 'inherit' });
  const runner = [join(ROOT, 'scripts/test.mjs'), ...suites];
  const { status } = spawnSync(node, runner, { cwd: ROOT, env, stdio: ['ignore', 'inherit', 'inherit'] });
  process.exitCode = status ?? 1;
}
