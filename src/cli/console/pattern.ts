// The expressions of --expect and --fail-on.

import { panicRegex, PANICS } from './panics.ts';
import { InputError } from '../../base/errors.ts';
import { compileRegex, matches, RegexMatcher } from './regex.ts';
import type { Regex } from './regex.ts';

export interface Pattern {
  /** As it was given. */
  readonly text: string;
  readonly regex: Regex;
}

const PANIC = 'panic';

/** InputError for what is no regular expression, or one that any text has a match of. */
export function expected(text: string): Pattern {
  const regex = compileRegex(text);
  if (new RegexMatcher(regex).done) throw new InputError(`'${text}' matches the empty text`);
  return { text, regex };
}

/** The same; `panic` stands for what kernels say that have given up. */
export const forbidden = (text: string): Pattern => (text === PANIC ? { text, regex: panicRegex() } : expected(text));

/** How to name the expression that found `line`. */
export function patternName(text: string, line: string): string {
  const panic = text === PANIC ? PANICS.find(({ regex }) => matches(compileRegex(regex), line)) : undefined;
  return panic ? `${PANIC} (${panic.system})` : text;
}
