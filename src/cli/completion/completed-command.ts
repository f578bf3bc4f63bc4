// A command as the shells' completion scripts need it.

import type { CommandHead } from '../command.ts';
import type { Completes, DescribedOption } from '../described-option.ts';
import { optionsOf } from '../help.ts';

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly DescribedOption[];
  /** What may stand beside options. */
  readonly operands: Completes;
}

export function completedCommand(head: CommandHead): CompletedCommand {
  const { name, summary, operands } = head;
  return {
    name,
    summary,
    options: optionsOf(head),
    operands: operands ? { words: operands(), paths: 'none' } : { words: [], paths: 'files' },
  };
}

/** `text` within single quotes, for any of the three shells that none of `'` and `\` may be left bare in. */
export const singleQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
