// Errors of the host's file system and of other system calls, as Node reports them.

export interface SystemError extends Error {
  readonly code: string;
  readonly syscall: string;
  path?: string;
}

const TEXTS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  ENOTDIR: 'a part of the path is not a directory',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EISDIR: 'is a directory',
  EEXIST: 'exists already',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  ENOSPC: 'no space left',
  EDQUOT: 'no space left within the quota',
  EFBIG: 'the file would be too large',
  EIO: 'the disk reports an error',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files',
};

export function isSystemError(error: unknown): error is SystemError {
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as Partial<SystemError>;
  return typeof code === 'string' && typeof syscall === 'string';
}

/** What went wrong, in words, without the path. */
export const systemErrorText = ({ code, syscall }: SystemError): string => TEXTS[code] ?? `${syscall} failed with ${code}`;

/** Runs `action`; a system error out of it names `path`. Writes by descriptor name no path, and renames name another. */
export function naming<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (isSystemError(error)) error.path = path;
    throw error;
  }
}
