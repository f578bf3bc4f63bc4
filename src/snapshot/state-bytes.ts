// Bytes within saved state as text, for a header that is JSON: the only place that knows how.

import { fromBase64, toBase64 } from '../base/base64.ts';

const KEY = '$bytes';

/** A replacer of JSON.stringify: a Uint8Array becomes an object of its length and its text. */
export function bytesToJson(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { [KEY]: toBase64(value), length: value.length } : value;
}

/** The reviver to it. InputError for an object that claims to be bytes and is not. */
export function bytesFromJson(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, KEY)) return value;
  const { [KEY]: text, length } = value as { readonly [name: string]: unknown };
  return fromBase64(String(text), Number(length), 'bytes of saved state');
}
