// `tidemark inspect`: what a file or a directory is, and what is in it.

import { statSync } from 'node:fs';
import { InputError } from '../../base/errors.ts';
import { defineCommand, withUsageHint } from '../command.ts';
import { inspectDirectory, inspectFile } from '../inspect/inspect-checkpoints.ts';
import { inspectImage } from '../inspect/inspect-image.ts';
import { inspectRecording, isRecording } from '../inspect/inspect-recording.ts';
import type { Inspection } from '../inspect/inspection.ts';
import { readInputFile } from '../input-file.ts';
import { flag } from '../options.ts';
import { isContainer } from '../../snapshot/format.ts';
import { json } from '../guest/report.ts';
import { ExitStatus } from '../exit-status.ts';

const OPTIONS = {
  json: flag('as one line of JSON'),
} as const;

export const inspect = defineCommand(
  {
    name: 'inspect',
    summary: 'say what is in an image or a directory of checkpoints',
    usage: 'IMAGE|CHECKPOINT|RECORDING|DIR [--json]',
    description: [
      'An image: its kind, entry point and segments. A directory of checkpoints, or a single file of one: the machine, the cycles, the ' +
        'pages of each and their sizes. A recording: what ran, and what reached it. Every file is read whole and its checksum verified; ' +
        '--json lists the dirty pages too.',
    ],
    options: OPTIONS,
    example: 'inspect kernel.elf',
  },
  async (values, positionals, io) => {
    const path = withUsageHint('inspect', () => onePath(positionals));
    const { text, data, problem = null } = inspectPath(path);
    io.stdout.write(values.json ? `${json(data)}\n` : text.map((line) => `${line}\n`).join(''));
    if (problem === null) return ExitStatus.OK;
    io.stderr.write(`tidemark: ${problem}\n`);
    return ExitStatus.USAGE;
  },
);

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
