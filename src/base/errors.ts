// Errors that reach a caller. Guest behaviour never becomes one: faults of the guest are delivered to the guest, and its
// end is an exit (vm/exit.ts).

/** Positive errno values as on x86-64 Linux; the raw ioctl face returns them negated. */
export const ERRNO = {
  ENOENT: 2,
  EINTR: 4,
  ENXIO: 6,
  E2BIG: 7,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  EINVAL: 22,
  ENOTTY: 25,
  ENOSPC: 28,
  EDEADLK: 35,
} as const;

/** Names of the errors of system calls that occur. */
export type ErrnoCode = keyof typeof ERRNO;

/** A refused call of the KVM-shaped API: `code` is the errno's name, `errno` its positive number. */
export class KvmError extends Error {
  override readonly name = 'KvmError';
  readonly errno: number;
  constructor(
    readonly code: ErrnoCode,
    message: string,
  ) {
    super(`${code}: ${message}`);
    this.errno = ERRNO[code];
  }
}

/** Bad usage, or input that cannot be read or is malformed: one line naming what is wrong and where. Exit status 125. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** A broken invariant of Tidemark itself: exit status 70. */
export class InternalError extends Error {
  override readonly name = 'InternalError';
}

export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new InternalError(`invariant broken: ${invariant}`);
}
