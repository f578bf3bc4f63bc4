// What `npm pack` makes, as its users have it.

import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import type { Problem } from '@arethetypeswrong/core';
import { build } from 'esbuild';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from '../../scripts/web.mjs';
import { ROOT } from '../style/project-files.ts';
import { NO_CHROMIUM, hasChromium, launchChromium } from '../support/chromium.ts';
import { itNeeding } from '../support/skip.ts';
import { install } from './installed.ts';
import type { Installed, Ran } from './installed.ts';

const SIEVE = readFileSync(join(ROOT, 'guests/sieve/expected-output-scale-1.txt'), 'latin1');
const SWITCHED = readFileSync(join(ROOT, 'guests/task-switch/expected-output.txt'), 'latin1');
const RESULT = { text: SIEVE, end: 'hlt' };
const MAX_BYTES = 1_000_000;

const tool = (path: string): string => join(ROOT, 'node_modules', path);
const ok = (stdout: string): Ran => ({ status: 0, stdout, stderr: '' });

describe('the package', () => {
  let installed: Installed;
  const manifest = () => JSON.parse(readFileSync(join(installed.folder, 'package.json'), 'utf8'));
  const tsc = (...args: readonly string[]): Ran => installed.run(process.execPath, tool('typescript/bin/tsc'), ...args);
  const tidemark = (...args: readonly string[]): Ran => installed.run('node_modules/.bin/tidemark', ...args);

  beforeAll(() => {
    installed = install();
  });
  afterAll(() => installed.remove());

  it('is small, and has what it needs and nothing else', () => {
    const { size, files } = installed.packed;
    expect(size).toBeLessThan(MAX_BYTES);
    const kinds = new Set(
      files.map((path) => path.replace(/[^/]*$/, (name) => name.replace(/^.*(?=\.)/, '*')).replace(/guests\/[^/*]+\//, 'guests/*/')),
    );
    expect([...kinds].sort()).toEqual(
      [
        ...[
          'LICENSE',
          'bin/tidemark',
          '*.json',
          '*.md',
          'dist/*.js',
          'dist/*.ts',
          'dist/chunks/*.js',
          'dist/iced-x86/*.br',
          'dist/iced-x86/*.txt',
        ],
        ...[
          'docs/*.md',
          'dist/web/*.css',
          'dist/web/*.html',
          'dist/web/*.js',
          'dist/web/guests/*.elf',
          'guests/*/*.elf',
          'guests/*/*.img',
          'guests/*/*.json',
          'guests/*/*.txt',
          'man/*.1',
        ],
      ].sort(),
    );
    expect(files.filter((path) => path.endsWith('.d.ts'))).toEqual(['dist/tidemark.d.ts']);
  });

  it('has the documents that its README leads to, and the README says which are in a checkout alone', () => {
    const { files } = installed.packed;
    const linked = (path: string): string[] =>
      [...readFileSync(join(installed.folder, path), 'utf8').matchAll(/\]\(([^)#\s]+)/g)]
        .map(([, link]) => link!)
        .filter((link) => !/^[a-z]+:/.test(link))
        .map((link) => posix.join(posix.dirname(path), link));
    const [, elsewhere = ''] = readFileSync(join(installed.folder, 'README.md'), 'utf8').split('### In a checkout alone');
    const inCheckout = new Set(linked('README.md').filter((link) => elsewhere.includes(`](${link})`)));
    expect(inCheckout.size).toBeGreaterThan(0);
    const documents = files.filter((path) => path.endsWith('.md'));
    expect(documents).toContain('docs/cli.md');
    const dead = documents.flatMap((path) =>
      linked(path)
        .filter((link) => !files.includes(link) && !inCheckout.has(link) && !link.startsWith('src/'))
        .map((link) => `${path}: ${link}`),
    );
    expect(dead).toEqual([]);
    expect([...inCheckout].filter((link) => files.includes(link) && link !== 'LICENSE')).toEqual([]);
  });

  it('says of an error that nobody catches what a person can read', () => {
    const { status, stderr } = installed.run(
      process.execPath,
      '--input-type=module',
      '-e',
      "import { createPc } from 'tidemark'; createPc({ memory: -1 });",
    );
    expect(status).toBe(1);
    expect(stderr).toContain('InputError: memory');
    expect(stderr.length).toBeLessThan(4000);
  });

  it('needs no other package, and nothing to be done once it is installed', () => {
    const { dependencies, optionalDependencies, peerDependencies, scripts } = manifest();
    expect([dependencies, optionalDependencies, peerDependencies]).toEqual([undefined, undefined, undefined]);
    expect(Object.keys(scripts).filter((name) => /install|prepare/.test(name))).toEqual([]);
  });

  it('is right by publint', async () => {
    const { messages } = await publint({ pkgDir: installed.folder, level: 'suggestion', strict: true, pack: false });
    expect(messages.map((message) => formatMessage(message, manifest(), { color: false }))).toEqual([]);
  });

  it('has types that are right by are-the-types-wrong', async () => {
    const result = await checkPackage(createPackageFromTarballData(readFileSync(installed.tarball)));
    expect(result.types).toEqual({ kind: 'included' });
    // What requires CommonJS is no concern of a package of ES modules: Node 20.19 requires these too.
    const isOurs = (problem: Problem): boolean =>
      !('resolutionKind' in problem) || !['node10', 'node16-cjs'].includes(problem.resolutionKind);
    expect(result.types && result.problems.filter(isOurs)).toEqual([]);
  });

  it.each([
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])('type-checks a strict consumer under module %s, resolution %s', (module, moduleResolution) => {
    const flags = ['--module', module, '--moduleResolution', moduleResolution];
    expect(tsc('-p', '.', ...flags)).toEqual(ok(''));
  });

  it('does not show its internals', () => {
    const source = readFileSync(join(installed.project, 'internals.ts'), 'utf8').split('\n');
    const first = source.indexOf('export const reached = [') + 2;
    const { stdout } = tsc(
      '--ignoreConfig',
      '--module',
      'nodenext',
      '--types',
      '',
      '--target',
      'es2022',
      '--strict',
      '--noEmit',
      'internals.ts',
    );
    const lines = [...stdout.matchAll(/^internals\.ts[(:](\d+)/gm)].map((match) => Number(match[1]));
    expect([...new Set(lines)]).toEqual(Array.from({ length: source.lastIndexOf('];') - first + 1 }, (_, index) => first + index));
  });

  it('runs a guest in Node, on this thread and on a worker', () => {
    expect(tsc('-p', '.', '--module', 'nodenext', '--noEmit', 'false')).toEqual(ok(''));
    const { status, stdout, stderr } = installed.run(process.execPath, 'node.mjs');
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual({ here: RESULT, worker: RESULT });
  });

  it('runs a guest by its command', () => {
    expect(tidemark('--version')).toEqual(ok(`tidemark ${manifest().version}\n`));
    expect(tidemark('run', 'node_modules/tidemark/guests/sieve/sieve-64.elf', '--append', 'scale=1')).toEqual(ok(SIEVE));
    expect(tidemark('demo', 'task-switch')).toMatchObject({ status: 0, stdout: SWITCHED });
  });

  it('disassembles without the package that it has this from', () => {
    const { status, stderr } = tidemark('run', 'node_modules/tidemark/guests/plain32/plain32.elf', '--trace', 'instructions');
    expect(status).toBe(0);
    expect(stderr).toMatch(/^0 0 00100050 bca0171000 +mov esp, 0x1017a0 +; -> esp=0x1017a0$/m);
  });

  it('says in one line what only a checkout has', () => {
    const line = 'tidemark: there are no benchmarks beside this installation: they are part of a checkout\n';
    expect(tidemark('bench')).toEqual({ status: 125, stdout: '', stderr: line });
  });

  it('says in one line that its guests are gone', () => {
    const guests = join(installed.folder, 'guests');
    const away = join(installed.project, 'guests-away');
    renameSync(guests, away);
    try {
      const none = `tidemark: the built-in guests are missing: there is no folder '${guests}'\n`;
      expect(tidemark('demo', 'sieve')).toEqual({ status: 125, stdout: '', stderr: none });
      expect(tidemark('demo')).toEqual({ status: 125, stdout: '', stderr: none });
      mkdirSync(join(guests, 'sieve'), { recursive: true });
      const empty = `tidemark: the built-in guests are missing: there is no image in '${guests}'\n`;
      expect(tidemark('demo', 'sieve')).toEqual({ status: 125, stdout: '', stderr: empty });
    } finally {
      rmSync(guests, { recursive: true, force: true });
      renameSync(away, guests);
    }
  });

  it('runs a guest in a test under Vitest', () => {
    symlinkSync(tool('vitest'), join(installed.project, 'node_modules/vitest'), 'dir');
    const { status, stdout } = installed.run(process.execPath, tool('vitest/vitest.mjs'), 'run', '--reporter=json');
    expect([status, JSON.parse(stdout)]).toMatchObject([0, { numPassedTests: 1, numTotalTests: 1 }]);
  });

  it('brings its page, whole', () => {
    const page = readFileSync(join(installed.folder, 'dist/web/index.html'), 'utf8');
    const named = [...page.matchAll(/(?:src|href)="([^":]+)"/g)].map((match) => match[1]!);
    expect(named).toEqual(['style.css', 'main.js']);
    for (const name of [...named, 'worker.js', 'guests/kernel64.elf'])
      expect(existsSync(join(installed.folder, 'dist/web', name)), name).toBe(true);
  });

  describe('bundled for a page', () => {
    const html = (script: string): string => `<!doctype html><title></title><script type="module" src="${script}"></script>`;
    const outdir = () => join(installed.project, 'site');

    beforeAll(async () => {
      // Of no use to a page would be whatever esbuild warns of; an import of Node would be an error.
      const options = { absWorkingDir: installed.project, entryPoints: ['page.ts'], outdir: outdir() };
      const { warnings } = await build({
        ...options,
        bundle: true,
        format: 'esm',
        platform: 'browser',
        target: 'es2022',
        logLevel: 'silent',
      });
      expect(warnings).toEqual([]);
      copyFileSync(join(installed.folder, 'guests/sieve/sieve-64.elf'), join(outdir(), 'image.elf'));
      writeFileSync(join(outdir(), 'index.html'), html('page.js'));
    });

    it('imports nothing', () => {
      expect(readFileSync(join(outdir(), 'page.js'), 'utf8')).not.toMatch(/^\s*import\b|\bimport\(|\brequire\(/m);
    });

    it('is bundled by Vite as well, without a warning', () => {
      writeFileSync(join(installed.project, 'index.html'), html('page.ts'));
      const config = { logLevel: 'warn', build: { target: 'es2022', chunkSizeWarningLimit: 4096, outDir: 'vite' } };
      writeFileSync(join(installed.project, 'vite.config.mjs'), `export default ${JSON.stringify(config)};`);
      expect(installed.run(process.execPath, tool('vite/bin/vite.js'), 'build')).toEqual(ok(''));
    });

    itNeeding(hasChromium(), NO_CHROMIUM)('runs a guest in a browser, on the page and on its worker', async () => {
      const server = await serve(outdir());
      const browser = await launchChromium();
      try {
        const page = await browser.newPage();
        await page.goto(server.url);
        await page.waitForFunction("document.title !== ''");
        expect(JSON.parse(await page.title())).toEqual({ here: RESULT, worker: RESULT });
      } finally {
        await browser.close();
        await server.close();
      }
    });
  });
});
