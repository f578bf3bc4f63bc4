// A module imported with `?instance=NAME` is a copy of its own, down through every module of the instanced directory, both
// where Vitest loads the sources and where esbuild bundles them.

import { build } from 'esbuild';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { esbuildInstances } from '../../scripts/instances.mjs';
import * as loaded from './fixtures/both-instances.ts';

type Instances = typeof loaded;

async function bundled(directory: string): Promise<Instances> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'fixtures/both-instances.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'silent',
    plugins: [esbuildInstances(['test/style/fixtures/instanced'])],
  });
  const path = join(directory, 'bundle.mjs');
  await writeFile(path, outputFiles[0]!.text);
  return (await import(/* @vite-ignore */ pathToFileURL(path).href)) as Instances;
}

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'instances-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe.each<[string, () => Promise<Instances>]>([
  ['loaded by Vitest', async () => loaded],
  ['bundled by esbuild', () => bundled(directory)],
])('module instances, %s', (_name, load) => {
  it('of different names are distinct function objects', async () => {
    const { one, two, plain } = await load();
    expect(new Set([one.own, two.own, plain.own]).size).toBe(3);
    expect([one.own(), two.own(), plain.own()]).toEqual(['own', 'own', 'own']);
  });

  it('have their own copies of what they import inside the directory', async () => {
    const { one, two, plain } = await load();
    expect(new Set([one.deep.own, two.deep.own, plain.deep.own]).size).toBe(3);
    expect(new Set([one.deep.deepest, two.deep.deepest, plain.deep.deepest]).size).toBe(3);
  });

  it('share what lies outside the directory', async () => {
    const { one, two, plain } = await load();
    expect(one.shared).toBe(plain.shared);
    expect(two.shared).toBe(plain.shared);
  });

  it('of one name are one', async () => {
    const { one, again } = await load();
    expect(again).toBe(one);
  });
});
