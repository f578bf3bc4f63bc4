// Where trace lines go: stderr, or a file that is there when the run has ended.

import type { CliIo } from '../../io.ts';
import type { RunFiles } from '../run-files.ts';

export interface LineSink {
  line(text: string): void;
}

/** Lines to the file, one of `files`, or to stderr if `file` is null. */
export function lineSink(file: string | null, { stderr }: CliIo, files: RunFiles): LineSink {
  if (file === null) return { line: (text) => stderr.write(`${text}\n`) };
  const output = files.open(file);
  return { line: (text) => output.text(`${text}\n`) };
}
