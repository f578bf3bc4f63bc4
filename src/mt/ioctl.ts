// The raw face: request numbers and little-endian structs in, 0 or a negative errno out. Only decodes and encodes.

import { KvmError } from '../base/errors.ts';
import { ioctlResult, ioctlStruct, negativeErrno, requireBytes } from '../base/ioctl.ts';
import type { IoctlBuffer } from '../base/ioctl.ts';
import { MtDirtyTrigger, MtEnableStruct, MtPrepareCp, MtRequest, MtSetup, MtSublistFetchInfo } from './abi.ts';
import type { ListHandles } from './handles.ts';
import type { MemoryTracking } from './memory-tracking.ts';
import type { FetchRequest } from './types.ts';

const REQUESTS: ReadonlySet<number> = new Set(Object.values(MtRequest));

/** Whether `request` is one of MT's. */
export const isMtRequest = (request: number): boolean => REQUESTS.has(request);

/**
 * Carries out one ioctl on the thread that runs the vCPUs. Returns 0 or a negative errno: -ENOTTY for a foreign request, -EFAULT for
 * what is no buffer or too small for its struct, else that of MemoryTracking's method. SUBLIST_FETCH writes back `count` (entries
 * returned) and `max_dirty` (entries still waiting); when it fails it writes nothing.
 */
export function mtIoctl(mt: MemoryTracking, handles: ListHandles, request: number, buffer: IoctlBuffer): number {
  return ioctlResult(() => {
    const view = structOf(request, buffer);
    if (request === MtRequest.KVM_MT_SUBLIST_FETCH) mt.fetchSublist(decodeFetch(view, handles));
    else dispatch(mt, request, view);
  });
}

/** The same, except that a SUBLIST_FETCH with WAIT waits without blocking; -EINTR when `signal` aborts. */
export async function mtIoctlAsync(
  mt: MemoryTracking,
  handles: ListHandles,
  request: number,
  buffer: IoctlBuffer,
  signal?: AbortSignal,
): Promise<number> {
  if (request !== MtRequest.KVM_MT_SUBLIST_FETCH) return mtIoctl(mt, handles, request, buffer);
  try {
    const view = structOf(request, buffer);
    await mt.fetchSublistAsync({ ...decodeFetch(view, handles), ...(signal ? { signal } : {}) });
    return 0;
  } catch (error) {
    return negativeErrno(error);
  }
}

function dispatch(mt: MemoryTracking, request: number, view: DataView): void {
  const u32 = (offset: number): number => view.getUint32(offset, true);
  switch (request) {
    case MtRequest.KVM_INIT_MT:
      return mt.initMt({ version: u32(MtSetup.version), op: u32(MtSetup.op), flags: u32(MtSetup.flags), maxDirty: u32(MtSetup.maxDirty) });
    case MtRequest.KVM_ENABLE_MT:
      return mt.enableMt(u32(MtEnableStruct.flags));
    case MtRequest.KVM_PREPARE_MT_CP:
      return mt.prepareMtCp(view.getBigInt64(MtPrepareCp.cpid, true));
    case MtRequest.KVM_REARM_DIRTY_PAGES:
      return mt.rearmDirtyPages();
    case MtRequest.KVM_MT_VM_QUIESCED:
      return mt.mtVmQuiesced();
    case MtRequest.KVM_MT_DIRTY_TRIGGER:
      return mt.mtDirtyTrigger(u32(MtDirtyTrigger.dirtyTrigger));
    default:
      throw new KvmError('ENOTTY', `unknown request ${String(request)}`);
  }
}

function structOf(request: number, buffer: IoctlBuffer): DataView {
  if (!isMtRequest(request)) throw new KvmError('ENOTTY', `unknown request ${String(request)}`);
  return ioctlStruct(request, buffer);
}

/** `gfnlist` handles are looked up here; what they name is looked at only by the fetch. */
function decodeFetch(view: DataView, handles: ListHandles): FetchRequest {
  return {
    count: view.getInt32(MtSublistFetchInfo.count, true),
    maxDirty: view.getUint32(MtSublistFetchInfo.maxDirty, true),
    list: handles.lookup(view.getBigUint64(MtSublistFetchInfo.gfnList, true)),
    flags: view.getUint32(MtSublistFetchInfo.flags, true),
    receiver: {
      requireRoom: () => requireBytes(view, MtSublistFetchInfo.size),
      write: ({ gfns, waiting }) => {
        view.setInt32(MtSublistFetchInfo.count, gfns.length, true);
        view.setUint32(MtSublistFetchInfo.maxDirty, waiting, true);
      },
    },
  };
}
