// Numbers and structs of KVM's two dirty-page interfaces, from include/uapi/linux/kvm.h; little-endian, laid out as on x86-64.

import { IoctlDirection, kvmRequest } from '../base/ioctl.ts';

/** kvm_userspace_memory_region.flags. */
export const MemFlag = { LOG_DIRTY_PAGES: 1 << 0, READONLY: 1 << 1 } as const;

/** Capabilities, for KVM_CHECK_EXTENSION and KVM_ENABLE_CAP. */
export const KvmCap = {
  MANUAL_DIRTY_LOG_PROTECT2: 168,
  DIRTY_LOG_RING: 192,
  DIRTY_LOG_RING_ACQ_REL: 223,
  DIRTY_LOG_RING_WITH_BITMAP: 225,
} as const;

/** Options of KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2. */
export const ManualProtect = { ENABLE: 1 << 0, INITIALLY_SET: 1 << 1 } as const;

/** kvm_dirty_gfn.flags: 0 free, DIRTY waits to be harvested, RESET (with DIRTY or without) is harvested. */
export const DirtyGfnFlag = { DIRTY: 1 << 0, RESET: 1 << 1 } as const;

/** `dirtyBitmap` is the handle of a registered BigUint64Array, one bit a page, of whole 64-bit words. */
export const KvmDirtyLog = { slot: 0, dirtyBitmap: 8, size: 16 } as const;
export const KvmClearDirtyLog = { slot: 0, numPages: 4, firstPage: 8, dirtyBitmap: 16, size: 24 } as const;
export const KvmEnableCap = { cap: 0, flags: 4, args: 8, size: 104 } as const;
export const KvmDirtyGfn = { flags: 0, slot: 4, offset: 8, size: 16 } as const;

export const DirtyLogRequest = {
  KVM_CHECK_EXTENSION: kvmRequest(IoctlDirection.NONE, 0x03, 0),
  KVM_GET_DIRTY_LOG: kvmRequest(IoctlDirection.WRITE, 0x42, KvmDirtyLog.size),
  KVM_ENABLE_CAP: kvmRequest(IoctlDirection.WRITE, 0xa3, KvmEnableCap.size),
  KVM_CLEAR_DIRTY_LOG: kvmRequest(IoctlDirection.READ_WRITE, 0xc0, KvmClearDirtyLog.size),
  KVM_RESET_DIRTY_RINGS: kvmRequest(IoctlDirection.NONE, 0xc7, 0),
} as const;

/** Slot numbers are below this, KVM_USER_MEM_SLOTS on x86. */
export const USER_MEM_SLOTS = 32764;

/** Entries of a ring at the most, KVM_DIRTY_RING_MAX_ENTRIES. */
export const MAX_RING_ENTRIES = 65536;

/** Entries between the soft limit and the ring's end, KVM_DIRTY_RING_RSVD_ENTRIES: more than an instruction can take. */
export const RESERVED_RING_ENTRIES = 64;
