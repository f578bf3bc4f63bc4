import type { CheckpointPolicy } from '../../checkpoint/checkpointer.ts';
import type { SessionOptions } from '../session-options.ts';

/** The options as the checkpointer's policy, for a machine of `pages` pages. */
export function checkpointPolicy(options: SessionOptions, pages: number): CheckpointPolicy {
  const { checkpointEvery: every, dirtyTrigger, maxDirty, verify } = options;
  const triggers = [dirtyTrigger, every?.by === 'pages' ? every.count : 0].filter((trigger) => trigger > 0);
  return {
    dirtyTrigger: triggers.length > 0 ? Math.min(...triggers) : 0,
    maxDirty: maxDirty ?? pages,
    hash: verify,
    ...(every?.by === 'time' ? { milliseconds: every.nanoseconds / 1e6 } : {}),
    ...(every?.by === 'instructions' ? { instructions: every.count } : {}),
  };
}
