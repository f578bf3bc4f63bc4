import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Progress } from '../../scripts/progress.mjs';

const SCRIPTS = join(import.meta.dirname, '../../scripts');

function collected(terminal: { readonly columns: number } | null) {
  let text = '';
  const stream = { isTTY: terminal !== null, ...terminal, write: (more: string) => (text += more) };
  return { stream, text: () => text };
}

describe('a step that takes long', () => {
  it('in a pipe: a line at its start, one now and then, one at its end', () => {
    const { stream, text } = collected(null);
    let now = 5;
    const progress = new Progress('digging', stream, () => now);
    for (; now < 22_000; now += 1000) progress.tell(`${Math.round(now / 1000)} holes`);
    progress.end('dug');
    expect(text()).toBe('tidemark: digging ...\ntidemark: 10 holes, 10.0 s\ntidemark: 20 holes, 20.0 s\ntidemark: dug in 22.0 s\n');
  });

  it('that fails leaves the last word to whoever knows why', () => {
    const { stream, text } = collected(null);
    new Progress('digging', stream, () => 0).end(null);
    expect(text()).toBe('tidemark: digging ...\n');
  });

  it('on a terminal: one line, which never wraps and is gone at the end', () => {
    const { stream, text } = collected({ columns: 20 });
    const progress = new Progress('digging', stream, () => 0);
    expect(text()).toBe('\rtidemark: digging: \x1b[K');
    progress.end('dug');
    expect(text()).toBe('\rtidemark: digging: \x1b[K\r\x1b[Ktidemark: dug in 0.0 s\n');
  });
});

/** An npm that fetches two packages and installs them, unless it is to fail. */
const NPM = `#!/usr/bin/env node
const { mkdirSync, writeFileSync } = require('node:fs');
const fetched = (path) => console.error('npm http fetch GET 200 https://registry/' + path + ' 7ms (cache miss)');
for (const name of ['a', 'a', 'b']) fetched(name + '/-/' + name + '-1.0.0.tgz');
fetched('a');
if (process.env.FAILS) {
  console.error('npm error code ENOTFOUND\\nnpm error network request to https://registry/b failed');
  process.exit(1);
}
mkdirSync('node_modules', { recursive: true });
const packages = { 'node_modules/a': { version: '1' }, 'node_modules/b': { version: '1' } };
writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages }));
`;

describe('the first start', () => {
  let checkout = '';
  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), 'first-start-'));
    cpSync(SCRIPTS, join(checkout, 'scripts'), { recursive: true });
    mkdirSync(join(checkout, 'bin'));
    writeFileSync(join(checkout, 'bin/npm'), NPM);
    chmodSync(join(checkout, 'bin/npm'), 0o755);
    const packages = { '': {}, 'node_modules/a': { version: '1' }, 'node_modules/b': { version: '1' } };
    const elsewhere = { version: '1', optional: true, os: ['elsewhere'] };
    writeFileSync(join(checkout, 'package-lock.json'), JSON.stringify({ packages: { ...packages, 'node_modules/c': elsewhere } }));
  });
  afterEach(() => rmSync(checkout, { recursive: true }));

  const INSTALL = `
    import { ensurePackages, packagesFresh, say } from './scripts/setup.mjs';
    try { ensurePackages(); ensurePackages(); say(packagesFresh()); } catch (error) { say(error.message); }`;
  const install = (env: NodeJS.ProcessEnv): { stdout: string; stderr: string } => {
    const path = `${join(checkout, 'bin')}:${process.env['PATH']}`;
    return spawnSync(process.execPath, ['--input-type=module', '-e', INSTALL], {
      cwd: checkout,
      encoding: 'utf8',
      env: { ...process.env, PATH: path, ...env },
    });
  };

  it('says that it installs, what it installed and how long that took', () => {
    expect(install({})).toMatchObject({
      stdout: '',
      stderr: expect.stringMatching(
        /^tidemark: installing the development packages \.\.\.\ntidemark: installed 2 packages in \d+\.\d s\ntidemark: true\n$/,
      ),
    });
  });

  it('says in one line why npm failed', () => {
    expect(install({ FAILS: '1' }).stderr).toBe(
      'tidemark: installing the development packages ...\n' +
        'tidemark: npm ci failed, so the development packages are missing (network request to https://registry/b failed); ' +
        'is the network up?\n',
    );
  });

  it('says so if there is no npm', () => {
    rmSync(join(checkout, 'bin/npm'));
    expect(install({ PATH: join(checkout, 'bin') }).stderr).toBe(
      'tidemark: installing the development packages ...\n' +
        'tidemark: cannot run npm to install the development packages: spawn npm ENOENT\n',
    );
  });
});
