import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { InputError } from '../base/errors.ts';
import { isSystemError, systemErrorText } from './system-error.ts';

/** Node's own limit on one read is 2 GiB; no image comes near. */
const MAX_BYTES = 2 ** 31 - 1;

/**
 * The bytes of the regular file at `path`; `what` is its role in messages, such as 'kernel'. Anything else than a readable,
 * non-empty regular file is an InputError: a device or a pipe might never end.
 */
export function readInputFile(path: string, what: string): Uint8Array {
  const refuse = (why: string): never => {
    throw new InputError(`${what} '${path}': ${why}`);
  };
  let descriptor = -1;
  try {
    // Not blocking, or opening a pipe that nobody writes to would wait forever.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (stat.isDirectory()) refuse('is a directory');
    if (!stat.isFile()) refuse('is not a regular file');
    if (stat.size === 0) refuse('is empty');
    if (stat.size > MAX_BYTES) refuse(`is ${stat.size} bytes long, more than can be loaded (${MAX_BYTES})`);
    return readFileSync(descriptor);
  } catch (error) {
    return isSystemError(error) ? refuse(systemErrorText(error)) : raise(error);
  } finally {
    if (descriptor >= 0) closeSync(descriptor);
  }
}

function raise(error: unknown): never {
  throw error;
}
