// Installs the development packages by `npm ci` and tells on stderr how far it is. It is a process of its own, so that whoever waits for
// it need not await anything; what went wrong is on its stdout.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Progress } from './progress.mjs';
import { ROOT } from './setup.mjs';

const packagesIn = (path) => Object.entries(JSON.parse(readFileSync(join(ROOT, path), 'utf8')).packages).filter(([name]) => name !== '');

const isForThis = ({ os, cpu }) => (os?.includes(process.platform) ?? true) && (cpu?.includes(process.arch) ?? true);

/** The first of npm's error lines that is a sentence rather than a field, without its prefix. */
function reasonIn(lines) {
  const errors = lines.map((line) => line.slice('npm error'.length).trim());
  return errors.find((line) => line !== '' && !/^(?:code|syscall|errno|path|type) /.test(line)) ?? errors[0] ?? 'no reason given';
}

/** Of the packages named, npm leaves out optional ones whose C library is another, and what stands in for those that are there. */
const most = packagesIn('package-lock.json').filter(([, { optional, ...its }]) => !optional || isForThis(its)).length;
const progress = new Progress('installing the development packages');
// The packages are all development packages: a NODE_ENV of production must not leave them out.
const npm = spawn('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=http'], {
  cwd: ROOT,
  stdio: ['ignore', 'ignore', 'pipe'],
  shell: process.platform === 'win32',
});

const fetched = new Set();
const errors = [];
createInterface({ input: npm.stderr }).on('line', (line) => {
  if (line.startsWith('npm error')) errors.push(line);
  const [, archive] = /^npm http fetch GET 200 (\S+\.tgz)/.exec(line) ?? [];
  if (archive === undefined) return;
  fetched.add(archive);
  progress.tell(`${fetched.size} of at most ${most} fetched`);
});

function fail(why) {
  progress.end(null);
  process.stdout.write(why);
  process.exitCode = 1;
}

npm.on('error', ({ message }) => fail(`cannot run npm to install the development packages: ${message}`));
npm.on('close', (status) => {
  // What did not start has told so.
  if (npm.pid === undefined) return;
  if (status === 0) return progress.end(`installed ${packagesIn('node_modules/.package-lock.json').length} packages`);
  fail(`npm ci failed, so the development packages are missing (${reasonIn(errors)}); is the network up?`);
});
