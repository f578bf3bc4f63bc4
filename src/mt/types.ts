// What callers of memory tracking pass and get (the typed face).

import { requireKeys, shown } from '../base/arguments.ts';
import { KvmError } from '../base/errors.ts';
import { MT_VERSION, MtFlag, MtOp } from './abi.ts';

/** struct mt_setup. */
export interface InitRequest {
  /** 1, the only version. */
  readonly version?: number;
  /** MtOp.INIT or MtOp.CLEANUP. */
  readonly op: number;
  /** MtFlag.NO_DUPS or 0. */
  readonly flags?: number;
  /** Entries per cycle at which vCPUs leave with `mt-list-full`. More than the machine has pages counts as that many. */
  readonly maxDirty?: number;
}

/** struct mt_sublist_fetch_info: what is asked of the lists of dirty pages. */
export interface FetchRequest {
  /** Entries wanted, 1 … 2^31 - 1. */
  readonly count: number;
  /** Wait until `count` entries are there, or the VM is quiesced. */
  readonly wait?: boolean;
  /** Arm the pages that are returned: the next write to one of them is reported again. */
  readonly rearm?: boolean;
  /** Capacity of the caller's list in entries; 0 for not stated. */
  readonly maxDirty?: number;
  /** The flag word of the raw face, on top of `wait` and `rearm`. */
  readonly flags?: number;
  /** The caller's own list, filled as well. Null stands for a handle that names no list (EFAULT). */
  readonly list?: BigUint64Array | null;
  /**
   * What else receives the result.
   * @internal
   */
  readonly receiver?: FetchReceiver;
}

/** A place outside of the machine that a result is written to. It may vanish while the fetch sleeps. */
export interface FetchReceiver {
  /** EFAULT if there is no room any more. Asked before anything is taken. */
  requireRoom(): void;
  /** Follows at once. */
  write(result: FetchResult): void;
}

/** What a fetch took out of the lists. */
export interface FetchResult {
  /** Page numbers in the order they were first written, host-side writes first, then vCPU 0, 1, … */
  readonly gfns: Uint32Array;
  /** Entries still waiting in the lists. */
  readonly waiting: number;
}

/** Why every vCPU leaves guest mode: the trigger or `max_dirty` was reached by the `dirty` entries of cycle `cpid`. */
export interface MtExit {
  readonly kind: 'mt-dirty-trigger' | 'mt-list-full';
  /** Null before the first PREPARE. */
  readonly cpid: bigint | null;
  readonly dirty: number;
}

/** An unsigned 32-bit argument, or EINVAL. */
export function requireU32(value: number, name: string): number {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) throw new KvmError('EINVAL', `${name} ${shown(value)} is no u32`);
  return value;
}

/** The request with its defaults. EINVAL: version, op or flags that are unknown, `maxDirty` 0 on init. InputError: an unknown key. */
export function checkedInit(request: InitRequest): Required<InitRequest> {
  requireKeys('request', request, ['version', 'op', 'flags', 'maxDirty']);
  const { version = MT_VERSION, op, flags = 0, maxDirty = 0 } = request;
  if (version !== MT_VERSION) throw new KvmError('EINVAL', `mt_setup version ${shown(version)}`);
  if (op !== MtOp.INIT && op !== MtOp.CLEANUP) throw new KvmError('EINVAL', `unknown mt_setup op ${shown(op)}`);
  if ((requireU32(flags, 'flags') & ~MtFlag.NO_DUPS) !== 0) throw new KvmError('EINVAL', `mt_setup flags 0x${flags.toString(16)}`);
  requireU32(maxDirty, 'max_dirty');
  if (op === MtOp.INIT && maxDirty === 0) throw new KvmError('EINVAL', 'max_dirty is 0');
  return { version, op, flags, maxDirty };
}
