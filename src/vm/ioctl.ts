// The raw face of the machine: who serves which request.

import { KvmError } from '../base/errors.ts';
import { IoctlDirection, ioctlResult, ioctlStruct, kvmRequest } from '../base/ioctl.ts';
import type { IoctlBuffer } from '../base/ioctl.ts';
import { MemFlag } from '../dirty-log/abi.ts';
import type { DirtyLog } from '../dirty-log/dirty-log.ts';
import { dirtyLogIoctl, isDirtyLogRequest } from '../dirty-log/ioctl.ts';
import type { MemslotRequest } from '../mmu/memslots.ts';
import type { ListHandles } from '../mt/handles.ts';
import { mtIoctl } from '../mt/ioctl.ts';
import type { MemoryTracking } from '../mt/memory-tracking.ts';

/** struct kvm_userspace_memory_region. */
const Region = { slot: 0, flags: 4, guestPhysAddr: 8, memorySize: 16, userspaceAddr: 24, size: 32 } as const;

export const VmRequest = { KVM_SET_USER_MEMORY_REGION: kvmRequest(IoctlDirection.WRITE, 0x46, Region.size) } as const;

/** What the requests are carried out on. */
export interface IoctlTarget {
  readonly mt: MemoryTracking;
  readonly dirtyLog: DirtyLog;
  readonly lists: ListHandles;
  setUserMemoryRegion(request: MemslotRequest): void;
}

/** One ioctl: 0, or what the request counts, or a negative errno; -ENOTTY for a request that is none of the machine's. */
export function vmIoctl(vm: IoctlTarget, request: number, argument: IoctlBuffer | number): number {
  if (isDirtyLogRequest(request)) return dirtyLogIoctl(vm.dirtyLog, (handle) => vm.lists.lookup(handle), request, argument);
  if (request !== VmRequest.KVM_SET_USER_MEMORY_REGION) return mtIoctl(vm.mt, vm.lists, request, argument as IoctlBuffer);
  return ioctlResult(() => vm.setUserMemoryRegion(decodeRegion(ioctlStruct(request, argument as IoctlBuffer))));
}

function decodeRegion(struct: DataView): MemslotRequest {
  const flags = struct.getUint32(Region.flags, true);
  if ((flags & ~(MemFlag.LOG_DIRTY_PAGES | MemFlag.READONLY)) !== 0) throw new KvmError('EINVAL', `memslot flags 0x${flags.toString(16)}`);
  if (struct.getBigUint64(Region.userspaceAddr, true) !== 0n)
    throw new KvmError('EINVAL', 'userspace_addr is not 0: RAM is the machine’s own');
  return {
    slot: struct.getUint32(Region.slot, true),
    guestPhysAddr: Number(struct.getBigUint64(Region.guestPhysAddr, true)),
    memorySize: Number(struct.getBigUint64(Region.memorySize, true)),
    readonly: (flags & MemFlag.READONLY) !== 0,
    logDirty: (flags & MemFlag.LOG_DIRTY_PAGES) !== 0,
  };
}
