// The raw face's constants, structs (little-endian, laid out as on x86-64 Linux) and request numbers.

import { IoctlDirection, kvmRequest } from '../base/ioctl.ts';

/** mt_setup.version. */
export const MT_VERSION = 1;

/** mt_setup.op. */
export const MtOp = { INIT: 1, CLEANUP: 2 } as const;

/** mt_setup.flags. */
export const MtFlag = { NO_DUPS: 1 << 2 } as const;

/** mt_enable.flags. */
export const MtEnable = { OFF: 0, ON: 1 } as const;

/** mt_sublist_fetch_info.flags. */
export const FetchFlag = { WAIT: 1 << 0, REARM: 1 << 1 } as const;

/** Byte offsets and sizes of the structs. */
export const MtSetup = { version: 0, op: 4, flags: 8, maxDirty: 12, size: 16 } as const;
export const MtEnableStruct = { flags: 0, size: 4 } as const;
export const MtPrepareCp = { cpid: 0, size: 8 } as const;
/** `count` is an s32; `gfnList` the handle of a registered list; 4 bytes of padding end it. */
export const MtSublistFetchInfo = { count: 0, maxDirty: 4, gfnList: 8, flags: 16, size: 24 } as const;
export const MtDirtyTrigger = { dirtyTrigger: 0, size: 4 } as const;

/**
 * Request numbers. Linux's own list under type 0xAE (include/uapi/linux/kvm.h) uses numbers up to 0xE3, the last being the
 * device ioctls 0xE0 … 0xE3; the posting's interface was never merged, so its numbers are this project's choice: 0xF0 … 0xF6.
 */
export const MtRequest = {
  KVM_INIT_MT: kvmRequest(IoctlDirection.WRITE, 0xf0, MtSetup.size),
  KVM_ENABLE_MT: kvmRequest(IoctlDirection.WRITE, 0xf1, MtEnableStruct.size),
  KVM_PREPARE_MT_CP: kvmRequest(IoctlDirection.WRITE, 0xf2, MtPrepareCp.size),
  KVM_MT_SUBLIST_FETCH: kvmRequest(IoctlDirection.READ_WRITE, 0xf3, MtSublistFetchInfo.size),
  KVM_REARM_DIRTY_PAGES: kvmRequest(IoctlDirection.NONE, 0xf4, 0),
  KVM_MT_VM_QUIESCED: kvmRequest(IoctlDirection.NONE, 0xf5, 0),
  KVM_MT_DIRTY_TRIGGER: kvmRequest(IoctlDirection.WRITE, 0xf6, MtDirtyTrigger.size),
} as const;
