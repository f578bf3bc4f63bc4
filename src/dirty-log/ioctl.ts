// The raw face: request numbers and structs in, 0 (or a count) or a negative errno out. Only decodes.

import { KvmError } from '../base/errors.ts';
import { ioctlResult, ioctlStruct } from '../base/ioctl.ts';
import type { IoctlBuffer } from '../base/ioctl.ts';
import { DirtyLogRequest, KvmClearDirtyLog, KvmDirtyLog, KvmEnableCap } from './abi.ts';
import type { DirtyLog } from './dirty-log.ts';

const REQUESTS: ReadonlySet<number> = new Set(Object.values(DirtyLogRequest));

/** Whether `request` is one of the dirty log's. */
export const isDirtyLogRequest = (request: number): boolean => REQUESTS.has(request);

/** The bitmap that a struct's `dirty_bitmap` names; null if there is none. */
export type BitmapLookup = (handle: bigint) => BigUint64Array | null;

/**
 * Carries out one ioctl. `argument` is the struct, or the capability's number for KVM_CHECK_EXTENSION. -EFAULT for a buffer that is
 * too small for its struct, and for a bitmap that is not there or too short; else the errno of DirtyLog's method.
 */
export function dirtyLogIoctl(log: DirtyLog, lookup: BitmapLookup, request: number, argument: IoctlBuffer | number): number {
  return ioctlResult(() => {
    if (request === DirtyLogRequest.KVM_CHECK_EXTENSION) return log.checkExtension(Number(argument));
    if (request === DirtyLogRequest.KVM_RESET_DIRTY_RINGS) return log.resetDirtyRings();
    const struct = ioctlStruct(request, argument as IoctlBuffer);
    const u32 = (offset: number): number => struct.getUint32(offset, true);
    const u64 = (offset: number): bigint => struct.getBigUint64(offset, true);
    const bitmap = (offset: number): BigUint64Array => lookup(u64(offset)) ?? new BigUint64Array(0);
    switch (request) {
      case DirtyLogRequest.KVM_GET_DIRTY_LOG:
        return log.getDirtyLog(u32(KvmDirtyLog.slot), bitmap(KvmDirtyLog.dirtyBitmap));
      case DirtyLogRequest.KVM_CLEAR_DIRTY_LOG: {
        const { slot, firstPage, numPages, dirtyBitmap } = KvmClearDirtyLog;
        return log.clearDirtyLog(u32(slot), Number(u64(firstPage)), u32(numPages), bitmap(dirtyBitmap));
      }
      case DirtyLogRequest.KVM_ENABLE_CAP:
        return log.enableCap(u32(KvmEnableCap.cap), Number(u64(KvmEnableCap.args)), u32(KvmEnableCap.flags));
      default:
        throw new KvmError('ENOTTY', `unknown request ${String(request)}`);
    }
  });
}
