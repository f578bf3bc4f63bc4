// The raw face of the API: request numbers as Linux composes them, structs as bytes, and an errno for an answer.

import { ERRNO, KvmError } from './errors.ts';

/** The bytes of the struct. Null for requests without a parameter. */
export type IoctlBuffer = ArrayBufferLike | ArrayBufferView | null;

/** asm-generic/ioctl.h: 31:30 direction | 29:16 size | 15:8 type | 7:0 number. */
const KVMIO = 0xae;
export const IoctlDirection = { NONE: 0, WRITE: 1, READ_WRITE: 3 } as const;

/** The number of KVM's request `nr`, whose struct has `size` bytes. */
export const kvmRequest = (direction: number, nr: number, size: number): number =>
  ((direction << 30) | (size << 16) | (KVMIO << 8) | nr) >>> 0;

/** Bytes of the struct a request takes, from its number. */
export const requestSize = (requestNumber: number): number => (requestNumber >>> 16) & 0x3fff;

/** The struct of `request` in `buffer`. KvmError EFAULT for what is no buffer, or is shorter than the struct. */
export function ioctlStruct(request: number, buffer: IoctlBuffer): DataView {
  const view = viewOf(buffer);
  requireBytes(view, requestSize(request));
  return view;
}

/** KvmError EFAULT for a buffer of fewer than `size` bytes, a detached one among them. */
export function requireBytes(view: DataView, size: number): void {
  const bytes = bytesOf(view);
  if (bytes < size) throw new KvmError('EFAULT', `a buffer of ${bytes} bytes for a struct of ${size}`);
}

/** 0 once the buffer is detached. */
function bytesOf(view: DataView): number {
  try {
    return view.byteLength;
  } catch (error) {
    if (error instanceof TypeError) return 0;
    throw error;
  }
}

function viewOf(buffer: IoctlBuffer): DataView {
  if (buffer === null) return new DataView(new ArrayBuffer(0));
  try {
    return ArrayBuffer.isView(buffer) ? new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength) : new DataView(buffer);
  } catch (error) {
    // Neither a buffer nor a view, or one that was detached.
    if (error instanceof TypeError) throw new KvmError('EFAULT', 'the argument is no buffer');
    throw error;
  }
}

/** What `action` returns, or the negative errno of the KvmError that it throws. */
export function ioctlResult(action: () => number | void): number {
  try {
    return action() ?? 0;
  } catch (error) {
    return negativeErrno(error);
  }
}

/** For a KvmError; anything else is thrown on. */
export function negativeErrno(error: unknown): number {
  if (error instanceof KvmError) return -ERRNO[error.code];
  throw error;
}
