// `tidemark inspect`: what a file or a directory is, and what is in it.

import { statSync } from 'node:fs';
import { InputError } from '../../base/errors.ts';
import { defineCommand, withUsageHint } from '../command.ts';
import { parseCycles, parseGpa, parseLinear, range } from '../inspect/addresses.ts';
import { inspectDirectory, inspectFile } from '../inspect/inspect-checkpoints.ts';
import { inspectImage } from '../inspect/inspect-image.ts';
import { inspectRecording, isRecording } from '../inspect/inspect-recording.ts';
import type { Inspection } from '../inspect/inspection.ts';
import { readInputFile } from '../input-file.ts';
import { flag, nonEmpty, optionName, valued } from '../options.ts';
import type { OptionValues } from '../options.ts';
import { integer } from '../session-options.ts';
import { isContainer } from '../../snapshot/format.ts';
import { json } from '../guest/report.ts';
import { ExitStatus } from '../exit-status.ts';

const MOST_SHOWN = 2 ** 24;
const MOST_WATCHED = 4096;

const OPTIONS = {
  cycle: valued('N', integer(0, Number.MAX_SAFE_INTEGER), 'the end of cycle N, 0 for the start (default: the last cycle)'),
  registers: flag('registers of every vCPU'),
  page: valued('GPA[,COUNT]', range(parseGpa, MOST_SHOWN, null), 'COUNT bytes at a guest-physical address, or its whole page'),
  linear: valued('ADDRESS[,COUNT]', range(parseLinear, MOST_SHOWN, null), "the same at a linear address, through the guest's page tables"),
  pageTables: flag("what the guest's page tables map, as ranges with rights, and the memory slots behind them"),
  walk: valued('ADDRESS', parseLinear, "the walk of one linear address, entry by entry, the guest's and EPT's"),
  vcpu: valued('N', integer(0, 29), 'whose page tables are meant', 0, '0'),
  dirty: flag('the pages that the cycle reported as dirty'),
  diff: valued('A,B', parseCycles, 'the pages that differ at the ends of cycles A and B, and in how many bytes'),
  bytes: flag('with --diff: the bytes themselves'),
  lastChange: valued('GPA[,LENGTH]', range(parseGpa, MOST_WATCHED, 1), 'the cycle that last changed these bytes'),
  watch: valued(
    'GPA[,LENGTH]',
    range(parseGpa, MOST_WATCHED, 1),
    'who wrote these bytes: the store that last changed them, and the last at all. Cycles are run once more for that',
  ),
  all: flag('with --watch: every store'),
  recording: valued('F', nonEmpty, 'with --watch: what reached the guest, as --record F wrote it during the run'),
  disk: valued('F', nonEmpty, 'with --watch: where the disk or diskette of the guest lies now (default: where it lay)'),
  symbols: valued('F', nonEmpty, "with --watch: where names of the guest's code come from: an ELF file, or a System.map"),
  json: flag('as one line of JSON'),
} as const;

/** Options that mean something only with another one. */
const NEEDS: readonly (readonly [keyof typeof OPTIONS, keyof typeof OPTIONS])[] = [
  ['bytes', 'diff'],
  ['all', 'watch'],
  ['recording', 'watch'],
  ['disk', 'watch'],
  ['symbols', 'watch'],
];

const QUESTIONS = ['registers', 'page', 'linear', 'pageTables', 'walk', 'dirty', 'diff', 'lastChange', 'watch'] as const;

export const inspect = defineCommand(
  {
    name: 'inspect',
    summary: 'say what is in an image or a directory of checkpoints',
    usage: 'IMAGE|CHECKPOINT|RECORDING|DIR [options]',
    description: [
      'An image: its kind, entry point and segments. A directory of checkpoints, or a single file of one: the machine, the cycles, the ' +
        'pages of each and their sizes. A recording: what ran, and what reached it. Every file is read whole and its checksum verified; ' +
        '--json lists the dirty pages too.',
      'With any of the options but --json, what is in the cycles of checkpoints is shown instead.',
    ],
    options: OPTIONS,
    example: 'inspect kernel.elf',
  },
  async (values, positionals, io) => {
    const path = withUsageHint('inspect', () => {
      requireNeeded(values);
      return onePath(positionals);
    });
    const { inspectContents } = await import('../inspect/inspect-contents.ts');
    const isAsking = QUESTIONS.some((name) => values[name] !== null && values[name] !== false);
    const { text, data, problem = null } = isAsking ? await inspectContents(path, values) : inspectPath(path);
    io.stdout.write(values.json ? `${json(data)}\n` : text.map((line) => `${line}\n`).join(''));
    if (problem === null) return ExitStatus.OK;
    io.stderr.write(`tidemark: ${problem}\n`);
    return ExitStatus.USAGE;
  },
);

function requireNeeded(values: OptionValues<typeof OPTIONS>): void {
  const isGiven = (name: keyof typeof OPTIONS): boolean => values[name] !== null && values[name] !== false;
  for (const [name, other] of NEEDS) {
    if (isGiven(name) && !isGiven(other)) throw new InputError(`${optionName(name)} means nothing without ${optionName(other)}`);
  }
  if (values.cycle !== null && !QUESTIONS.some(isGiven)) {
    throw new InputError(
      `--cycle says of which cycle something is to be shown; say what, such as ${QUESTIONS.slice(0, 4).map(optionName).join(', ')}`,
    );
  }
}

function onePath([path, ...extra]: readonly string[]): string {
  if (path === undefined || path === '') throw new InputError('nothing to inspect: give an image or a directory of checkpoints');
  if (extra.length > 0) throw new InputError(`one path at most, but '${extra[0]}' is a second one`);
  return path;
}

function inspectPath(path: string): Inspection {
  if (statSync(path).isDirectory()) return inspectDirectory(path);
  const bytes = readInputFile(path, 'file');
  if (isRecording(bytes)) return inspectRecording(path, bytes);
  return isContainer(bytes) ? inspectFile(path) : inspectImage(path, bytes);
}
