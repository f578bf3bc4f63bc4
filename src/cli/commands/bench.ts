// `tidemark bench`: the benchmarks of a checkout, each in a process of its own.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../base/errors.ts';
import { didYouMean } from '../../base/near.ts';
import { defineCommand, withUsageHint } from '../command.ts';
import { flag } from '../options.ts';
import { orNone } from '../or-none.ts';
import { ExitStatus } from '../exit-status.ts';

const OPTIONS = {
  quick: flag('fewer and shorter rounds'),
  json: flag('all results as JSON'),
} as const;

const SUFFIX = '.bench.ts';

export const bench = defineCommand(
  {
    name: 'bench',
    summary: 'measure this checkout, beside its peers where they are installed',
    usage: '[NAME ...] [--quick] [--json]',
    description: [
      'Runs the benchmarks whose names contain a NAME, or all. Quote ratios within one run: absolute figures drift with the machine.',
    ],
    options: OPTIONS,
    example: 'bench guests --quick',
    operands: () => orNone(() => benchmarks(checkout())),
  },
  async (values, names) => {
    const root = checkout();
    withUsageHint('bench', () => requireKnown(root, names));
    const flags = [...(values.quick ? ['--quick'] : []), ...(values.json ? ['--json'] : [])];
    const { status } = spawnSync(process.execPath, [`${root}/scripts/bench.mjs`, ...names, ...flags], { stdio: 'inherit' });
    return status ?? ExitStatus.INTERNAL;
  },
);

/** The checkout around this file, as a bundle in dist/ or as a source. InputError outside of one. */
function checkout(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'scripts/bench.mjs'))) return folder;
  }
  throw new InputError('there are no benchmarks beside this installation: they are part of a checkout');
}

const benchmarks = (root: string): string[] =>
  readdirSync(`${root}/bench`)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length));

function requireKnown(root: string, names: readonly string[]): void {
  const known = benchmarks(root);
  const unknown = names.find((name) => !known.some((candidate) => candidate.includes(name)));
  if (unknown === undefined) return;
  throw new InputError(`no benchmark is called '${unknown}': there are ${known.join(', ')}${didYouMean(unknown, known)}`);
}
