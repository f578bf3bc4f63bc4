// The store in which a run goes on once it was rewound: the same, cut, or a fork of it.

import { InputError } from '../base/errors.ts';
import type { CheckpointStore } from './store.ts';

/** Where the run goes on after `rewindTo`. */
export interface RewindOptions {
  /**
   * Keep the cycles after the one that is gone back to, and go on elsewhere: `true` for a store that the present one makes itself (a
   * `MemoryStore` does, without copying pages), or a store, which the cycles up to that one are copied into.
   */
  readonly fork?: boolean | CheckpointStore;
}

/** InputError for what the store cannot do. */
export function storeAfterRewind(store: CheckpointStore, cpid: number, fork: boolean | CheckpointStore): CheckpointStore {
  if (typeof fork !== 'boolean') return copied(store, cpid, fork);
  if (fork) {
    if (store.fork) return store.fork(cpid);
    throw new InputError('this store does not fork by itself: name the store to go on in (fork: store)');
  }
  if (store.truncate) return store;
  throw new InputError('this store cannot forget cycles: go on in another (fork: store)');
}

function copied(from: CheckpointStore, cpid: number, to: CheckpointStore): CheckpointStore {
  if (from === to) throw new InputError('fork is the store that the run is in already');
  if (from.firstCycle > 0) {
    throw new InputError(`cycles up to ${from.firstCycle} were merged into the base, which no other store can go on from (fork: true)`);
  }
  to.putBase(from.base());
  for (let n = 1; n <= cpid; n++) to.putDelta(from.delta(n));
  return to;
}
