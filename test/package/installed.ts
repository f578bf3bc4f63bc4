// The package as its users have it: packed once, and installed into an empty folder with no registry to ask.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../style/project-files.ts';

/** Nobody listens there. */
const NO_REGISTRY = 'http://127.0.0.1:9';

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Installed {
  readonly tarball: string;
  /** Paths in the tarball, and its size in bytes. */
  readonly packed: { readonly files: readonly string[]; readonly size: number };
  /** The folder of a project that has the package, and test/package/consumer, in it. */
  readonly project: string;
  readonly folder: string;
  /** Runs `command` in the project. */
  run(command: string, ...args: readonly string[]): Ran;
  remove(): void;
}

export function install(): Installed {
  const directory = mkdtempSync(join(tmpdir(), 'tidemark-package-'));
  const project = join(directory, 'project');
  const packing = execFileSync('npm', ['pack', '--json', '--pack-destination', directory], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [{ filename, files, size }] = JSON.parse(packing);
  const tarball = join(directory, filename);
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  const offline = ['--offline', '--registry', NO_REGISTRY, '--cache', join(directory, 'cache'), '--no-audit', '--no-fund'];
  execFileSync('npm', ['install', ...offline, tarball], { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] });
  cpSync(join(ROOT, 'test/package/consumer'), project, { recursive: true });
  renameSync(join(project, 'guest-in-vitest.ts'), join(project, 'guest.test.ts'));
  return {
    tarball,
    packed: { files: files.map(({ path }: { readonly path: string }) => path), size },
    project,
    folder: join(project, 'node_modules/tidemark'),
    run(command, ...args) {
      const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: project, encoding: 'utf8' });
      if (error) throw error;
      return { status, stdout, stderr };
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
