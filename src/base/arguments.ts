// Checks of what a caller of the public API passes, since not every caller obeys TypeScript's types. Each names the argument. They
// stand at the public boundary only: calls from inside are trusted.

import { InputError, KvmError } from './errors.ts';
import { didYouMean } from './near.ts';

/** A wrong value in a message: short, whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return value.length > 40 ? `a string of ${value.length}` : JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (ArrayBuffer.isView(value)) return `an array of ${value.byteLength} bytes`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** KvmError EINVAL, naming the argument, unless `holds`. */
export function requireThat(holds: boolean, name: string, value: unknown, wanted: string): void {
  if (!holds) throw new KvmError('EINVAL', `${name} is ${shown(value)}, not ${wanted}`);
}

/** An integer from `min` to `max`; by default any that a number holds exactly and that is not negative. */
export function requireCount(name: string, value: unknown, min = 0, max = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return;
  const range = max === Number.MAX_SAFE_INTEGER ? `an integer from ${min}` : `an integer from ${min} to ${max}`;
  requireThat(false, name, value, range);
}

/** A count, or Infinity. */
export function requireLimit(name: string, value: unknown): void {
  requireThat(typeof value === 'number' && value >= 0, name, value, 'a number from 0');
}

export function requireU64(name: string, value: unknown): void {
  requireThat(typeof value === 'bigint' && BigInt.asUintN(64, value) === value, name, value, 'a bigint of 64 bits, unsigned');
}

export function requireS64(name: string, value: unknown): void {
  requireThat(typeof value === 'bigint' && BigInt.asIntN(64, value) === value, name, value, 'a bigint of 64 bits, signed');
}

export function requireString(name: string, value: unknown): void {
  requireThat(typeof value === 'string', name, value, 'a string');
}

export function requireBoolean(name: string, value: unknown): void {
  requireThat(typeof value === 'boolean', name, value, 'true or false');
}

export function requireFunction(name: string, value: unknown): void {
  requireThat(typeof value === 'function', name, value, 'a function');
}

export function requireOneOf(name: string, value: unknown, known: readonly unknown[]): void {
  if (known.includes(value)) return;
  const near = typeof value === 'string' ? didYouMean(value, known.map(String)) : '';
  requireThat(false, name, value, `one of ${known.join(', ')}${near}`);
}

/** An array whose buffer was not transferred elsewhere. */
export function requireAttached(name: string, { buffer }: ArrayBufferView): void {
  try {
    // Making a view of no bytes fails for a detached buffer, and for no other.
    new Uint8Array(buffer, 0, 0);
  } catch {
    throw new KvmError('EFAULT', `${name} is an array whose buffer was detached`);
  }
}

/** Bytes whose buffer was not transferred elsewhere. */
export function requireBytes(name: string, value: unknown): void {
  requireThat(value instanceof Uint8Array, name, value, 'a Uint8Array');
  requireAttached(name, value as Uint8Array);
}

/** An object with methods or fields of these names: it may stand in place of one of the project's own. */
export function requireParts(name: string, value: unknown, wanted: string, parts: readonly string[]): void {
  const isObject = (typeof value === 'object' || typeof value === 'function') && value !== null;
  requireThat(isObject && parts.every((part) => part in (value as object)), name, value, wanted);
}

/** An object that has no keys but these; InputError names the first unknown one, and what may have been meant. */
export function requireKeys(name: string, value: unknown, known: readonly string[]): void {
  requireThat(typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value), name, value, 'an object');
  const unknown = Object.keys(value as object).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new InputError(`${name} has no ${shown(unknown)}${didYouMean(unknown, known)}`);
}

/** By name, the check of a value that is given; undefined stands for not given. */
export type Checks = { readonly [key: string]: (name: string, value: unknown) => void };

function hasOnly(value: unknown, checks: Checks): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return false;
  for (const key in value) if (!Object.hasOwn(checks, key)) return false;
  return true;
}

/** An object with no keys but those of `checks`, each value of which passes its check. `prefix` is put before the names. */
export function requireFields(name: string, value: unknown, checks: Checks, prefix = ''): void {
  // Nothing is allocated for what is right: some calls come thousands of times a second.
  if (!hasOnly(value, checks)) requireKeys(name, value, Object.keys(checks));
  for (const key in checks) {
    const field = (value as { readonly [key: string]: unknown })[key];
    if (field !== undefined) checks[key]!(prefix + key, field);
  }
}
