// Which status flags can be seen: a pass backward over a block. A flag is seen where an instruction reads it, and wherever the
// region may be left.

import { STATUS_FLAGS } from '../arch/rflags.ts';
import type { Survey } from '../survey.ts';

/** Flags seen before an instruction, if `after` are seen behind it. */
export function seenBefore({ flags, mayLeave }: Pick<Survey, 'flags' | 'mayLeave'>, after: number): number {
  return mayLeave ? STATUS_FLAGS : (after & ~flags.writes) | flags.reads;
}

/** For each instruction, the flags that are seen behind it; `atEnd` are those seen behind the last one. */
export function seenAfterEach(surveys: readonly Pick<Survey, 'flags' | 'mayLeave'>[], atEnd: number): number[] {
  const seen: number[] = [];
  let after = atEnd;
  for (let n = surveys.length - 1; n >= 0; n--) {
    const survey = surveys[n]!;
    seen[n] = survey.flags.isReadBack ? STATUS_FLAGS : after;
    after = seenBefore(survey, seen[n]!);
  }
  return seen;
}
