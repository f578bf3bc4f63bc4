// Where trace lines go: stderr, or a file that is there when the run has ended.

import { OutputFile } from '../atomic-file.ts';
import type { CliIo } from '../io.ts';

export interface LineSink {
  line(text: string): void;
  close(): void;
}

/** Lines to the file, or to stderr if `file` is null. */
export function lineSink(file: string | null, { stderr }: CliIo): LineSink {
  if (file === null) return { line: (text) => stderr.write(`${text}\n`), close() {} };
  const output = new OutputFile(file);
  return { line: (text) => output.text(`${text}\n`), close: () => output.close() };
}
